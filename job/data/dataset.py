"""Reading a data set from the store, for everything except ingest."""

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from job.data.labels import KnownLabels
from job.data.manifest import DatasetManifest, ShardInfo, SplitInfo
from job.data.shards import EncodedImage, LabelledImage, read_labelled
from job.data.versions import find_digest, find_latest, find_version, no_such_dataset
from job.errors import BadDataError
from job.keys import DatasetKeys, Split
from job.records.annotation import Annotation
from job.records.schemas import GROUP_FIELD
from job.runtime.parallel import in_threads
from job.storage import Store
from job.storage.cache import fetch

SHARDS_AHEAD = 2
"""The number of shards that are fetched at the same time, before they are needed."""

IMAGES_AHEAD = 8
"""The number of single images that are read at the same time, before they are needed."""

# Images lie one after the other, so most reads are answered from this buffer.
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class Dataset:
    """One version of a data set that ingest has written.

    Everything that is read is held against its digest. `BadDataError` says what is missing or
    changed.
    """

    store: Store
    keys: DatasetKeys
    manifest: DatasetManifest
    digest: str
    """SHA-256 of `dataset.json`, and so of everything that its digests cover."""
    _splits: dict[Split, "_Index"] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(cls, store: Store, name: str, version: int | None = None) -> "Dataset":
        """Open a version of a data set, by default the latest.

        Raises:
            UsageError: There is no such data set or version; the message names the known ones.
            BadDataError: Its `dataset.json` is damaged.
        """
        if version is not None:
            return cls(store, *find_version(store, name, version))
        if found := find_latest(store, name):
            return cls(store, *found)
        raise no_such_dataset(store, name)

    @classmethod
    def open_digest(cls, store: Store, name: str, digest: str) -> "Dataset":
        """Open the version of a data set whose `dataset.json` has this SHA-256.

        Raises:
            UsageError: There is no such data set; the message names the known ones.
            ConfigError: None of its versions has this digest.
            BadDataError: A `dataset.json` is damaged.
        """
        return cls(store, *find_digest(store, name, digest))

    @property
    def version(self) -> int:
        """The version's number, counted from 1."""
        return self.manifest.version

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order in which a detector numbers them."""
        return self.manifest.classes

    def info(self, split: Split) -> SplitInfo:
        """The counts, shards and digests of a split."""
        return self.manifest.split(split)

    def shards(self, split: Split) -> tuple[ShardInfo, ...]:
        """The tar files of a split, in order."""
        return self.info(split).shards

    def ids(self, split: Split) -> tuple[str, ...]:
        """All ids of a split, in the order of its shards."""
        return self._of(split).ids

    @property
    def has_ground_truth(self) -> bool:
        """Whether the oracle knows the whole pool."""
        return self.manifest.pool.annotations_sha256 is not None

    @property
    def annotations_key(self) -> str:
        """The key of the ground truth of the pool, which only the oracle and ingest read."""
        name = self.manifest.pool.annotations
        return self.keys.key(name) if name else DatasetKeys(self.keys.name).annotations

    @cached_property
    def labels(self) -> KnownLabels:
        """All labels that did not come from the oracle."""
        info = self.manifest.labels
        if info is None:
            return KnownLabels.none()
        return KnownLabels.read(fetch(self.store, self.keys.key(info.name), info.sha256))

    def given_ids(self) -> tuple[str, ...]:
        """Ids of the pool whose labels came along with them, in the order of the index."""
        return tuple(self.labels.given)

    def known_labels(self, ids: Iterable[str]) -> dict[str, Annotation]:
        """Return labels of images of the pool that did not come from the oracle.

        Images without such a label are left out. A label that was added later wins over one that
        came along, and over the oracle's.
        """
        return self.labels.find(ids)

    def corrections(self) -> dict[str, Annotation]:
        """Return all labels of images of the pool that were added later, or correct earlier ones.

        They win over whatever labels a round had of these images.
        """
        return dict(self.labels.later)

    def known_images(self, ids: Sequence[str]) -> list[LabelledImage]:
        """Return images of the pool that have such a label, in the order of `ids`.

        Their bytes are read when they are asked for, from local copies of their shards.
        """
        labels, index = self.known_labels(ids), self._of("pool")
        found = []
        for image_id in ids:
            row = index.row(image_id)
            path = self.fetch_shard("pool", row["shard"])
            place = row["suffix"], row["offset"], row["size"]
            found.append(LabelledImage(image_id, path, *place, labels[image_id]))
        return found

    def digests(self, split: Split) -> Iterator[bytes]:
        """Yield the SHA-256 of each image, in the order of `ids`."""
        for batch in self.index(split).select(["sha256"]).to_batches(max_chunksize=4096):
            yield from map(bytes.fromhex, batch["sha256"].to_pylist())

    def index(self, split: Split) -> pa.Table:
        """Where each image lies: a table with the schema `INDEX_SCHEMA`."""
        return self._of(split).table

    @property
    def has_groups(self) -> bool:
        """Whether images of the pool may be in groups."""
        return GROUP_FIELD.name in self.index("pool").column_names

    def groups(self, split: Split) -> dict[str, str]:
        """Return the group of each image that is in one; nothing if the data set has no groups."""
        table = self.index(split)
        if GROUP_FIELD.name not in table.column_names:
            return {}
        groups = zip(self.ids(split), table[GROUP_FIELD.name].to_pylist(), strict=True)
        return {image_id: group for image_id, group in groups if group is not None}

    def fetch_shard(self, split: Split, number: int) -> Path:
        """Return a local file with a shard's bytes, held against their digest."""
        info = self.shards(split)[number]
        return fetch(self.store, self.keys.key(info.name), info.sha256)

    def read_image(self, split: Split, image_id: str) -> EncodedImage:
        """Return one image, and read no more of its shard than that."""
        row = self._of(split).row(image_id)
        key = self.keys.key(self.shards(split)[row["shard"]].name)
        data = self.store.read_range(key, row["offset"], row["size"])
        if sha256(data).hexdigest() != row["sha256"]:
            message = f"{self.store.url}: {key}: {image_id!r} has other bytes than when ingested"
            raise BadDataError(message)
        return EncodedImage(image_id, row["suffix"], data)

    def read_images(self, split: Split, ids: Iterable[str]) -> Generator[EncodedImage]:
        """Yield some images in the order of `ids`, several of them read at the same time."""
        self._of(split)
        return in_threads(partial(self.read_image, split), ids, IMAGES_AHEAD, IMAGES_AHEAD)

    def iter_images(
        self, split: Split, ids: Collection[str] | None = None
    ) -> Generator[EncodedImage]:
        """Yield some images, or all.

        They come in the order of the index, whatever the order of `ids`. Each shard that is needed
        is read once, from front to back, while the next ones are fetched.
        """

        def fetched(shard: tuple[int, pa.Table]) -> tuple[Path, pa.Table]:
            number, table = shard
            return self.fetch_shard(split, number), table

        shards = in_threads(fetched, self._of(split).by_shard(ids), SHARDS_AHEAD, SHARDS_AHEAD)
        with closing(shards):
            for path, table in shards:
                yield from _read_rows(path, table)

    def test_images(self) -> list[LabelledImage]:
        """Return the test images, in the order of the index."""
        numbers = range(len(self.shards("test")))
        return [image for n in numbers for image in read_labelled(self.fetch_shard("test", n))]

    def _index_key(self, split: Split) -> str:
        name = self.info(split).index
        return self.keys.key(name) if name else DatasetKeys(self.keys.name).index(split)

    def _of(self, split: Split) -> "_Index":
        if split not in self._splits:
            key = self._index_key(split)
            path = fetch(self.store, key, self.info(split).index_sha256)
            self._splits[split] = _Index(f"{self.store.url}: {key}", pq.read_table(path))
        return self._splits[split]


@dataclass(frozen=True)
class _Index:
    """A split's index in memory."""

    where: str
    table: pa.Table

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.table["id"].to_pylist())

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {image_id: number for number, image_id in enumerate(self.ids)}

    def _number(self, image_id: str) -> int:
        if image_id not in self._numbers:
            message = f"{self.where} has no image {image_id!r}"
            raise BadDataError(message)
        return self._numbers[image_id]

    def row(self, image_id: str) -> dict[str, Any]:
        result: dict[str, Any] = self.table.slice(self._number(image_id), 1).to_pylist()[0]
        return result

    def by_shard(self, ids: Collection[str] | None) -> Iterator[tuple[int, pa.Table]]:
        """Yield the number of each shard and its rows, for some images or for all."""
        table = self.table
        if ids is not None:
            numbers = sorted({self._number(image_id) for image_id in ids})
            table = table.take(pa.array(numbers, pa.int64()))
        for number in pc.unique(table["shard"]).to_pylist():
            yield number, table.filter(pc.equal(table["shard"], number))


def _read_rows(path: Path, table: pa.Table) -> Iterator[EncodedImage]:
    """Yield the images of some rows of the index, from their shard's local file."""
    with path.open("rb", buffering=_BUFFER_BYTES) as file:
        for row in table.select(["id", "suffix", "offset", "size"]).to_pylist():
            file.seek(row["offset"])
            yield EncodedImage(row["id"], row["suffix"], file.read(row["size"]))
