import numpy as np

from job.detection.metrics.detections import Detections
from job.records.schemas import DETECTIONS_SCHEMA


def test_detections_become_one_row_an_image() -> None:
    """Images without detections have a row too; classes are written by name."""
    detections = Detections(
        ids=("a", "b", "c"),
        offsets=np.array([0, 2, 2, 3]),
        boxes_xyxy=np.arange(12, dtype=np.float32).reshape(3, 4),
        labels=np.array([1, 0, 1]),
        scores=np.array([0.9, 0.5, 0.25], dtype=np.float32),
    )
    table = detections.to_table(["disc", "square"])
    assert table.schema == DETECTIONS_SCHEMA
    assert table.to_pylist() == [
        {
            "id": "a",
            "boxes_xyxy": [[0, 1, 2, 3], [4, 5, 6, 7]],
            "labels": ["square", "disc"],
            "scores": [np.float32(0.9), 0.5],
        },
        {"id": "b", "boxes_xyxy": [], "labels": [], "scores": []},
        {"id": "c", "boxes_xyxy": [[8, 9, 10, 11]], "labels": ["square"], "scores": [0.25]},
    ]


def test_no_detections_at_all_are_a_table() -> None:
    """A detector that found nothing still has a row for each image."""
    nothing = Detections(
        ids=("a",),
        offsets=np.array([0, 0]),
        boxes_xyxy=np.empty((0, 4), dtype=np.float32),
        labels=np.empty(0, dtype=np.int64),
        scores=np.empty(0, dtype=np.float32),
    )
    assert nothing.to_table(["disc"]).num_rows == 1
