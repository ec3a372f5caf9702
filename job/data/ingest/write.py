"""Writing a split to the store: shards as they fill up, then the tables."""

from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from job.data.dataset import Dataset
from job.data.ground_truth import ground_truth_file
from job.data.ingest.tables import ROWS_PER_GROUP, TableWriter, annotation_row, file_digest
from job.data.ingest.validate import ValidImage
from job.data.manifest import ShardInfo
from job.data.shards import ShardWriter
from job.keys import DatasetKeys, Split
from job.records.schemas import ANNOTATIONS_SCHEMA, GROUP_FIELD, INDEX_SCHEMA
from job.storage import Store

SHARD_BYTES = 64 << 20
"""A shard is closed before it would grow beyond this size."""


class SplitWriter:
    """Writes one split. It holds one shard on disk, and a few rows of the tables in memory."""

    def __init__(  # noqa: PLR0913 - what a split may have
        self,
        store: Store,
        keys: DatasetKeys,
        split: Split,
        folder: Path,
        *,
        has_groups: bool,
        has_oracle: bool,
    ) -> None:
        """Begin.

        Args:
            store: Where the objects go.
            keys: Their names.
            split: The annotations of the test set are written beside its images.
            folder: An empty folder for files that are not uploaded yet.
            has_groups: Whether the index has the images' groups.
            has_oracle: Whether the annotations go into the oracle's table.
        """
        self._store, self._keys, self._split, self._folder = store, keys, split, folder
        self._shards: list[ShardInfo] = []
        self._num_earlier = 0
        """The number of shards that earlier versions have written."""
        self._has_groups = has_groups
        schema = INDEX_SCHEMA.append(GROUP_FIELD) if has_groups else INDEX_SCHEMA
        self._index = TableWriter(folder / "index.parquet", schema)
        self._oracle: TableWriter | None = None
        if has_oracle:
            self._oracle = TableWriter(folder / "annotations.parquet", ANNOTATIONS_SCHEMA)
        self._shard = self._open_shard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._shard, self._index, self._oracle):
            if file:
                file.abandon()

    def continue_from(self, base: Dataset) -> None:
        """Begin with what an earlier version has: its shards stay, its tables are copied."""
        self._shards += base.shards(self._split)
        self._num_earlier = len(self._shards)
        self._index.copy(base.index(self._split))
        if self._oracle:
            for batch in pq.ParquetFile(ground_truth_file(base)).iter_batches(ROWS_PER_GROUP):
                self._oracle.copy(pa.Table.from_batches([batch]))

    def add(self, image: ValidImage) -> None:
        """Append an image."""
        encoded = image.encoded
        if self._shard.num_images and self._shard.num_bytes + len(encoded.data) > SHARD_BYTES:
            self._close_shard()
            self._shard = self._open_shard()
        offset = self._shard.add(encoded, image.annotation if self._split == "test" else None)
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
        """Write what is left, and return the fields of `SplitInfo` but the counts."""
        if self._shard.num_images:
            self._close_shard()
        index, annotations = self._keys.index(self._split), self._keys.annotations
        result = {
            "shards": tuple(self._shards),
            "index_sha256": self._index.upload(self._store, index),
            "index": self._named(index),
        }
        if self._oracle:
            digest = self._oracle.upload(self._store, annotations)
            result |= {"annotations_sha256": digest, "annotations": self._named(annotations)}
        return result

    def _named(self, key: str) -> str | None:
        """Return a key as the manifest names it; version 1 names none."""
        return None if self._keys.version == 1 else self._keys.name_below(key)

    def _open_shard(self) -> ShardWriter:
        return ShardWriter(self._folder / "shard.tar")

    def _close_shard(self) -> None:
        shard = self._shard
        shard.close()
        key = self._keys.shard(self._split, len(self._shards) - self._num_earlier)
        info = ShardInfo(
            name=self._keys.name_below(key),
            sha256=file_digest(shard.path),
            num_bytes=shard.path.stat().st_size,
            num_images=shard.num_images,
        )
        self._store.upload(key, shard.path)
        self._shards.append(info)
