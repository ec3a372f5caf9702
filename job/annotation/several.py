# ruff: noqa: N806 - shape suffixes
"""Several annotations of one image: how well they agree, and what most of them say.

Two boxes mean the same object if they have one class and overlap by an IoU. A = boxes of one
annotation, B = boxes of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from job.records.annotation import Annotation
from job.records.boxes import iou_of


def agreement(annotations: Sequence[Annotation], min_iou: float) -> float | None:
    """Return how well annotators agree, from 0 to 1; None if there are fewer than two.

    It is the mean over all pairs of annotators of the share of their boxes that mean the same
    objects, which is the F1 score of one of them with the other one as the ground truth. Two who
    agree that there is no object have 1.
    """
    pairs = list(combinations(annotations, 2))
    return fmean(_agreement(*pair, min_iou) for pair in pairs) if pairs else None


def _agreement(one: Annotation, other: Annotation, min_iou: float) -> float:
    num_boxes = len(one.labels) + len(other.labels)
    return 2 * len(same_objects(one, other, min_iou)) / num_boxes if num_boxes else 1.0


def same_objects(one: Annotation, other: Annotation, min_iou: float) -> list[tuple[int, int]]:
    """Return the pairs of boxes that mean the same object, each box in at most one.

    The pair that overlaps most is taken first; of equal ones, that of the first boxes.
    """
    iou_AB = iou_of(one.boxes_xyxy, other.boxes_xyxy)
    is_same_AB = _names(one)[:, None] == _names(other)[None]
    iou_AB = np.where(is_same_AB, iou_AB, -1.0)
    pairs = []
    while iou_AB.size and iou_AB.max() >= min_iou:
        a, b = np.unravel_index(iou_AB.argmax(), iou_AB.shape)
        pairs.append((int(a), int(b)))
        iou_AB[a], iou_AB[:, b] = -1.0, -1.0
    return pairs


def _names(annotation: Annotation) -> NDArray[np.object_]:
    return np.array(annotation.labels, dtype=object)


@dataclass
class _Object:
    """What some annotators mean, with the box of each of them."""

    label: str
    boxes: list[np.ndarray]


def consensus(annotations: Sequence[Annotation], min_iou: float) -> Annotation:
    """Return the boxes that more than half of the annotators drew: the mean of their corners.

    Args:
        annotations: At least one, in the order of time, all of one image.
        min_iou: From this IoU on boxes of one class mean the same object.
    """
    objects: list[_Object] = []
    for annotation in annotations:
        so_far = _as_annotation(annotations[0], objects)
        found = {b: a for a, b in same_objects(so_far, annotation, min_iou)}
        for place, (label, box) in enumerate(
            zip(annotation.labels, annotation.boxes_xyxy, strict=True)
        ):
            if place in found:
                objects[found[place]].boxes.append(box)
            else:
                objects.append(_Object(label, [box]))
    kept = [each for each in objects if 2 * len(each.boxes) > len(annotations)]
    return _as_annotation(annotations[0], kept)


def _as_annotation(of_image: Annotation, objects: Sequence[_Object]) -> Annotation:
    means = [np.mean(each.boxes, axis=0, dtype=np.float64) for each in objects]
    nothing = (False,) * len(objects)
    return replace(
        of_image,
        boxes_xyxy=np.array(means, dtype=np.float32).reshape(-1, 4),
        labels=tuple(each.label for each in objects),
        difficult=nothing,
        crowd=nothing,
    )
