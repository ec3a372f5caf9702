"""Tables as CSV."""

from dataclasses import dataclass

from job.report.tables import table_csv, table_row


@dataclass
class Inner:
    mean: float
    low: float | None


@dataclass
class Outer:
    arm: str
    seeds: tuple[int, ...]
    estimate: Inner | None


def test_nested_fields_have_columns_of_their_own() -> None:
    """Tuples are written with spaces; what is not there is one empty column."""
    assert table_row(Outer("a", (0, 1), Inner(0.5, None))) == {
        "arm": "a",
        "seeds": "0 1",
        "estimate_mean": 0.5,
        "estimate_low": None,
    }
    assert table_row(Outer("a", (), None)) == {"arm": "a", "seeds": "", "estimate": None}


def test_rows_may_differ_in_their_columns() -> None:
    """All columns are there, in the order of their first rows; a cell that is unknown is empty."""
    assert table_csv([{"a": 1}, {"b": "x,y", "a": None}]) == b'a,b\n1,\n,"x,y"\n'


def test_a_table_without_rows_is_empty() -> None:
    """There is no row to take the columns from."""
    assert table_csv([]) == b""
