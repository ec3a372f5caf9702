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
- Boxes. The published code counts boxes from a probability of 0.05 on whose size, the square root
  of the area, is above 16 pixels and whose aspect is below 5. Here, the size is a share of the
  image's: 0.03, which is 16 pixels of COCO's 640 x 480. And the probability is at least 0.3
  (`min_confidence`): the detector of the paper is trained on thousands of images. With few, nearly
  all boxes from 0.05 on are background, and the sum ranks images by the number of these.
- An image without a box that counts has the 0.1 quantile of the others' uncertainty. In the
  published code, it has 0 and comes last.
- With a single class the entropy of classes is 0. Then, it is that of being right (`rightness`).
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
from typing import Any, Literal

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from job.acquisition.features.best_rows import BestRows
from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.objects import confidences, empty_ties, score_empty
from job.acquisition.features.reasons import EXPLANATION, Explanations, reason
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.uncertain_boxes import Reading, UncertainBoxes
from job.acquisition.numerics import uncertainty
from job.acquisition.numerics.aggregation import aggregate
from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.k_medoids import assign, k_medoids
from job.acquisition.numerics.top_k import top_k
from job.acquisition.strategy import Pick, Selection, Task
from job.config.section import UnitInterval
from job.records.arrays import Float32s, Float64s, Integers
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

FARTHEST = 2.0
"""The distance of a box to an image without its class, and of opposite features."""
_BLOCK = 2**23
"""At most this many distances are computed at once."""


class Ppal(UncertainBoxes):
    """Selects a diverse part of the most uncertain images; difficult classes have a higher weight.

    Without labelled boxes, all classes have the highest difficulty, and so the same weight.
    """

    min_side: UnitInterval = 0.03
    """Boxes below this size do not count: the square root of the box's area, as a share of that of
    the image's."""
    quality_exponent: UnitInterval = 0.6
    """xi: in the quality of a labelled box, the weight of the probability of its class; the weight
    of the IoU is 1 - xi."""
    alpha: PositiveFloat = 0.3
    """How fast a class's weight rises with its difficulty."""
    beta: NonNegativeFloat = 0.2
    """How much difficulty can add at most to a class's weight of 1."""
    entropy: Literal["classes", "binary"] = "classes"
    """The uncertainty of a box: the entropy of its class distribution, or as `rightness` says
    (`classes`), or that of the probability of its most probable class alone (`binary`); in nats."""
    oversample: PositiveInt = 4
    """How many images are considered for diversity, as a multiple of the budget: those with the
    highest uncertainty."""

    @property
    def reads(self) -> frozenset[str]:
        """The boxes with their features, classes and confidences."""
        return super().reads | {"box_features"}

    @property
    def reads_labelled(self) -> frozenset[str]:
        """What tells how difficult classes are, and of boxes whether they are right."""
        return super().reads_labelled | GROUND_TRUTH_COLUMNS | {"probabilities", "objectness"}

    def cannot_rank(self, num_classes: int) -> str | None:
        """With one class, the entropy of the classes is 0; that of being right is not."""
        if self.entropy == "binary" or super().cannot_rank(num_classes) is None:
            return None
        return (
            "the entropy of a single class is 0, so the first images by id are considered for "
            "diversity; leave `rightness` unset, and images are told apart"
        )

    def select(self, task: Task) -> Selection:
        """Select the medoids of the most uncertain images, the most uncertain of them first."""
        weights_C, reading = self.class_weights(task), self.reading(task)
        best = BestRows(task.unlabelled.record, self.reads, self.oversample * task.budget)
        score_part = partial(self._score_part, reading=reading, weights_C=weights_C, best=best)
        ids, images = read_rows(task.unlabelled, self.reads, score_part, EXPLANATION)
        score_empty(images["score"], images["num_boxes"], self.empty_score)
        ties = empty_ties(images["num_boxes"], self.empty_score, task.rng)
        uncertain = top_k(images["score"], self.oversample * task.budget, ties)
        places, sizes = np.arange(len(uncertain)), np.ones(len(uncertain), np.int64)
        if task.budget < len(uncertain):
            boxes = self._read_boxes(best, [ids[row] for row in uncertain])
            distances_MM = distances_of(boxes)
            places = k_medoids(distances_MM, task.budget)  # ascending: the most uncertain first
            sizes = np.bincount(assign(distances_MM, places))
        picks = []
        for row, size in zip(uncertain[places].tolist(), sizes, strict=True):
            why = reason(images[row], task.classes, self._told(images[row], reading))
            why = f"{why}; stands for {size} of {len(uncertain)} uncertain images"
            picks.append(Pick(ids[row], float(images["score"][row]), why))
        return Selection(tuple(picks))

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
        self, part: RecordPart, reading: Reading, weights_C: Float64s, best: BestRows
    ) -> Explanations:
        kept, p_DK = reading.read(part)
        check_finite(kept, kept.box_features.sum(axis=1, dtype=np.float32), "features")
        values_D = uncertainty.entropy(p_DK)
        if self.entropy == "binary":
            confidence_D = confidences(kept)
            values_D = uncertainty.entropy(np.stack([confidence_D, 1 - confidence_D], axis=1))
        check_finite(kept, values_D)
        weights_D = weights_C[kept.predicted]
        scores_N = aggregate(values_D * weights_D, kept.offsets, "sum", empty_score=0.0)
        best.add(part, np.where(kept.num_detections > 0, scores_N, -np.inf))
        return reading.explain(kept, scores_N, p_DK, values_D, weights_D)

    def _told(self, image: Any, reading: Reading) -> str:
        about = "" if self.entropy == "binary" else reading.about
        return f"entropy{about} {image['value']:.2f} nats; class weight {image['weight']:.2f}"

    def _read_boxes(self, best: BestRows, ids: list[str]) -> "Boxes":
        """Return the boxes that count of some images, in the order of `ids`."""
        row_of = {image_id: row for row, image_id in enumerate(ids)}
        found: list[tuple[Integers, Integers, Float64s, Float32s]] = []
        for whole in best.parts_of(ids):
            part = self.objects(whole)
            row_N = np.array([row_of[image_id] for image_id in part.ids.tolist()])
            image_D = row_N[part.image_of_detection]
            features_DF = unit(part.box_features)
            found.append((image_D, part.predicted, confidences(part), features_DF))
        image_D, label_D, weight_D, unit_DF = map(np.concatenate, zip(*found, strict=True))
        order = np.argsort(image_D, kind="stable")
        return Boxes(len(ids), image_D[order], label_D[order], weight_D[order], unit_DF[order])


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
    np.subtract(FARTHEST, directed_MM, out=directed_MM)
    directed_MM[np.ix_(~some_M, ~some_M)] = 0
    directed_MM += directed_MM.T
    directed_MM /= 2
    np.fill_diagonal(directed_MM, 0)
    return directed_MM


def _add_class(sums_MM: Float32s, boxes: Boxes, mine: Integers) -> None:
    """Add what the boxes of one class contribute: their weights times their closeness.

    Closeness is what a distance lacks of `FARTHEST`. So an image without the class adds exactly
    nothing, and images that share no class are at exactly that distance.
    """
    image_D, unit_DF = boxes.image_D[mine], boxes.unit_DF[mine]
    firsts = np.flatnonzero(np.diff(image_D, prepend=-1))
    shown = image_D[firsts]  # the images that show the class
    step = max(_BLOCK // max(len(mine), len(sums_MM)), 1)
    for first in range(0, len(mine), step):
        block = slice(first, first + step)
        cosine_BK = np.maximum.reduceat(unit_DF[block] @ unit_DF.T, firsts, axis=1)
        closeness_BK = np.minimum(FARTHEST - 1 + cosine_BK, FARTHEST)
        closeness_BK *= boxes.weight_D[mine[block], None].astype(np.float32)
        starts = np.flatnonzero(np.diff(image_D[block], prepend=-1))
        rows = image_D[block][starts]
        sums_MM[np.ix_(rows, shown)] += np.add.reduceat(closeness_BK, starts, axis=0)
