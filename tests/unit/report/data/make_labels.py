"""Labels of a split, made by hand."""

from collections.abc import Mapping, Sequence

import numpy as np

from job.keys import Split
from job.report.data.labels import SplitLabels

Box = tuple[str, float, float, float, float]
CLASSES = ("cow", "horse")


def labels_of(
    images: Sequence[Sequence[Box] | None],
    split: Split = "pool",
    size: tuple[int, int] = (100, 50),
    crowd: Sequence[int] = (),
    groups: Mapping[str, str] | None = None,
) -> SplitLabels:
    """Return images `0`, `1`, ... of one size, each with its boxes; None: without a label.

    Args:
        images: The boxes of each image.
        split: Theirs.
        size: Width and height, in pixels.
        crowd: The numbers of the boxes that are crowd regions, of all boxes together.
        groups: The group of each image that is in one.
    """
    boxes = [(row, box) for row, found in enumerate(images) for box in found or ()]
    return SplitLabels(
        split=split,
        classes=CLASSES,
        ids=tuple(map(str, range(len(images)))),
        sizes_N2=np.full((len(images), 2), size, np.int64),
        is_labelled_N=np.array([found is not None for found in images], bool),
        image_B=np.array([row for row, _ in boxes], np.int64),
        boxes_B4=np.array([box[1:] for _, box in boxes], np.float32).reshape(-1, 4),
        class_B=np.array([CLASSES.index(box[0]) for _, box in boxes], np.int64),
        difficult_B=np.zeros(len(boxes), bool),
        crowd_B=np.isin(np.arange(len(boxes)), list(crowd)),
        groups=groups or {},
    )
