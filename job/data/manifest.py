"""`dataset.json`: written last, so a data set exists when this does."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict, ValidationError

from job.config.validation import describe
from job.errors import BadDataError, MissingObjectError
from job.keys import DatasetKeys, Split
from job.storage import Store


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ShardInfo(_Part):
    """A tar file of images."""

    name: str
    """Below the data set's folder, such as `pool/00000.tar`."""
    sha256: str
    num_bytes: int
    num_images: int


class SplitInfo(_Part):
    """The pool, or the test set."""

    num_images: int
    num_boxes: int
    """Difficult ones with them; crowd regions are no boxes."""
    class_counts: dict[str, int]
    """Boxes of each class, in the order of `classes`."""
    shards: tuple[ShardInfo, ...]
    index_sha256: str
    """Of `index.parquet`, which holds the ids and the images' digests."""
    annotations_sha256: str | None = None
    """Of `oracle/annotations.parquet`, for the pool; the test set's are in its shards."""


class DatasetManifest(_Part):
    """What a data set is made of."""

    name: str
    kind: str
    """The data format that it was ingested from."""
    classes: tuple[str, ...]
    """In the order in which a detector numbers them."""
    source: dict[str, str | int | bool]
    """What it was made from, by content: the same again makes the same data set."""
    pool: SplitInfo
    test: SplitInfo

    def split(self, split: Split) -> SplitInfo:
        """One of the two splits."""
        return self.pool if split == "pool" else self.test

    def to_json(self) -> bytes:
        """The file's bytes."""
        return (json.dumps(self.model_dump(), ensure_ascii=False, indent=1) + "\n").encode()


def read_manifest(store: Store, keys: DatasetKeys) -> tuple[DatasetManifest, str] | None:
    """Return a data set's manifest and its SHA-256, or None where there is no such data set.

    Raises:
        BadDataError: The object is there and is no manifest.
    """
    try:
        data = store.read(keys.manifest)
    except MissingObjectError:
        return None
    try:
        return DatasetManifest.model_validate_json(data), hashlib.sha256(data).hexdigest()
    except ValidationError as error:
        message = f"{store.url}: {keys.manifest} is damaged: {describe(error, DatasetManifest)}"
        raise BadDataError(message) from error
