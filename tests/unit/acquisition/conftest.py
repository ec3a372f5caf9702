"""Score records made by hand."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import pytest

from job.acquisition.strategy import Images, TableRecord
from job.records.score_record import ScoreRecord

Boxes = Mapping[str, Sequence[Sequence[float]]]
"""For each image its boxes, each by its class distribution."""


def record_of(boxes: Boxes, num_classes: int, objectness: float) -> ScoreRecord:
    num_boxes = [len(rows) for rows in boxes.values()]
    total = sum(num_boxes)
    rows = [row for image in boxes.values() for row in image]
    return ScoreRecord(
        ids=np.array(list(boxes), dtype=np.str_),
        sizes_wh=np.full((len(boxes), 2), 96),
        offsets=np.concatenate([[0], np.cumsum(num_boxes)]).astype(np.int64),
        boxes_xyxy=np.zeros((total, 4), np.float32),
        probabilities=np.array(rows, np.float16).reshape(total, num_classes),
        objectness=np.full(total, objectness, np.float32),
        num_overlaps=np.ones(total, np.int64),
        embeddings=np.zeros((len(boxes), 2), np.float16),
    )


def make(
    boxes: Boxes, num_classes: int, *, objectness: float = 1.0, labelled: Collection[str] = ()
) -> Images:
    unlabelled = tuple(image_id for image_id in boxes if image_id not in labelled)
    record = record_of({name: boxes[name] for name in unlabelled}, num_classes, objectness)
    return Images(unlabelled, TableRecord((record.to_table(),)))


@pytest.fixture(scope="session")
def candidates_of() -> Callable[..., Images]:
    """Images from boxes; the order of the mapping is that of the store."""
    return make
