"""Images with boxes and detections, made by hand."""

from collections.abc import Mapping, Sequence

import numpy as np

from job.detection.metrics.detections import Detections
from job.records.annotation import Annotation
from job.records.arrays import offsets

Row = tuple[str, float, float]
"""A detection: its class, the left edge of its box of 10 by 10 pixels, its score."""


def annotation(*boxes: tuple[str, float], crowd: bool = False) -> Annotation:
    """Boxes of 10 by 10 pixels: their class and left edge."""
    corners = np.array([[x, 0, x + 10, 10] for _, x in boxes], np.float32).reshape(-1, 4)
    no = (False,) * len(boxes)
    return Annotation(100, 100, corners, tuple(name for name, _ in boxes), no, (crowd,) * len(no))


def detections(found: Mapping[str, Sequence[Row]], classes: Sequence[str]) -> Detections:
    """What was found in each image."""
    rows = [row for each in found.values() for row in each]
    return Detections(
        ids=tuple(found),
        offsets=offsets([len(each) for each in found.values()]),
        boxes_xyxy=np.array([[x, 0, x + 10, 10] for _, x, _ in rows], np.float32).reshape(-1, 4),
        labels=np.array([classes.index(name) for name, _, _ in rows], np.int64),
        scores=np.array([score for _, _, score in rows], np.float32),
    )
