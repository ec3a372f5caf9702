"""What a model found in one image."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from job.detection.metrics.detections import Detections
from job.records.arrays import Floats, Integers


@dataclass(frozen=True)
class Found:
    """The D detections in an image, the most likely one first."""

    name: str
    """The image's."""
    boxes_xyxy: Floats = field(repr=False)
    """float32 (D, 4), in pixels of the upright image."""
    labels: Integers = field(repr=False)
    """(D,): the class's index."""
    scores: Floats = field(repr=False)
    """float32 (D,)"""


def by_image(detections: Detections, min_confidence: float) -> Iterator[Found]:
    """Yield what was found in each image, without detections below a confidence."""
    for row, name in enumerate(detections.ids):
        mine = slice(detections.offsets[row], detections.offsets[row + 1])
        scores = detections.scores[mine]
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= min_confidence]
        yield Found(
            name,
            detections.boxes_xyxy[mine][order],
            detections.labels[mine][order],
            scores[order],
        )
