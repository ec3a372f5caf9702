"""Tables of the report as CSV files."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TableRows = Sequence[Mapping[str, object]]
"""The rows of a table, each by the names of its columns."""


def table_csv(rows: TableRows) -> bytes:
    """Return a table as CSV; an unknown value is an empty cell."""
    file = io.StringIO()
    if rows:
        names = dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(file, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file.getvalue().encode()


def table_row(record: "DataclassInstance") -> dict[str, object]:
    """Return a dataclass as one row: a nested field has columns of its own, `outer_inner`."""
    return _nested(asdict(record))


def _nested(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    row: dict[str, object] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            row |= _nested(value, f"{name}_")
        else:
            row[name] = " ".join(map(str, value)) if isinstance(value, tuple) else value
    return row
