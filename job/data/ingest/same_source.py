"""Whether a data set, or a version of it, was made from the source that is asked for now."""

import hashlib
from typing import Any

from job.data.dataset import Dataset
from job.data.formats.base import Sample
from job.data.ingest.request import IngestRequest, split_of
from job.data.ingest.seen import PARTS
from job.data.manifest import DatasetManifest
from job.errors import BadDataError, UsageError
from job.keys import DatasetKeys


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
    for part in PARTS:
        source = request.source_of(part)
        # Images that are drawn anew may differ by the version of Pillow.
        if source is None or not source.may_be_bad:
            continue
        ids, sha256s = dataset.ids(split_of(part)), dataset.index(split_of(part))["sha256"]
        digests = dict(zip(ids, sha256s.to_pylist(), strict=True))
        for sample in source.samples(split_of(part)):
            if digests.get(sample.id, sha256 := _sha256(sample)) != sha256:
                raise _another(dataset.keys.name, f": the image {sample.id!r} has changed")


def _another(name: str, why: str) -> UsageError:
    message = (
        f"data set {name!r} was made from another source{why}: take another --name, or delete "
        f"{DatasetKeys(name).prefix} first; --append adds images that are new"
    )
    return UsageError(message)


def _sha256(sample: Sample) -> str:
    """Return the digest of an image file; empty if the sample is bad."""
    try:
        return hashlib.sha256(sample.load().data).hexdigest()
    except BadDataError:
        return ""
