"""Writing everything of a version but its manifest, which is returned."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from job.data.dataset import Dataset
from job.data.ingest.labels_table import write_labels
from job.data.ingest.scan import SourceScan
from job.data.ingest.write import SplitWriter
from job.data.labels import KnownLabels
from job.data.manifest import DatasetManifest, LabelsInfo, SplitInfo
from job.errors import BadDataError
from job.keys import DatasetKeys
from job.records.annotation import Annotation
from job.storage import Store


def build_version(
    store: Store, keys: DatasetKeys, scan: SourceScan, base: Dataset | None = None
) -> DatasetManifest:
    """Write what a scan finds, and return the manifest that makes it a version of a data set.

    Args:
        store: Where the objects go.
        keys: Their names.
        scan: Goes through the sources.
        base: The version that the images are added to; None: this one is the first.

    Raises:
        BadDataError: No data set can be made of the whole, or an image or a box is bad.
    """
    test = {} if base else _write_test(store, keys, scan)
    pool, given = _write_pool(store, keys, scan, base)
    if errors := scan.errors():
        told = [f"{keys.name}: {error}" for error in errors] + scan.problems[:1]
        raise BadDataError("; ".join(told))
    request = scan.request
    return DatasetManifest(
        name=keys.name,
        kind=request.source.kind,
        classes=scan.classes,
        source=request.identity(),
        pool=_pool_info(scan, pool, base),
        test=base.manifest.test if base else _test_info(scan, test),
        labels=_write_given(store, keys, given, scan.classes, base),
        version=keys.version,
        previous=base.digest if base else None,
    )


def _write_test(store: Store, keys: DatasetKeys, scan: SourceScan) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        SplitWriter(
            store, keys, "test", Path(folder), has_groups=scan.has_groups, has_oracle=False
        ) as writer,
    ):
        for image in scan.images("test"):
            writer.add(image)
        return writer.finish()


def _write_pool(
    store: Store, keys: DatasetKeys, scan: SourceScan, base: Dataset | None
) -> tuple[dict[str, Any], dict[str, Annotation]]:
    """Write the pool. Return its fields in the manifest, and the labels that came along."""
    given = {}
    has_oracle = base.has_ground_truth if base else scan.request.source.annotates_pool
    with (
        tempfile.TemporaryDirectory() as folder,
        SplitWriter(
            store, keys, "pool", Path(folder), has_groups=scan.has_groups, has_oracle=has_oracle
        ) as writer,
    ):
        if base:
            writer.continue_from(base)
        for image in scan.images("labelled"):
            writer.add(image)
            given[image.id] = image.annotation
        for image in scan.images("pool"):
            writer.add(image)
        return writer.finish(), given


def _test_info(scan: SourceScan, fields: dict[str, Any]) -> SplitInfo:
    counts = scan.counts["test"]
    return _split_info(counts.num_images, counts.class_counts, scan.classes, fields)


def _pool_info(scan: SourceScan, fields: dict[str, Any], base: Dataset | None) -> SplitInfo:
    parts = [scan.counts["labelled"], scan.counts["pool"]]
    num_images = sum(counts.num_images for counts in parts)
    boxes: Counter[str] = Counter()
    if "annotations_sha256" in fields:
        boxes = parts[0].class_counts + parts[1].class_counts
    if base:
        earlier = base.info("pool")
        num_images += earlier.num_images
        boxes.update(earlier.class_counts)
    return _split_info(num_images, boxes, scan.classes, fields)


def _split_info(
    num_images: int, boxes: Counter[str], classes: tuple[str, ...], fields: dict[str, Any]
) -> SplitInfo:
    return SplitInfo(
        num_images=num_images,
        num_boxes=boxes.total(),
        class_counts={name: boxes[name] for name in classes},
        **fields,
    )


def _write_given(
    store: Store,
    keys: DatasetKeys,
    given: dict[str, Annotation],
    classes: tuple[str, ...],
    base: Dataset | None,
) -> LabelsInfo | None:
    """Write the table of labels, if there are any that earlier versions lack."""
    if not given:
        return base.manifest.labels if base else None
    earlier = base.labels if base else KnownLabels.none()
    labels = KnownLabels(earlier.given | given, earlier.later, earlier.corrected)
    return write_labels(store, keys, labels, classes)
