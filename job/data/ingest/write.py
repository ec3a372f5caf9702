"""Writing a split to the store: shards as they fill up, then the tables."""

import hashlib
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from job.data.ingest.validate import ValidImage
from job.data.manifest import ShardInfo
from job.data.shards import ShardWriter
from job.keys import DatasetKeys, Split
from job.records.annotation import Annotation
from job.records.schemas import ANNOTATIONS_SCHEMA, GROUP_FIELD, INDEX_SCHEMA
from job.storage import Store

SHARD_BYTES = 64 << 20
"""A shard is closed before it would grow beyond this size."""

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

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Close the file, finished or not."""
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
            self._rows.clear()


class SplitWriter:
    """Writes one split. It holds one shard on disk, and a few rows of the tables in memory."""

    def __init__(
        self, store: Store, keys: DatasetKeys, split: Split, folder: Path, *, has_groups: bool
    ) -> None:
        """Begin.

        Args:
            store: Where the objects go.
            keys: Their names.
            split: The pool's annotations go into a table, those of the test set beside its images.
            folder: An empty folder for files that are not uploaded yet.
            has_groups: Whether the index has the images' groups.
        """
        self._store, self._keys, self._split, self._folder = store, keys, split, folder
        self._shards: list[ShardInfo] = []
        self._has_groups = has_groups
        schema = INDEX_SCHEMA.append(GROUP_FIELD) if has_groups else INDEX_SCHEMA
        self._index = TableWriter(folder / "index.parquet", schema)
        self._oracle: TableWriter | None = None
        if split == "pool":
            self._oracle = TableWriter(folder / "annotations.parquet", ANNOTATIONS_SCHEMA)
        self._shard = self._open_shard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._shard, self._index, self._oracle):
            if file:
                file.abandon()

    def add(self, image: ValidImage) -> None:
        """Append an image."""
        encoded = image.encoded
        if self._shard.num_images and self._shard.num_bytes + len(encoded.data) > SHARD_BYTES:
            self._close_shard()
            self._shard = self._open_shard()
        beside = None if self._oracle else image.annotation
        offset = self._shard.add(encoded, beside)
        self._index.add(
            {
                "id": encoded.id,
                "sha256": image.sha256,
                "width": image.annotation.width,
                "height": image.annotation.height,
                "shard": len(self._shards),
                "suffix": encoded.suffix,
                "offset": offset,
                "size": len(encoded.data),
                **({"group": image.group} if self._has_groups else {}),
            }
        )
        if self._oracle:
            self._oracle.add(annotation_row(encoded.id, image.annotation))

    def finish(self) -> dict[str, Any]:
        """Write what is left, and return the manifest's `shards` and digests of the tables."""
        self._close_shard()
        result = {
            "shards": tuple(self._shards),
            "index_sha256": self._close_table(self._index, self._keys.index(self._split)),
        }
        if self._oracle:
            digest = self._close_table(self._oracle, self._keys.annotations)
            result["annotations_sha256"] = digest
        return result

    def _open_shard(self) -> ShardWriter:
        return ShardWriter(self._folder / "shard.tar")

    def _close_shard(self) -> None:
        shard = self._shard
        shard.close()
        key = self._keys.shard(self._split, len(self._shards))
        info = ShardInfo(
            name=key.removeprefix(self._keys.prefix),
            sha256=_digest(shard.path),
            num_bytes=shard.path.stat().st_size,
            num_images=shard.num_images,
        )
        self._store.upload(key, shard.path)
        self._shards.append(info)

    def _close_table(self, table: TableWriter, key: str) -> str:
        table.close()
        self._store.upload(key, table.path)
        return _digest(table.path)


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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
