"""Whether a data set, or a version of it, was made from the source that is asked for now."""

import hashlib
from collections.abc import Iterator
from typing import Any

from job.data.dataset import Dataset
from job.data.formats.base import REMOTE_THREADS, Sample
from job.data.ingest.request import IngestRequest, split_of
from job.data.ingest.seen import PARTS
from job.data.manifest import DatasetManifest
from job.errors import BadDataError, UsageError
from job.keys import DatasetKeys, Split
from job.runtime.cpus import usable_cpus
from job.runtime.parallel import in_threads

SPLITS: tuple[Split, ...] = ("test", "pool")


def identity_of(manifest: DatasetManifest) -> dict[str, Any]:
    """Return what a version was made from, in the words of `wanted_identity`."""
    return {"kind": manifest.kind, **manifest.source}


def wanted_identity(request: IngestRequest) -> dict[str, Any]:
    """Return what tells the sources of a request from others."""
    return {"kind": request.source.kind, **request.identity()}


def refuse_another(manifest: DatasetManifest, wanted: dict[str, Any]) -> None:
    """Raise unless a data set was made from the source that is wanted now.

    Raises:
        UsageError: It was not; the message has the differences.
    """
    made = identity_of(manifest)
    changes = [
        # A digest tells a person nothing.
        f"{key.removesuffix('_digest')}: other files"
        if key.endswith("_digest")
        else f"{key}: {made.get(key, 'unset')} -> {wanted.get(key, 'unset')}"
        for key in sorted(made.keys() | wanted.keys())
        if made.get(key) != wanted.get(key)
    ]
    if changes:
        raise _another(manifest.name, f" ({'; '.join(changes)})")


def refuse_changed_images(dataset: Dataset, request: IngestRequest) -> None:
    """Raise if an image file has other bytes than when it was ingested, though as many.

    Raises:
        UsageError: The first such image.
    """
    for split in SPLITS:
        digests = dict(zip(dataset.ids(split), dataset.digests(split), strict=True))
        changed: dict[str, None] = {}
        same = set()
        for image_id, digest in _digests(request, split):
            if digests.get(image_id, digest) != digest:
                changed[image_id] = None
            else:
                same.add(image_id)
        # Of two images of one id, one was left out as bad.
        if found := next((each for each in changed if each not in same), None):
            raise _another(dataset.keys.name, f": the image {found!r} has changed")


def _samples(request: IngestRequest, split: Split) -> Iterator[Sample]:
    """Yield all samples of a split whose bytes are those of files."""
    for part in PARTS:
        source = request.source_of(part)
        # Images that are drawn anew may differ by the version of Pillow.
        if split_of(part) == split and source is not None and source.may_be_bad:
            yield from source.samples(split)


def _digests(request: IngestRequest, split: Split) -> Iterator[tuple[str, bytes]]:
    """Yield the id and the SHA-256 of each sample of a split."""
    is_remote = any(request.is_remote(part) for part in PARTS)
    threads = REMOTE_THREADS if is_remote else usable_cpus()
    return in_threads(_digest, _samples(request, split), threads, threads)


def _digest(sample: Sample) -> tuple[str, bytes]:
    """Return a sample's id and the SHA-256 of its image file, which is empty if it is bad."""
    try:
        return sample.id, hashlib.sha256(sample.load().data).digest()
    except BadDataError:
        return sample.id, b""


def _another(name: str, why: str) -> UsageError:
    message = (
        f"data set {name!r} was made from another source{why}: take another --name, or delete "
        f"{DatasetKeys(name).prefix} first; --append adds images that are new"
    )
    return UsageError(message)
