"""Writing the table of the labels that did not come from the oracle."""

import tempfile
from pathlib import Path

from job.data.ingest.tables import TableWriter, annotation_row
from job.data.labels import KnownLabels
from job.data.manifest import LabelsInfo
from job.keys import DatasetKeys
from job.records.annotation import class_counts
from job.records.schemas import LABELS_SCHEMA
from job.storage import Store


def write_labels(
    store: Store, keys: DatasetKeys, labels: KnownLabels, classes: tuple[str, ...]
) -> LabelsInfo:
    """Write the table, and return what the manifest says of it."""
    with tempfile.TemporaryDirectory() as folder:
        table = TableWriter(Path(folder) / "labels.parquet", LABELS_SCHEMA)
        for image_id, annotation in labels.given.items():
            row = annotation_row(image_id, annotation)
            table.add({**row, "given": True, "corrected": False})
        for image_id, annotation in labels.later.items():
            row = annotation_row(image_id, annotation)
            table.add({**row, "given": False, "corrected": image_id in labels.corrected})
        digest = table.upload(store, keys.labels)
    counts = class_counts([*(labels.given | labels.later).values()], classes)
    return LabelsInfo(
        name=keys.name_below(keys.labels),
        sha256=digest,
        num_given=len(labels.given),
        num_added=len(labels.later) - len(labels.corrected),
        num_corrected=len(labels.corrected),
        num_boxes=sum(counts.values()),
        class_counts=counts,
    )
