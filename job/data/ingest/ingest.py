"""Turning a source into `datasets/<name>`: everything checked, and the manifest written last."""

import tempfile
from pathlib import Path
from typing import Any

from job.data.formats.base import Source
from job.data.ingest.scan import SplitCounts, Survey
from job.data.ingest.summary import Summary
from job.data.ingest.write import SplitWriter
from job.data.manifest import Manifest, SplitInfo, read_manifest
from job.errors import BadDataError, UsageError
from job.keys import DatasetKeys, Split, check_name
from job.storage import Store

ORDER: tuple[Split, ...] = ("test", "pool")
"""The test set first: of an image in both, the one in the pool is bad, so that a test set that
others report on stays whole."""


def ingest(
    store: Store, source: Source, name: str, *, skip_bad: bool = False, dry_run: bool = False
) -> Summary:
    """Write a data set, unless it is there already from the same source.

    Args:
        store: Where it goes.
        source: What it is made from.
        name: Its name.
        skip_bad: Leave bad images and boxes out and list them; else the first one is an error.
        dry_run: Check everything and list what is bad, but write nothing.

    Raises:
        BadDataError: Something is bad; or a split has no images, or the pool no boxes.
        UsageError: A data set of that name was made from another source, or it is no name.
    """
    keys = DatasetKeys(check_name("data set", name))
    if dry_run:
        return _rehearse(source, name)
    description: dict[str, Any] = source.describe() | {"skip_bad": skip_bad}
    if found := read_manifest(store, keys):
        manifest, _ = found
        _refuse_another(keys, manifest, {"kind": source.kind, **description})
        return Summary.of_manifest(manifest, f"{name}: there already, from the same source")
    survey = Survey(source, go_on=skip_bad)
    parts = {split: _write_split(store, keys, survey, split) for split in ORDER}
    if gaps := survey.find_gaps():
        raise BadDataError("; ".join([f"{name}: {gap}" for gap in gaps] + survey.problems[:1]))
    manifest = Manifest(
        name=name,
        kind=source.kind,
        classes=survey.classes,
        source=description,
        **{
            split: _split_info(survey.counts[split], survey.classes, parts[split])
            for split in parts
        },
    )
    store.write(keys.manifest, manifest.to_json())
    return Summary.of_survey(survey, f"{name}: written")


def _rehearse(source: Source, name: str) -> Summary:
    """Go through a source without writing."""
    survey = Survey(source, go_on=True)
    for split in ORDER:
        for _ in survey.images(split):
            pass
    survey.problems += survey.find_gaps()
    return Summary.of_survey(survey, f"{name}: a dry run, nothing is written")


def _refuse_another(keys: DatasetKeys, manifest: Manifest, wanted: dict[str, Any]) -> None:
    """Raise unless a data set was made from what is wanted now."""
    made = {"kind": manifest.kind, **manifest.source}
    changes = [
        # A digest says nothing to a person.
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


def _write_split(store: Store, keys: DatasetKeys, survey: Survey, split: Split) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        SplitWriter(store, keys, split, Path(folder)) as writer,
    ):
        for image in survey.images(split):
            writer.add(image)
        return writer.finish()


def _split_info(counts: SplitCounts, classes: tuple[str, ...], parts: dict[str, Any]) -> SplitInfo:
    return SplitInfo(
        num_images=counts.num_images,
        num_boxes=counts.num_boxes,
        class_counts={name: counts.class_counts[name] for name in classes},
        **parts,
    )
