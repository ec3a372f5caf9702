"""Turning a source into `datasets/<name>`: everything is validated, and the manifest comes last."""

import hashlib
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from job.data.dataset import Dataset
from job.data.formats.base import Sample, Source
from job.data.ingest.groups import GroupRule
from job.data.ingest.scan import SourceScan, SplitCounts
from job.data.ingest.summary import IngestSummary
from job.data.ingest.write import SplitWriter
from job.data.manifest import DatasetManifest, SplitInfo, read_manifest
from job.errors import BadDataError, TemporaryError, UsageError
from job.keys import DatasetKeys, Split, check_name
from job.storage import Store

ORDER: tuple[Split, ...] = ("test", "pool")
"""The test set comes first. If an image is in both splits, the one in the pool is bad, so that a
test set that others report on stays whole."""


def ingest(  # noqa: PLR0913 - what an ingest can be asked for
    store: Store,
    source: Source,
    name: str,
    *,
    groups: GroupRule | None = None,
    skip_bad: bool = False,
    dry_run: bool = False,
) -> IngestSummary:
    """Write a data set, unless it is there already from the same source.

    Args:
        store: Where the data set goes.
        source: What it is made from.
        name: Its name.
        groups: Puts images into groups; None: the source's own groups, if it has any.
        skip_bad: Leave bad images and boxes out and list them. Otherwise the first one is raised.
        dry_run: Validate everything and list what is bad, but write nothing.

    Raises:
        BadDataError: An image or a box is bad, a split has no images, the pool has no boxes, or a
            group is in both splits.
        UsageError: The name is invalid, or its data set was made from another source.
    """
    keys = DatasetKeys(check_name("data set", name))
    if dry_run:
        return _rehearse(source, name, groups, skip_bad=skip_bad)
    identity: dict[str, Any] = source.identity() | {"skip_bad": skip_bad}
    identity |= groups.identity() if groups else {}
    if found := read_manifest(store, keys):
        manifest, _ = found
        _refuse_another(keys, manifest, {"kind": source.kind, **identity})
        _refuse_changed_images(store, keys, source)
        return IngestSummary.of_manifest(manifest, f"{name}: there already, from the same source")
    try:
        scan = SourceScan(source, skip_bad=skip_bad, groups=groups)
        manifest = _write(store, keys, scan, source.kind, identity)
    except (BadDataError, UsageError):
        _delete_parts(store, keys)
        raise
    store.write(keys.manifest, manifest.to_json())
    return IngestSummary.of_scan(scan, f"{name}: written")


def _write(
    store: Store, keys: DatasetKeys, scan: SourceScan, kind: str, identity: dict[str, Any]
) -> DatasetManifest:
    """Write everything but the manifest, and return that."""
    name = keys.name
    parts = {split: _write_split(store, keys, scan, split) for split in ORDER}
    if errors := scan.errors():
        raise BadDataError("; ".join([f"{name}: {error}" for error in errors] + scan.problems[:1]))
    return DatasetManifest(
        name=name,
        kind=kind,
        classes=scan.classes,
        source=identity,
        **{split: _split_info(scan.counts[split], scan.classes, parts[split]) for split in parts},
    )


def _delete_parts(store: Store, keys: DatasetKeys) -> None:
    """Delete what a refused ingest has written, unless another one has finished meanwhile."""
    with suppress(TemporaryError):  # the refusal is what to tell
        if not store.exists(keys.manifest):
            for key in list(store.list(keys.prefix)):
                store.delete(key)


def _rehearse(
    source: Source, name: str, groups: GroupRule | None, *, skip_bad: bool
) -> IngestSummary:
    """Go through a source without writing, and say whether it could be written."""
    scan = SourceScan(source, skip_bad=True, groups=groups)
    for split in ORDER:
        for _ in scan.images(split):
            pass
    errors = scan.errors()
    is_accepted = not errors and (skip_bad or not scan.problems)
    scan.problems += errors
    summary = IngestSummary.of_scan(scan, f"{name}: a dry run, nothing is written")
    return replace(summary, is_accepted=is_accepted)


def _refuse_another(keys: DatasetKeys, manifest: DatasetManifest, wanted: dict[str, Any]) -> None:
    """Raise unless a data set was made from the source that is wanted now."""
    made = {"kind": manifest.kind, **manifest.source}
    changes = [
        # A digest tells a person nothing.
        f"{key.removesuffix('_digest')}: other files"
        if key.endswith("_digest")
        else f"{key}: {made.get(key, 'unset')} -> {wanted.get(key, 'unset')}"
        for key in sorted(made.keys() | wanted.keys())
        if made.get(key) != wanted.get(key)
    ]
    if changes:
        message = (
            f"data set {manifest.name!r} was made from another source ({'; '.join(changes)}): "
            f"take another --name, or delete {keys.prefix} first"
        )
        raise UsageError(message)


def _refuse_changed_images(store: Store, keys: DatasetKeys, source: Source) -> None:
    """Raise if an image file has other bytes than when it was ingested, though as many."""
    if not source.may_be_bad:  # drawn anew, perhaps by another version of Pillow
        return
    dataset = Dataset.open(store, keys.name)
    for split in ORDER:
        index = dataset.index(split)
        digests = dict(zip(index["id"].to_pylist(), index["sha256"].to_pylist(), strict=True))
        for sample in source.samples(split):
            if digests.get(sample.id, sha256 := _sha256(sample)) != sha256:
                message = (
                    f"data set {keys.name!r} was made from another source: the image "
                    f"{sample.id!r} has changed: take another --name, or delete {keys.prefix} first"
                )
                raise UsageError(message)


def _sha256(sample: Sample) -> str:
    """Return the digest of an image file; empty if the sample is bad."""
    try:
        return hashlib.sha256(sample.load().data).hexdigest()
    except BadDataError:
        return ""


def _write_split(store: Store, keys: DatasetKeys, scan: SourceScan, split: Split) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        SplitWriter(store, keys, split, Path(folder), has_groups=scan.has_groups) as writer,
    ):
        for image in scan.images(split):
            writer.add(image)
        return writer.finish()


def _split_info(counts: SplitCounts, classes: tuple[str, ...], parts: dict[str, Any]) -> SplitInfo:
    return SplitInfo(
        num_images=counts.num_images,
        num_boxes=counts.num_boxes,
        class_counts={name: counts.class_counts[name] for name in classes},
        **parts,
    )
