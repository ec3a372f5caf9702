# ruff: noqa: N803, N806 - shape suffixes
"""What average precision would be if one kind of errors were mended: TIDE's dAP.

Shapes: D = detections, best first, B = boxes of the ground truth, C = classes.

Reference: Bolya et al. 2020, TIDE, arXiv 2008.08115, section 2.3.
"""

import numpy as np

from job.detection.metrics.average_precision import area_under
from job.detection.metrics.error_kinds import KINDS, NO_BOX, Explained, Kind
from job.detection.metrics.matching import Booleans
from job.records.arrays import Float64s, Integers


def average_precisions(explained: Explained) -> Float64s:
    """(C,): the AP at IoU 0.5 of each class, as `evaluate` has it; NaN if it has no box."""
    counted_D = explained.hit_D | (explained.kind_D >= 0)
    label_D, hit_D = explained.label_D[counted_D], explained.hit_D[counted_D]
    return _areas(label_D, hit_D, _num_boxes(explained))


def gains(explained: Explained) -> dict[Kind, Float64s]:
    """Return what each class's AP at IoU 0.5 would gain, if all errors of one kind were mended.

    - classification: the detection gets the class of its box,
    - localisation: it gets the corners of its box,
    - duplicate, background, both: it is dropped,
    - missed: the box need not be found; an AP of 1, if none is left.

    Of several detections that are mended to one box, the best one hits, and the others are dropped;
    all of them are, if the box is hit already or is difficult. NaN if a class has no box.
    """
    before_C = average_precisions(explained)
    return {kind: _mended(explained, kind) - before_C for kind in KINDS}


def _mended(explained: Explained, kind: Kind) -> Float64s:
    """(C,): the AP of each class after one kind is mended."""
    if kind == "missed":
        return _without_missed(explained)
    wrong_D = explained.is_of(kind)
    hits_now_D = wrong_D & _would_hit(explained)
    kept_D = explained.hit_D | (explained.kind_D >= 0) & (~wrong_D | hits_now_D)
    label_D = explained.label_D.copy()
    label_D[hits_now_D] = explained.boxes.label_B[explained.box_D[hits_now_D]]
    hit_D = explained.hit_D | hits_now_D
    return _areas(label_D[kept_D], hit_D[kept_D], _num_boxes(explained))


def _would_hit(explained: Explained) -> Booleans:
    """(D,): whether each detection would hit its box, with the right class and place.

    It is the best one of those that are of the wrong class or the wrong place for a box which
    nothing hits.
    """
    near_D = explained.is_of("classification") | explained.is_of("localisation")
    free_B = explained.boxes.counts_B.copy()
    free_B[explained.box_D[explained.hit_D]] = False
    eligible = np.flatnonzero(near_D & (explained.box_D != NO_BOX))
    eligible = eligible[free_B[explained.box_D[eligible]]]
    _, first = np.unique(explained.box_D[eligible], return_index=True)
    result_D = np.zeros(len(near_D), bool)
    result_D[eligible[first]] = True
    return result_D


def _without_missed(explained: Explained) -> Float64s:
    counted_D = explained.hit_D | (explained.kind_D >= 0)
    label_D, hit_D = explained.label_D[counted_D], explained.hit_D[counted_D]
    before_C = _num_boxes(explained)
    missed_B = explained.missed()
    missed_C = np.bincount(explained.boxes.label_B[missed_B], minlength=explained.num_classes)
    after_C = before_C - missed_C
    areas_C = _areas(label_D, hit_D, after_C)
    return np.where((after_C == 0) & (before_C > 0), 1.0, areas_C)


def _num_boxes(explained: Explained) -> Integers:
    """(C,): the boxes to be found."""
    label_B = explained.boxes.label_B[explained.boxes.counts_B]
    return np.bincount(label_B, minlength=explained.num_classes)


def _areas(label_D: Integers, hit_D: Booleans, num_boxes_C: Integers) -> Float64s:
    """(C,): the AP of each class, from its detections, best first; NaN if it has no box."""
    by_class = np.argsort(label_D, kind="stable")
    ends = np.cumsum(np.bincount(label_D, minlength=len(num_boxes_C)))
    hits = np.split(hit_D[by_class], ends[:-1])
    return np.array(
        [
            area_under(hit, int(number)) if number else np.nan
            for hit, number in zip(hits, num_boxes_C, strict=True)
        ]
    )


def best_confidence(explained: Explained) -> float:
    """Return the score at which F1 over all classes is best, if lower ones are left out.

    1 if there is no detection. If two are equal, the higher one wins.
    """
    counted_D = explained.hit_D | (explained.kind_D >= 0)
    score_D, hit_D = explained.score_D[counted_D], explained.hit_D[counted_D]
    if not len(score_D):
        return 1.0
    num_all = np.arange(1, len(hit_D) + 1) + int(explained.boxes.counts_B.sum())
    f1_D = 2 * np.cumsum(hit_D) / num_all
    is_last_D = np.append(score_D[1:] != score_D[:-1], True)
    return float(score_D[np.argmax(np.where(is_last_D, f1_D, -1.0))])
