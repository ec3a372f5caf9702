# ruff: noqa: N803, N806, N815 - shape suffixes
"""PPAL: uncertainty weighted by the difficulty of classes, then images that differ.

Yang, Huang and Crowley: Plug and Play Active Learning for Object Detection, CVPR 2024.

Where we differ, and why:

- Difficulty. The quality of a box is p^xi * IoU^(1 - xi). The paper keeps its moving average, over
  about the last 100 steps and training's positive anchors. Here it is the mean over the labelled
  boxes. A box is matched to the finished model's detections that overlap it more than any other
  box, and its quality is the best of theirs, or 0 if there are none. So every box counts once,
  nothing depends on the order of training, and another xi can be replayed.
- Entropy. The paper's text has the entropy of a box's class distribution. Its code, for detectors
  whose classes are independent, has that of the best class's probability alone. The setting
  `entropy` chooses.
- k-medoids begins with the most uncertain image. The published code draws one at random.
- Two images without boxes are at distance 0, and an image without boxes is at the largest possible
  distance to one with boxes. In the published code both distances are 0, which it marks as a
  possible fault.
- The distance of two boxes is always that of their features. In the published code it is 0 between
  the first boxes of any two images if they are of one class, between the second boxes, and so on.
  That is meant for an image's distance to itself, but it draws all images together.

D = detections of some images together, C = classes, F = length of a box feature, T = labelled
boxes, M = images that are considered for diversity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.reasons import EXPLANATION, Explanations, explain_images, reason
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics import uncertainty
from job.acquisition.numerics.aggregation import aggregate
from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.k_medoids import assign, k_medoids
from job.acquisition.numerics.top_k import top_k
from job.acquisition.strategy import Pick, Record, Selection, Strategy, Task
from job.config.section import UnitInterval
from job.records.arrays import Float32s, Float64s, Integers
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

FARTHEST = 2.0
"""The distance of a box to an image without its class, and of opposite features."""
_BLOCK = 2**23
"""At most this many distances are computed at once."""


class Ppal(Strategy):
    """Selects a diverse part of the most uncertain images; difficult classes have a higher weight.

    An image without detections has an uncertainty of 0. Without labelled boxes, all classes have
    the highest difficulty, and so the same weight.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"probabilities", "objectness", "box_features"})
    reads_labelled: ClassVar[frozenset[str]] = GROUND_TRUTH_COLUMNS | {
        "probabilities",
        "objectness",
    }

    quality_exponent: UnitInterval = 0.6
    """xi: in the quality of a labelled box, the weight of the probability of its class; the weight
    of the IoU is 1 - xi."""
    alpha: PositiveFloat = 0.3
    """How fast a class's weight rises with its difficulty."""
    beta: NonNegativeFloat = 0.2
    """How much difficulty can add at most to a class's weight of 1."""
    min_confidence: UnitInterval = 0.05
    """Boxes below this probability of their class do not count."""
    entropy: Literal["classes", "binary"] = "classes"
    """The uncertainty of a box: the entropy of its class distribution (`classes`), or of the
    probability of its most probable class alone (`binary`); in nats."""
    oversample: PositiveInt = 4
    """How many images are considered for diversity, as a multiple of the budget: those with the
    highest uncertainty."""

    def cannot_rank(self, num_classes: int) -> str | None:
        """With one class, the entropy of the classes is 0; that of being right is not."""
        if num_classes > 1 or self.entropy == "binary":
            return None
        return (
            "the entropy of a single class is 0, so the first images by id are considered for "
            "diversity; `entropy: binary` tells images apart"
        )

    def select(self, task: Task) -> Selection:
        """Select the medoids of the most uncertain images, the most uncertain of them first."""
        weights_C = self.class_weights(task)
        score_part = partial(self._score_part, classes=task.classes, weights_C=weights_C)
        ids, images = read_rows(task.unlabelled, self.reads, score_part, EXPLANATION)
        uncertain = top_k(images["score"], self.oversample * task.budget)
        places, sizes = np.arange(len(uncertain)), np.ones(len(uncertain), np.int64)
        if task.budget < len(uncertain):
            boxes = self._read_boxes(task.unlabelled.record, [ids[row] for row in uncertain])
            distances_MM = distances_of(boxes)
            places = k_medoids(distances_MM, task.budget)  # ascending: the most uncertain first
            sizes = np.bincount(assign(distances_MM, places))
        return Selection(
            tuple(
                Pick(
                    ids[row],
                    float(images["score"][row]),
                    f"{reason(images[row], task.classes, _measure(images[row]))}; stands for "
                    f"{size} of {len(uncertain)} uncertain images",
                )
                for row, size in zip(uncertain[places].tolist(), sizes, strict=True)
            )
        )

    def class_weights(self, task: Task) -> Float64s:
        """Return w_c = 1 + alpha beta ln(1 + (e^(1/alpha) - 1) d_c): (C,).

        The difficulty d_c is 1 - the mean quality of the labelled boxes of class c.
        """
        classes = task.classes
        found = [(np.empty(0, np.int64), np.empty(0))]
        parts = task.labelled.record.parts(self.reads_labelled)
        found.extend(self._qualities(part, classes) for part in parts)
        label_T, quality_T = (np.concatenate(each) for each in zip(*found, strict=True))
        order = np.argsort(quality_T)  # so that no sum depends on the order of the record's rows
        sums_C = np.bincount(label_T[order], quality_T[order], len(classes))
        quality_C = sums_C / np.maximum(np.bincount(label_T, minlength=len(classes)), 1)
        with np.errstate(divide="ignore"):  # ln 0: the logarithm of the sum without e^(1/alpha)
            log_C = np.logaddexp(np.log(quality_C), np.log(1 - quality_C) + 1 / self.alpha)
        return np.asarray(1 + self.alpha * self.beta * log_C)

    def _qualities(self, part: RecordPart, classes: Sequence[str]) -> tuple[Integers, Float64s]:
        """Return the class and the quality of each labelled box of a part: (T,), (T,)."""
        truth = part.ground_truth
        check_classes(part, classes)
        check_finite(part, part.probabilities.sum(axis=1, dtype=np.float32))
        check_finite(part, part.objectness + truth.iou, "objectness values or IoU")
        row_D = truth.rows(part.image_of_detection)
        (some,) = np.nonzero(row_D >= 0)
        label_D = truth.classes[row_D[some]]
        p_D = part.probabilities[some, label_D].astype(np.float64) * part.objectness[some]
        xi = self.quality_exponent
        quality_T = np.zeros(len(truth.classes))
        iou_D = truth.iou[some].astype(np.float64)
        np.maximum.at(quality_T, row_D[some], p_D**xi * iou_D ** (1 - xi))
        return truth.classes, quality_T

    def _score_part(
        self, part: RecordPart, classes: Sequence[str], weights_C: Float64s
    ) -> Explanations:
        check_classes(part, classes)
        p_DC = part.probabilities.astype(np.float64)
        check_finite(part, part.objectness, "objectness values")
        check_finite(part, part.box_features.sum(axis=1, dtype=np.float32), "features")
        confidence_D = _confidence(part)
        if self.entropy == "binary":
            values_D = uncertainty.entropy(np.stack([confidence_D, 1 - confidence_D], axis=1))
        else:
            values_D = uncertainty.entropy(p_DC)
        check_finite(part, values_D)
        weights_D = np.where(confidence_D >= self.min_confidence, weights_C[part.predicted], 0.0)
        scores_N = aggregate(values_D * weights_D, part.offsets, "sum", empty_score=0.0)
        return explain_images(part, scores_N, p_DC, values_D, weights_D)

    def _read_boxes(self, record: Record, ids: list[str]) -> "Boxes":
        """Return the boxes that count of some images, in the order of `ids`."""
        row_of = {image_id: row for row, image_id in enumerate(ids)}
        found: list[tuple[Integers, Integers, Float64s, Float32s]] = []
        for part in record.parts(self.reads):
            row_N = np.array([row_of.get(image_id, -1) for image_id in part.ids.tolist()], np.int64)
            image_D, weight_D = row_N[part.image_of_detection], _confidence(part)
            (ours,) = np.nonzero((image_D >= 0) & (weight_D >= self.min_confidence))
            features_DF = unit(part.box_features[ours])
            found.append((image_D[ours], part.predicted[ours], weight_D[ours], features_DF))
        image_D, label_D, weight_D, unit_DF = map(np.concatenate, zip(*found, strict=True))
        order = np.argsort(image_D, kind="stable")
        return Boxes(len(ids), image_D[order], label_D[order], weight_D[order], unit_DF[order])


def _confidence(part: RecordPart) -> Float64s:
    """Return the probability of each box's most probable class in the full softmax: (D,)."""
    p_D = part.probabilities.astype(np.float64).max(axis=1, initial=0)
    return np.asarray(p_D * part.objectness)


@dataclass(frozen=True)
class Boxes:
    """The boxes of M images, image after image."""

    num_images: int
    image_D: Integers
    label_D: Integers
    weight_D: Float64s
    """Their confidences."""
    unit_DF: Float32s
    """Their features, of length 1."""


def distances_of(boxes: Boxes) -> Float32s:
    """Return the paper's category conditioned matching distance of M images: (M, M), symmetric.

    From image i to j, it is the mean over the boxes of i, weighted by their confidence, of
    1 - cosine to the most similar box of the same class in j, or 2 if j has none. The mean of both
    directions makes it symmetric.
    """
    num_images = boxes.num_images
    sums_MM = np.zeros((num_images, num_images), np.float32)
    for label in np.unique(boxes.label_D):
        (mine,) = np.nonzero(boxes.label_D == label)
        _add_class(sums_MM, boxes, mine)
    total_M = np.bincount(boxes.image_D, boxes.weight_D, num_images)
    some_M = total_M > 0
    directed_MM = sums_MM  # in place: these are the largest arrays
    np.divide(sums_MM, total_M[:, None], out=directed_MM, where=some_M[:, None])
    directed_MM[~some_M] = FARTHEST
    directed_MM[np.ix_(~some_M, ~some_M)] = 0
    directed_MM += directed_MM.T
    directed_MM /= 2
    np.fill_diagonal(directed_MM, 0)
    return directed_MM


def _add_class(sums_MM: Float32s, boxes: Boxes, mine: Integers) -> None:
    """Add what the boxes of one class contribute: their weights times their distances."""
    image_D, unit_DF = boxes.image_D[mine], boxes.unit_DF[mine]
    firsts = np.flatnonzero(np.diff(image_D, prepend=-1))
    shown = image_D[firsts]  # the images that show the class
    step = max(_BLOCK // max(len(mine), len(sums_MM)), 1)
    for first in range(0, len(mine), step):
        block = slice(first, first + step)
        nearest = 1 - np.maximum.reduceat(unit_DF[block] @ unit_DF.T, firsts, axis=1)
        distance_BM = np.full((len(nearest), len(sums_MM)), FARTHEST, np.float32)
        distance_BM[:, shown] = np.maximum(nearest, 0)
        distance_BM *= boxes.weight_D[mine[block], None].astype(np.float32)
        starts = np.flatnonzero(np.diff(image_D[block], prepend=-1))
        sums_MM[image_D[block][starts]] += np.add.reduceat(distance_BM, starts, axis=0)


def _measure(image: Any) -> str:
    return f"entropy {image['value']:.2f} nats; class weight {image['weight']:.2f}"
