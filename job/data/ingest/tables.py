"""Writing Parquet files to the store, a few rows at a time."""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from job.records.annotation import Annotation
from job.storage import Store

ROWS_PER_GROUP = 4096
"""The number of a table's rows that are held in memory."""


class TableWriter:
    """Writes rows to a Parquet file."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._writer = pq.ParquetWriter(path, schema)
        self._schema = schema
        self._rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        """Append a row."""
        self._rows.append(row)
        if len(self._rows) == ROWS_PER_GROUP:
            self._flush()

    def copy(self, table: pa.Table) -> None:
        """Append the rows of a table; a column that it lacks is null."""
        self._flush()
        for field in self._schema:
            if field.name not in table.column_names:
                table = table.append_column(field, pa.nulls(len(table), field.type))
        self._writer.write_table(table.select(self._schema.names))

    def upload(self, store: Store, key: str) -> str:
        """Finish the file, write it to a store, and return its SHA-256."""
        self._flush()
        self._writer.close()
        store.upload(key, self.path)
        return file_digest(self.path)

    def abandon(self) -> None:
        """Close the file, finished or not."""
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
            self._rows.clear()


def annotation_row(image_id: str, annotation: Annotation) -> dict[str, Any]:
    """Return an annotation as a row of `ANNOTATIONS_SCHEMA`."""
    return {
        "id": image_id,
        "width": annotation.width,
        "height": annotation.height,
        "boxes_xyxy": annotation.boxes_xyxy.tolist(),
        "labels": annotation.labels,
        "difficult": annotation.difficult,
        "crowd": annotation.crowd,
    }


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
