"""What messages say of names."""

from job.runtime.names import known


def test_a_long_list_of_names_is_cut() -> None:
    """Thirty names and the number of the others: a data set may have a thousand classes."""
    names = [f"class {number:03}" for number in range(1000)]
    assert known(names[:2]) == "known: class 000, class 001"
    assert known(names).endswith("class 028, class 029 and 970 more")
