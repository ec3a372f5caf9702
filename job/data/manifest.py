"""`dataset.json`: it is written last and makes a data set exist."""

import hashlib

from pydantic import BaseModel, ConfigDict, Field

from job.errors import MissingObjectError
from job.keys import DatasetKeys, Split
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

_REMEDY = "restore it from a copy of the store; without one, ingest the data set again"


def _is_unset(value: object) -> bool:
    """Return whether a field is left out, as in manifests that were written before it was added."""
    return value is None


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class ShardInfo(_Part):
    """A tar file of images."""

    name: str
    """Below the data set's folder, such as `pool/00000.tar`."""
    sha256: str
    num_bytes: int
    num_images: int


class SplitInfo(_Part):
    """The pool, or the test set. A test set without images has no shards."""

    num_images: int
    num_boxes: int
    """With difficult boxes, and without crowd regions."""
    class_counts: dict[str, int]
    """The number of boxes of each class, in the order of `classes`; zeros for a pool without ground
    truth."""
    shards: tuple[ShardInfo, ...]
    index_sha256: str
    """The digest of `index.parquet`, which has the ids and the images' digests."""
    annotations_sha256: str | None = None
    """The digest of `oracle/annotations.parquet`. Only the pool may have it: the annotations of the
    test set are in its shards. None for a pool without ground truth."""
    index: str | None = Field(None, exclude_if=_is_unset)
    """Where the index lies below the data set's folder; None: where version 1 has it."""
    annotations: str | None = Field(None, exclude_if=_is_unset)
    """Where the ground truth lies below the data set's folder; None: where version 1 has it."""


class LabelsInfo(_Part):
    """The table of the labels that did not come from the oracle."""

    name: str
    """Where it lies below the data set's folder."""
    sha256: str
    num_given: int
    """Images whose labels came along with them."""
    num_added: int
    """Images without a label that got one later."""
    num_corrected: int
    """Images whose label was replaced."""
    num_boxes: int
    """The boxes of these images, each image counted once, without crowd regions."""
    class_counts: dict[str, int]
    """These boxes by class, in the order of `classes`."""


class DatasetManifest(_Part):
    """What a data set is made of."""

    name: str
    kind: str
    """The data format that it was ingested from."""
    classes: tuple[str, ...]
    """In the order in which a detector numbers them."""
    source: dict[str, str | int | bool]
    """The source's identity, see `Source.identity`, and whether bad images were skipped."""
    pool: SplitInfo
    test: SplitInfo
    labels: LabelsInfo | None = Field(None, exclude_if=_is_unset)
    """None if there is no such label."""
    version: int = Field(1, exclude_if=lambda version: version == 1)
    """Of a later version, `kind` and `source` are those of what it added."""
    previous: str | None = Field(None, exclude_if=_is_unset)
    """The digest of the manifest of the version before; None for version 1."""

    def split(self, split: Split) -> SplitInfo:
        """Return one of the two splits."""
        return self.pool if split == "pool" else self.test

    def to_json(self) -> bytes:
        """Return the file's bytes."""
        return dump_json(self.model_dump())


def read_manifest(store: Store, keys: DatasetKeys) -> tuple[DatasetManifest, str] | None:
    """Return a version's manifest and its SHA-256, or None if there is no such version.

    Raises:
        BadDataError: The object is damaged, or of a format that this version does not read.
    """
    try:
        data = store.read(keys.manifest)
    except MissingObjectError:
        return None
    where = f"{store.url}: {keys.manifest}"
    manifest = checked(DatasetManifest, load_json(data, where, _REMEDY), where, _REMEDY)
    return manifest, hashlib.sha256(data).hexdigest()
