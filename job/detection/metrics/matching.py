# ruff: noqa: N803, N806, N815 - shape suffixes
"""Matching of a class's detections with the ground truth, by the rules of Pascal VOC and COCO.

Shapes: D = detections of the class, best first, R = images that show it, B = its boxes, G = the
largest number of its boxes in one image of a table, T = IoU thresholds.

References: voc_eval of the VOC development kit, and evaluateImg in pycocotools' cocoeval.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from job.records.annotation import Annotation
from job.records.arrays import Floats, Integers

Booleans = NDArray[np.bool_]

VOC_IOU = 0.5
COCO_IOUS = np.linspace(0.5, 0.95, 10)
COCO_MAX_DETECTIONS = 100
"""COCO counts at most so many detections of a class in an image."""
_BLOCK_CELLS = 2**16
"""At most so many pairs of a detection and a box are compared at once, at some 100 bytes each."""


@dataclass(frozen=True)
class Truth:
    """The boxes of one class or of all, image after image; images with the fewest come first."""

    image_R: Integers
    """The images that these boxes are in."""
    first_R: Integers
    """The row of each image's first box."""
    num_R: Integers
    """How many boxes each has, ascending."""
    boxes_B4: Floats
    difficult_B: Booleans
    crowd_B: Booleans

    @property
    def num_boxes(self) -> int:
        """The boxes that have to be found."""
        return int((~self.difficult_B & ~self.crowd_B).sum())


@dataclass(frozen=True)
class Table:
    """The boxes of some images, with room for as many as any of them has."""

    boxes_RG4: Floats
    real_RG: Booleans
    """False where an image has fewer boxes than the table has room for."""
    difficult_RG: Booleans
    crowd_RG: Booleans


@dataclass(frozen=True)
class Found:
    """Detections in the images of a table, best first, and their overlap with the truth."""

    rank_D: Integers
    """The number of better detections in the same image."""
    row_D: Integers
    """The image's row in the table."""
    iou_DG: Floats
    """IoU; with a crowd region, the share of the detection that lies within it; -1 for no box."""


@dataclass(frozen=True)
class Block:
    """Some images with all of their boxes and detections, best first."""

    mine_D: Integers
    """Which of all detections these are."""
    row_D: Integers
    """The row of each one's image in the table."""
    table: Table
    iou_DG: Floats
    """As in `Found`."""
    first_R: Integers
    """The row of each image's first box in the truth."""


@dataclass(frozen=True)
class Matches:
    """Which detections of a class hit, and which count at all."""

    voc_hit_D: Booleans
    voc_counts_D: Booleans
    coco_hit_DT: Booleans
    coco_counts_DT: Booleans


def gather_truth(
    ground_truth: Mapping[str, Annotation], ids: Sequence[str], classes: Sequence[str]
) -> dict[str, Truth]:
    """Return the boxes of each class; images without an entry in `ids` come after the others."""
    shown: dict[str, list[tuple[int, Annotation, list[int]]]] = {name: [] for name in classes}
    for image, annotation in enumerate(_in_order(ground_truth, ids)):
        mine: dict[str, list[int]] = {}
        for position, name in enumerate(annotation.labels):
            mine.setdefault(name, []).append(position)
        for name, positions in mine.items():
            shown[name].append((image, annotation, positions))
    return {name: _truth(each) for name, each in shown.items()}


def gather_boxes(
    ground_truth: Mapping[str, Annotation], ids: Sequence[str]
) -> tuple[Truth, list[str]]:
    """Return the boxes of all classes together, and the class of each; images as `gather_truth`."""
    annotations = _in_order(ground_truth, ids)
    shown = ((image, each) for image, each in enumerate(annotations) if each.labels)
    truth = _truth([(image, each, range(len(each.labels))) for image, each in shown])
    return truth, [name for image in truth.image_R for name in annotations[image].labels]


def _in_order(ground_truth: Mapping[str, Annotation], ids: Sequence[str]) -> list[Annotation]:
    named = set(ids)
    others = (image_id for image_id in ground_truth if image_id not in named)
    return [ground_truth[image_id] for image_id in (*ids, *others)]


def _truth(images: Sequence[tuple[int, Annotation, Sequence[int]]]) -> Truth:
    """Return some boxes, from their images and their positions in them."""
    ordered = sorted(images, key=lambda each: len(each[2]))
    num_R = np.array([len(positions) for _, _, positions in ordered], dtype=np.int64)
    boxes = [annotation.boxes_xyxy[list(positions)] for _, annotation, positions in ordered]
    flags = [(a.difficult[i], a.crowd[i]) for _, a, positions in ordered for i in positions]
    flags_B2 = np.array(flags, dtype=bool).reshape(-1, 2)
    return Truth(
        image_R=np.array([image for image, _, _ in ordered], dtype=np.int64),
        first_R=np.cumsum(num_R) - num_R,
        num_R=num_R,
        boxes_B4=np.concatenate([np.empty((0, 4)), *boxes]),
        difficult_B=flags_B2[:, 0],
        crowd_B=flags_B2[:, 1],
    )


def match(truth: Truth, image_D: Integers, boxes_D4: Floats) -> Matches:
    """Match a class's detections, given best first, with its boxes.

    Images do not influence each other, so they are taken in blocks of about as many boxes: an image
    with many boxes does not make the others' tables larger.
    """
    rank_D = rank_within(image_D)
    seen_D = rank_D < COCO_MAX_DETECTIONS
    shape = len(image_D), len(COCO_IOUS)
    matches = Matches(
        voc_hit_D=np.zeros(len(image_D), dtype=bool),
        voc_counts_D=np.ones(len(image_D), dtype=bool),
        coco_hit_DT=np.zeros(shape, dtype=bool),
        coco_counts_DT=np.repeat(seen_D[:, None], shape[1], axis=1),
    )
    for block in compare(truth, image_D, boxes_D4):
        mine, row_D, table = block.mine_D, block.row_D, block.table
        found = Found(rank_D[mine], row_D, block.iou_DG)
        matches.voc_hit_D[mine], matches.voc_counts_D[mine] = match_voc(table, found)
        seen = seen_D[mine]
        best = Found(found.rank_D[seen], row_D[seen], found.iou_DG[seen])
        hit, counts = match_coco(table, best)
        matches.coco_hit_DT[mine[seen]], matches.coco_counts_DT[mine[seen]] = hit, counts
    return matches


def compare(truth: Truth, image_D: Integers, boxes_D4: Floats) -> Iterator[Block]:
    """Yield detections, given best first, beside the boxes of their images; not of all at once.

    Detections in an image without a box are in no block.
    """
    for rows_R, mine_D in _blocks(truth, image_D):
        table = _table(truth, rows_R)
        row_of_image = {image: row for row, image in enumerate(truth.image_R[rows_R].tolist())}
        row_D = np.array([row_of_image[image] for image in image_D[mine_D].tolist()])
        iou_DG = _overlap(boxes_D4[mine_D], table, row_D)
        yield Block(mine_D, row_D, table, iou_DG, truth.first_R[rows_R])


def _blocks(truth: Truth, image_D: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Yield rows of the truth with detections, and the detections, still best first.

    Detections times boxes is at most `_BLOCK_CELLS` in a block, unless a single image has more.
    """
    order = np.argsort(image_D, kind="stable")
    ordered = image_D[order]
    begin_R = np.searchsorted(ordered, truth.image_R, side="left")
    end_R = np.searchsorted(ordered, truth.image_R, side="right")
    rows: list[int] = []
    num_detections = 0
    for row in np.flatnonzero(end_R > begin_R).tolist():
        more = int(end_R[row] - begin_R[row])
        if rows and (num_detections + more) * truth.num_R[row] > _BLOCK_CELLS:
            yield _block(rows, order, begin_R, end_R)
            rows, num_detections = [], 0
        rows.append(row)
        num_detections += more
    if rows:
        yield _block(rows, order, begin_R, end_R)


def _block(
    rows: list[int], order: Integers, begin_R: Integers, end_R: Integers
) -> tuple[Integers, Integers]:
    mine = np.concatenate([order[begin_R[row] : end_R[row]] for row in rows])
    return np.array(rows), np.sort(mine)


def _table(truth: Truth, rows_R: Integers) -> Table:
    """Return the table of some rows of the truth."""
    slot_G = np.arange(truth.num_R[rows_R].max())
    real_RG = slot_G < truth.num_R[rows_R, None]
    box_RG = np.where(real_RG, truth.first_R[rows_R, None] + slot_G, 0)
    return Table(
        boxes_RG4=truth.boxes_B4[box_RG],
        real_RG=real_RG,
        difficult_RG=truth.difficult_B[box_RG] & real_RG,
        crowd_RG=truth.crowd_B[box_RG] & real_RG,
    )


def rank_within(image_D: Integers) -> Integers:
    """Return how many detections of the same image, or of the same of anything, precede each."""
    order = np.argsort(image_D, kind="stable")
    ordered = image_D[order]
    first = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order)) - first
    return rank


def _overlap(boxes_D4: Floats, table: Table, row_D: Integers) -> Floats:
    """Return each detection's IoU with its image's boxes; with a crowd, its share within it."""
    boxes_D14, truth_DG4 = boxes_D4[:, None], table.boxes_RG4[row_D]
    corner = np.maximum(boxes_D14[..., :2], truth_DG4[..., :2])
    other = np.minimum(boxes_D14[..., 2:], truth_DG4[..., 2:])
    shared = np.prod(np.clip(other - corner, 0, None), -1)
    own, theirs = (np.prod(each[..., 2:] - each[..., :2], -1) for each in (boxes_D14, truth_DG4))
    whole = np.where(table.crowd_RG[row_D], own, own + theirs - shared)
    iou = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    return np.where(table.real_RG[row_D], iou, -1.0)


def match_voc(table: Table, found: Found) -> tuple[Booleans, Booleans]:
    """Return which detections hit, and which count at all: (D,), (D,).

    A detection is compared with the box that it overlaps most. The first one with a box hits it.
    """
    rows, iou = found.row_D, found.iou_DG
    crowd = table.crowd_RG[rows]
    single = np.where(crowd, -1.0, iou)
    best = single.argmax(1)
    close = single.max(1) >= VOC_IOU
    easy = ~table.difficult_RG[rows, best]
    box = rows * table.real_RG.shape[1] + best
    eligible = np.flatnonzero(close & easy)
    _, first = np.unique(box[eligible], return_index=True)
    hit = np.zeros(len(rows), dtype=bool)
    hit[eligible[first]] = True
    within_crowd = (crowd & (iou >= VOC_IOU)).any(1)
    return hit, hit | ~((close & ~easy) | within_crowd)


def match_coco(table: Table, found: Found) -> tuple[Booleans, Booleans]:
    """Return which detections hit at each threshold, and which count at all: (D, T), (D, T).

    An image's detections choose in turn, best first, among the boxes that are left; all images
    take the same turn at once. A crowd region is never used up.
    """
    num_thresholds = len(COCO_IOUS)
    hit = np.zeros((len(found.row_D), num_thresholds), dtype=bool)
    counts = np.ones_like(hit)
    ignored_RG = table.difficult_RG | table.crowd_RG
    free_RTG = np.repeat(table.real_RG[:, None], num_thresholds, axis=1)
    order = np.argsort(found.rank_D, kind="stable")
    ends = np.cumsum(np.bincount(found.rank_D))
    for turn in np.split(order, ends[:-1]):
        rows = found.row_D[turn]
        close = found.iou_DG[turn][:, None] >= COCO_IOUS[:, None]
        chosen, any_chosen = _choose(
            close & free_RTG[rows], ignored_RG[rows][:, None], found.iou_DG[turn][:, None]
        )
        ignored = ignored_RG[rows[:, None], chosen]
        hit[turn], counts[turn] = any_chosen & ~ignored, ~(any_chosen & ignored)
        where, threshold = np.nonzero(any_chosen & ~table.crowd_RG[rows[:, None], chosen])
        free_RTG[rows[where], threshold, chosen[where, threshold]] = False
    return hit, counts


def _choose(
    possible: Booleans, ignored: Booleans, iou: Floats
) -> tuple[NDArray[np.intp], Booleans]:
    """Return, along the last axis, the box of the largest overlap, and whether there is one.

    Boxes that count go before those that are ignored. If two are equal, the last one wins, as in
    pycocotools.
    """
    counting = possible & ~ignored
    possible = np.where(counting.any(-1, keepdims=True), counting, possible)
    backwards = np.where(possible, iou, -1.0)[..., ::-1]
    last = possible.shape[-1] - 1 - backwards.argmax(-1)
    return last, np.asarray(possible.any(-1))
