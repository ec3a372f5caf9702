# ruff: noqa: N803, N806, N815 - shape suffixes
"""What is wrong with each detection, and which boxes are missed: TIDE's kinds of errors.

Shapes: D = detections, best first, G = the largest number of boxes in one image of a table, B = all
boxes of the ground truth.

Reference: Bolya et al. 2020, TIDE, arXiv 2008.08115, section 2.2; its order of the kinds is that of
the authors' `tidecv`. Which detections hit is decided by the rules of our average precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from job.detection.metrics.detections import Detections
from job.detection.metrics.matching import (
    VOC_IOU,
    Block,
    Booleans,
    Found,
    Truth,
    compare,
    gather_boxes,
    match_voc,
)
from job.records.annotation import Annotation
from job.records.arrays import Floats, Integers

Kind = Literal["classification", "localisation", "both", "duplicate", "background", "missed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BACKGROUND_IOU = 0.1
"""A detection that overlaps no box by more is background."""
NO_BOX = -1


@dataclass(frozen=True)
class Boxes:
    """All boxes of the ground truth."""

    image_B: Integers
    """The image's number, by the order of `detections.ids`; others come after these."""
    position_B: Integers
    """Which of its image's boxes each is."""
    label_B: Integers
    """The class's index."""
    counts_B: Booleans
    """Whether it has to be found: it is neither difficult nor a crowd region."""


@dataclass(frozen=True)
class Explained:
    """What each detection is: right, wrong in one way, or not counted."""

    order_D: Integers
    """The row of each in the detections as they were given."""
    label_D: Integers
    score_D: Floats
    hit_D: Booleans
    kind_D: Integers
    """The number of its kind in `KINDS`; -1 if it hits or is not counted."""
    box_D: Integers
    """The box that it hits, should have hit, or has seen twice; `NO_BOX` for both and background,
    and if it is not counted."""
    boxes: Boxes
    num_classes: int

    def is_of(self, kind: Kind) -> Booleans:
        """(D,): whether each detection is an error of a kind."""
        return np.asarray(self.kind_D == KINDS.index(kind))

    def missed(self, min_score: float = 0.0) -> Booleans:
        """(B,): the boxes that are missed: no detection hits them, or would if it were mended.

        Args:
            min_score: Detections with a lower score are left out.
        """
        is_near_D = self.hit_D | self.is_of("classification") | self.is_of("localisation")
        near = self.box_D[is_near_D & (self.score_D >= min_score)]
        missed_B = self.boxes.counts_B.copy()
        missed_B[near] = False
        return missed_B


def explain(
    ground_truth: Mapping[str, Annotation], detections: Detections, classes: Sequence[str]
) -> Explained:
    """Return what is wrong with detections, and which boxes are missed.

    A detection that average precision does not count has no kind. A difficult box of any class
    explains an error as every other box does. A crowd region explains none.

    Args:
        ground_truth: Of every test image, also of those that `detections` does not name.
        detections: As `evaluate` is given them.
        classes: The classes, in the order of the detections' labels.
    """
    order_D = np.argsort(-detections.scores, kind="stable")
    image_D, label_D = detections.image_of_detection[order_D], detections.labels[order_D]
    truth, boxes = _every_box(ground_truth, detections.ids, classes)
    hit_D, counts_D = np.zeros(len(order_D), bool), np.ones(len(order_D), bool)
    kind_D = np.full(len(order_D), KINDS.index("background"))
    box_D = np.full(len(order_D), NO_BOX)
    for block in compare(truth, image_D, detections.boxes_xyxy[order_D].astype(np.float64)):
        mine = block.mine_D
        told = _explain_block(block, label_D[mine], boxes.label_B)
        hit_D[mine], counts_D[mine], kind_D[mine], box_D[mine] = told
    kind_D[hit_D | ~counts_D] = -1
    box_D[~counts_D] = NO_BOX
    scores_D = detections.scores[order_D]
    return Explained(order_D, label_D, scores_D, hit_D, kind_D, box_D, boxes, len(classes))


def _every_box(
    ground_truth: Mapping[str, Annotation], ids: Sequence[str], classes: Sequence[str]
) -> tuple[Truth, Boxes]:
    number_of = {name: number for number, name in enumerate(classes)}
    truth, names = gather_boxes(ground_truth, ids)
    position_B = np.arange(len(names)) - np.repeat(truth.first_R, truth.num_R)
    return truth, Boxes(
        image_B=np.repeat(truth.image_R, truth.num_R),
        position_B=position_B,
        label_B=np.array([number_of[name] for name in names], np.int64),
        counts_B=~truth.difficult_B & ~truth.crowd_B,
    )


def _explain_block(
    block: Block, label_D: Integers, label_B: Integers
) -> tuple[Booleans, Booleans, Integers, Integers]:
    """Return which detections hit, which count, their kinds as errors, and their boxes: (D,)."""
    first_D1 = block.first_R[block.row_D][:, None]
    real_DG = block.table.real_RG[block.row_D]
    box_DG = np.where(real_DG, first_D1 + np.arange(real_DG.shape[1]), 0)
    is_own_DG = label_B[box_DG] == label_D[:, None]
    own_DG = np.where(is_own_DG, block.iou_DG, -1.0)
    rank_D = np.zeros(len(label_D), np.int64)  # only COCO's rules ask for it
    hit_D, counts_D = match_voc(block.table, Found(rank_D, block.row_D, own_DG))
    is_crowd_DG = block.table.crowd_RG[block.row_D]
    single_DG = np.where(is_crowd_DG, -1.0, block.iou_DG)
    own, own_box = _best(np.where(is_own_DG, single_DG, -1.0), box_DG)
    other, other_box = _best(np.where(is_own_DG, -1.0, single_DG), box_DG)
    kind_D = _kinds(own, other)
    is_confused_D = ~hit_D & (kind_D == KINDS.index("classification"))
    box_D = np.where(is_confused_D, other_box, own_box)
    box_D[np.isin(kind_D, (KINDS.index("both"), KINDS.index("background")))] = NO_BOX
    return hit_D, counts_D, kind_D, box_D


def _best(iou_DG: Floats, box_DG: Integers) -> tuple[Floats, Integers]:
    """Return the largest overlap of each detection, and the box that it is with."""
    best = iou_DG.argmax(1)[:, None]
    return np.take_along_axis(iou_DG, best, 1)[:, 0], np.take_along_axis(box_DG, best, 1)[:, 0]


def _kinds(own_D: Floats, other_D: Floats) -> Integers:
    """Return the kind of each detection, if it is an error.

    Args:
        own_D: Its largest overlap with a box of its own class.
        other_D: With one of any other class.
    """
    rules: list[tuple[Kind, Booleans]] = [
        ("localisation", (own_D >= BACKGROUND_IOU) & (own_D < VOC_IOU)),
        ("classification", other_D >= VOC_IOU),
        ("duplicate", own_D >= VOC_IOU),
        ("background", np.maximum(own_D, other_D) <= BACKGROUND_IOU),
    ]
    numbers = [KINDS.index(kind) for kind, _ in rules]
    return np.select([is_so for _, is_so in rules], numbers, KINDS.index("both"))
