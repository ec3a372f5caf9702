# ruff: noqa: N803, N806 - shape suffixes
"""Average precision as Pascal VOC and COCO define it.

Shapes: D = detections, best first.

References:
    VOC: Everingham et al. 2010, IJCV 88, section 4.2 (area under the curve since 2010, the mean of
    11 points before). COCO: Lin et al. 2014, arXiv 1405.0312, and cocoeval.py of pycocotools.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from job.detection.metrics.detections import Detections
from job.detection.metrics.matching import COCO_IOUS, Booleans, Matches, gather_truth, match
from job.errors import BadDataError
from job.records.annotation import Annotation
from job.records.arrays import Floats

_COCO_RECALLS = np.linspace(0.0, 1.0, 101)
# Tenths as division rounds them, so that a recall of 3 in 10 is one of 0.3.
_VOC_RECALLS = np.arange(11) / 10


@dataclass(frozen=True)
class ClassMetrics:
    """One class's average precisions, from 0 to 1; None if no test image shows the class."""

    ap50_area: float | None
    """VOC since 2010: the area under the curve at IoU 0.5."""
    ap50_11point: float | None
    """VOC before: the mean at 11 recalls at IoU 0.5."""
    ap_coco: float | None
    """COCO: the mean over IoU 0.5, 0.55 ... 0.95."""
    num_boxes: int
    """Boxes to be found: neither difficult ones nor crowd regions."""


@dataclass(frozen=True)
class Metrics:
    """Mean average precisions over the classes that the test images show."""

    map50_area: float | None
    map50_11point: float | None
    map_coco: float | None
    classes: dict[str, ClassMetrics]
    num_images: int
    num_boxes: int


def evaluate(
    ground_truth: Mapping[str, Annotation], detections: Detections, classes: Sequence[str]
) -> Metrics:
    """Return the metrics of detections.

    A difficult box counts neither as a hit nor as a miss. A detection that lies at least half
    within a crowd region, and finds no box, is not counted.

    Args:
        ground_truth: Of every test image, also of those that `detections` does not name.
        detections: What was found; equal scores count in the order of `detections`.
        classes: The classes, in the order of the detections' labels.

    Raises:
        BadDataError: There are detections in an image that is not in the ground truth.
    """
    if strangers := set(detections.ids) - ground_truth.keys():
        message = f"detections in an image that is not in the test set: {min(strangers)}"
        raise BadDataError(message)
    order = np.argsort(-detections.scores, kind="stable")
    image_D, label_D = detections.image_of_detection[order], detections.labels[order]
    boxes_D4 = detections.boxes_xyxy[order].astype(np.float64)
    truths = gather_truth(ground_truth, detections.ids, classes)
    per_class = {}
    for index, name in enumerate(classes):
        truth, mine = truths[name], label_D == index
        matches = match(truth, image_D[mine], boxes_D4[mine])
        per_class[name] = _class_metrics(matches, truth.num_boxes)
    return Metrics(
        map50_area=_mean(each.ap50_area for each in per_class.values()),
        map50_11point=_mean(each.ap50_11point for each in per_class.values()),
        map_coco=_mean(each.ap_coco for each in per_class.values()),
        classes=per_class,
        num_images=len(ground_truth),
        num_boxes=sum(each.num_boxes for each in per_class.values()),
    )


def _class_metrics(matches: Matches, num_boxes: int) -> ClassMetrics:
    if not num_boxes:
        return ClassMetrics(None, None, None, 0)
    recall, precision = _curve(matches.voc_hit_D[matches.voc_counts_D], num_boxes)
    return ClassMetrics(
        ap50_area=_area(recall, precision),
        ap50_11point=float(_at_recalls(recall, precision, _VOC_RECALLS).mean()),
        ap_coco=_coco(matches, num_boxes),
        num_boxes=num_boxes,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of what is defined; None if nothing is."""
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None


def _curve(hit: Booleans, num_boxes: int) -> tuple[Floats, Floats]:
    """Return recall and precision after each detection, best first."""
    hits = np.cumsum(hit)
    return hits / num_boxes, hits / np.arange(1, len(hit) + 1)


def _envelope(precision: Floats) -> Floats:
    """Return the best precision at each recall or a higher one."""
    best: Floats = np.maximum.accumulate(precision[::-1])[::-1]
    return best


def _area(recall: Floats, precision: Floats) -> float:
    """Return the area under the envelope."""
    return float(np.sum(np.diff(recall, prepend=0.0) * _envelope(precision)))


def _at_recalls(recall: Floats, precision: Floats, recalls: Floats) -> Floats:
    """Return the envelope at some recalls; 0 at a recall that is never reached."""
    best = np.append(_envelope(precision), 0.0)
    return np.asarray(best[np.searchsorted(recall, recalls, side="left")])


def area_under(hit_D: Booleans, num_boxes: int) -> float:
    """Return VOC's AP at IoU 0.5 since 2010, by which of a class's counted detections hit."""
    return _area(*_curve(hit_D, num_boxes))


def _coco(matches: Matches, num_boxes: int) -> float:
    """Return COCO's average precision of one class."""
    hit, counts = matches.coco_hit_DT, matches.coco_counts_DT
    values = []
    for column in range(len(COCO_IOUS)):
        recall, precision = _curve(hit[counts[:, column], column], num_boxes)
        values.append(_at_recalls(recall, precision, _COCO_RECALLS).mean())
    return float(np.mean(values))
