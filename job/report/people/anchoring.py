# ruff: noqa: N803, N806, N815 - shape suffixes
"""Whether people accept proposals at a rate that labels cannot support.

A proposal that is wrong is removed or moved by whoever looks at it. So the share of proposals that
stay as they are cannot be above the share that are right, but by chance. How many are right is
known where boxes were drawn without any proposal: on the test set, by the same models, above the
same confidence, at the IoU that a hit needs. If more are kept, labels follow the model, which is
then trained on its own mistakes.

That holds as far as the test set shows what the pool shows. If a model is right more often on the
pool, careful people keep more than are right on the test set.

N = images.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from job.detection.metrics.detections import Detections
from job.detection.metrics.matching import gather_truth, match
from job.records.annotation import Annotation
from job.records.arrays import Float64s
from job.report.analysis.intervals import wilson

MIN_IMAGES = 10
"""With fewer images on one of the two sides, nothing is said."""


@dataclass(frozen=True)
class Rate:
    """The share of some boxes of which something holds, with its 95 % interval."""

    count: float
    boxes: float
    images: int
    """With at least one of the boxes."""
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.boxes

    @classmethod
    def of(cls, counts_N: Float64s, boxes_N: Float64s) -> "Rate | None":
        """Return the rate over images; boxes of one image are alike, so each counts less.

        Wilson's interval with the effective number of boxes (Korn and Graubard, Confidence
        Intervals for Proportions with Small Expected Number of Positive Counts Estimated from
        Survey Data, 1998).

        Args:
            counts_N: (N,): the boxes of which it holds.
            boxes_N: (N,): all boxes.

        Returns:
            None for too few images with a box.
        """
        images = int(np.count_nonzero(boxes_N))
        if images < MIN_IMAGES:
            return None
        total = float(boxes_N.sum())
        share = float(counts_N.sum()) / total
        squares = float(((counts_N - share * boxes_N) ** 2).sum())
        effective = float(images)
        if squares:
            variance = images / (images - 1) * squares / total**2
            effective = min(share * (1 - share) / variance, total)
        return cls(share * total, total, images, *wilson(share * effective, effective))


@dataclass(frozen=True)
class Anchoring:
    """The proposals that people kept, beside those that are right on the test set."""

    kept: Rate
    right: Rate
    excess: float
    """The share kept less the share that is right."""
    low: float
    """The lower end of its 95 % interval."""

    @property
    def is_suspicious(self) -> bool:
        """Whether more were kept than are right, beyond chance."""
        return self.low > 0


def anchoring(kept: Rate, right: Rate) -> Anchoring:
    """Return the comparison of two rates, with Newcombe's interval.

    Newcombe, Interval Estimation for the Difference Between Independent Proportions, 1998, method
    10.
    """
    excess = kept.value - right.value
    reach = math.hypot(kept.value - kept.low, right.high - right.value)
    return Anchoring(kept, right, excess, excess - reach)


@dataclass(frozen=True)
class RightBoxes:
    """How many boxes of a model above a confidence are right, image by image of the test set."""

    right_N: Float64s
    boxes_N: Float64s

    @classmethod
    def of(
        cls,
        truth: Mapping[str, Annotation],
        found: Detections,
        classes: Sequence[str],
        min_confidence: float,
    ) -> "RightBoxes":
        """Match a model's detections with the boxes of the test set, as for average precision.

        A box counts for its most probable class alone, as when it is proposed.
        """
        rows = {image_id: row for row, image_id in enumerate(truth)}
        row_of_image = np.array([rows[each] for each in found.ids], np.int64)
        order = np.argsort(-found.scores, kind="stable")
        order = order[found.scores[order] >= min_confidence]
        places_D5 = np.column_stack([found.image_of_detection, found.boxes_xyxy])[order]
        order = order[np.sort(np.unique(places_D5, axis=0, return_index=True)[1])]
        image_D, label_D = found.image_of_detection[order], found.labels[order]
        right_N, boxes_N = np.zeros(len(truth)), np.zeros(len(truth))
        for index, boxes in enumerate(gather_truth(truth, found.ids, classes).values()):
            mine = label_D == index
            matches = match(boxes, image_D[mine], found.boxes_xyxy[order][mine].astype(np.float64))
            row_M = row_of_image[image_D[mine]]
            np.add.at(boxes_N, row_M, matches.voc_counts_D)
            np.add.at(right_N, row_M, matches.voc_hit_D)
        return cls(right_N, boxes_N)


def right_of_all(models: Sequence[tuple[RightBoxes, int]]) -> Rate | None:
    """Return the share of right boxes of several models on the same test images.

    Args:
        models: Each with the number of its proposals that people saw: it counts as much.
    """
    right_N, boxes_N = 0.0, 0.0
    for each, num_proposals in models:
        if each.boxes_N.any():
            weight = num_proposals / each.boxes_N.sum()
            right_N, boxes_N = right_N + weight * each.right_N, boxes_N + weight * each.boxes_N
    return None if isinstance(boxes_N, float) else Rate.of(right_N, boxes_N)
