"""Names in figures."""

from job.report.drawing.names import short_names, wrapped


def test_a_short_name_stays_as_it_is() -> None:
    """28 letters are short."""
    assert short_names(["a" * 28]) == {"a" * 28: "a" * 28}


def test_the_middle_of_a_long_name_is_left_out() -> None:
    """13 letters before it and 14 after it."""
    name = "a" * 20 + "b" * 20
    assert short_names([name]) == {name: "a" * 13 + "\N{HORIZONTAL ELLIPSIS}" + "b" * 14}


def test_no_two_names_look_alike() -> None:
    """Names that differ in their middle alone begin with their numbers."""
    names = [f"{'a' * 30}{number}{'b' * 30}" for number in range(2)]
    first, second = short_names(names).values()
    assert (first[:4], second[:4]) == ("1. a", "2. a")
    assert len(first) == len(second) == 28


def test_a_long_title_has_several_lines() -> None:
    """Long labels leave less room beside them."""
    title = "word " * 12 + "end"
    assert wrapped(title) == title
    assert [len(line) for line in wrapped(title, ["a" * 28]).splitlines()] == [39, 23]
