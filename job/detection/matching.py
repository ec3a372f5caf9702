# ruff: noqa: N803, N806, N815 - shape suffixes
"""Which detections of a class hit a box of the ground truth, by the rules of Pascal VOC and COCO.

Shapes: N = images, D = detections of the class, best first, R = images that show it, G = the most
boxes of it in one image, T = IoU thresholds.

References: voc_eval of the VOC development kit, and evaluateImg in pycocotools' cocoeval.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from job.records import Annotation, Floats, Integers

Booleans = NDArray[np.bool_]

VOC_IOU = 0.5
COCO_IOUS = np.linspace(0.5, 0.95, 10)


@dataclass(frozen=True)
class Truth:
    """The boxes of one class in a table with a row for each image that has any."""

    row_N: Integers
    """Each image's row, or -1."""
    boxes_RG4: Floats
    real_RG: Booleans
    """False where an image has fewer boxes than the table has room for."""
    difficult_RG: Booleans
    crowd_RG: Booleans

    @property
    def num_boxes(self) -> int:
        """The boxes that have to be found."""
        return int((self.real_RG & ~self.difficult_RG & ~self.crowd_RG).sum())


@dataclass(frozen=True)
class Found:
    """The detections of one class, best first, and their overlap with the truth."""

    rank_D: Integers
    """How many better ones the same image has."""
    row_D: Integers
    """The image's row in the table of the truth, or -1."""
    iou_DG: Floats
    """With crowd regions, the share of the detection that lies within; -1 where there is no box."""

    def best(self, count: int) -> "Found":
        """Return the `count` best detections of each image."""
        kept = self.rank_D < count
        return Found(self.rank_D[kept], self.row_D[kept], self.iou_DG[kept])


def truth_tables(
    ground_truth: Mapping[str, Annotation], ids: Sequence[str], classes: Sequence[str]
) -> dict[str, Truth]:
    """One table for each class; images without an entry in `ids` come after the others."""
    named = set(ids)
    every_id = [*ids, *(image_id for image_id in ground_truth if image_id not in named)]
    rows: dict[str, list[tuple[int, Annotation, list[int]]]] = {name: [] for name in classes}
    for image, image_id in enumerate(every_id):
        annotation = ground_truth[image_id]
        mine: dict[str, list[int]] = {}
        for position, name in enumerate(annotation.labels):
            mine.setdefault(name, []).append(position)
        for name, positions in mine.items():
            rows[name].append((image, annotation, positions))
    return {name: _table(each, len(every_id)) for name, each in rows.items()}


def _table(rows: Sequence[tuple[int, Annotation, list[int]]], num_images: int) -> Truth:
    """The table of one class, from its images with the positions of its boxes."""
    shape = len(rows), max((len(positions) for _, _, positions in rows), default=0)
    row_N = np.full(num_images, -1)
    boxes_RG4 = np.zeros((*shape, 4))
    real_RG, difficult_RG, crowd_RG = (np.zeros(shape, dtype=bool) for _ in range(3))
    for row, (image, annotation, positions) in enumerate(rows):
        row_N[image] = row
        slots = slice(len(positions))
        boxes_RG4[row, slots] = annotation.boxes_xyxy[positions]
        real_RG[row, slots] = True
        difficult_RG[row, slots] = np.array(annotation.difficult)[positions]
        crowd_RG[row, slots] = np.array(annotation.crowd)[positions]
    return Truth(row_N, boxes_RG4, real_RG, difficult_RG, crowd_RG)


def find(truth: Truth, image_D: Integers, boxes_D4: Floats) -> Found:
    """Return a class's detections, given best first, with their overlaps."""
    row_D = truth.row_N[image_D]
    iou_DG = np.full((len(row_D), truth.real_RG.shape[1]), -1.0)
    some = row_D >= 0
    rows = row_D[some]
    overlap = _overlap(boxes_D4[some], truth.boxes_RG4[rows], truth.crowd_RG[rows])
    iou_DG[some] = np.where(truth.real_RG[rows], overlap, -1.0)
    return Found(_rank(image_D), row_D, iou_DG)


def _rank(image_D: Integers) -> Integers:
    """How many detections of the same image come before each."""
    order = np.argsort(image_D, kind="stable")
    ordered = image_D[order]
    first = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order)) - first
    return rank


def _overlap(boxes_D4: Floats, truth_DG4: Floats, crowd_DG: Booleans) -> Floats:
    """IoU of each detection with its image's boxes; its share within those that are crowds."""
    boxes_D14 = boxes_D4[:, None]
    corner = np.maximum(boxes_D14[..., :2], truth_DG4[..., :2])
    other = np.minimum(boxes_D14[..., 2:], truth_DG4[..., 2:])
    shared = np.prod(np.clip(other - corner, 0, None), -1)
    own, theirs = (np.prod(each[..., 2:] - each[..., :2], -1) for each in (boxes_D14, truth_DG4))
    whole = np.where(crowd_DG, own, own + theirs - shared)
    return np.asarray(np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0))


def match_voc(truth: Truth, found: Found) -> tuple[Booleans, Booleans]:
    """Return which detections hit, and which count at all: (D,), (D,).

    Each looks only at the box that it overlaps most; the first to look at a box hits it.
    """
    hit = np.zeros(len(found.row_D), dtype=bool)
    counts = np.ones(len(found.row_D), dtype=bool)
    near = np.flatnonzero(found.row_D >= 0)
    rows, iou = found.row_D[near], found.iou_DG[near]
    crowd = truth.crowd_RG[rows]
    single = np.where(crowd, -1.0, iou)
    best = single.argmax(1)
    close = single.max(1) >= VOC_IOU
    easy = ~truth.difficult_RG[rows, best]
    box = rows * truth.real_RG.shape[1] + best
    eligible = np.flatnonzero(close & easy)
    _, first = np.unique(box[eligible], return_index=True)
    hit[near[eligible[first]]] = True
    within_crowd = (crowd & (iou >= VOC_IOU)).any(1)
    counts[near] = hit[near] | ~((close & ~easy) | within_crowd)
    return hit, counts


def match_coco(truth: Truth, found: Found) -> tuple[Booleans, Booleans]:
    """Return which detections hit at each threshold, and which count at all: (D, T), (D, T).

    An image's detections choose in turn, best first, among the boxes that are left; all images
    take the same turn at once. A crowd region is never used up.
    """
    num_thresholds = len(COCO_IOUS)
    hit = np.zeros((len(found.row_D), num_thresholds), dtype=bool)
    counts = np.ones_like(hit)
    ignored_RG = truth.difficult_RG | truth.crowd_RG
    free_RTG = np.repeat(truth.real_RG[:, None], num_thresholds, axis=1)
    near = np.flatnonzero(found.row_D >= 0)
    near = near[np.argsort(found.rank_D[near], kind="stable")]
    ends = np.cumsum(np.bincount(found.rank_D[near]))
    for turn in np.split(near, ends[:-1]):
        rows = found.row_D[turn]
        close = found.iou_DG[turn][:, None] >= COCO_IOUS[:, None]
        chosen, any_chosen = _choose(
            close & free_RTG[rows], ignored_RG[rows][:, None], found.iou_DG[turn][:, None]
        )
        ignored = ignored_RG[rows[:, None], chosen]
        hit[turn], counts[turn] = any_chosen & ~ignored, ~(any_chosen & ignored)
        where, threshold = np.nonzero(any_chosen & ~truth.crowd_RG[rows[:, None], chosen])
        free_RTG[rows[where], threshold, chosen[where, threshold]] = False
    return hit, counts


def _choose(
    possible: Booleans, ignored: Booleans, iou: Floats
) -> tuple[NDArray[np.intp], Booleans]:
    """Along the last axis: the largest overlap among boxes that count, else among the others.

    Of equal ones the last, as pycocotools does. Also whether there was any.
    """
    counting = possible & ~ignored
    possible = np.where(counting.any(-1, keepdims=True), counting, possible)
    backwards = np.where(possible, iou, -1.0)[..., ::-1]
    last = possible.shape[-1] - 1 - backwards.argmax(-1)
    return last, np.asarray(possible.any(-1))
