# ruff: noqa: N803, N806 - shape suffixes
"""Whether the boxes that count are right: the probability that each is a true positive.

D = detections of all images together.

It is a logistic regression for each class on (ln(1 + boxes before suppression), logit of the
confidence), fitted on the labelled images. The model was trained on those, so the probability q is
too far from 1/2: q' = 1/2 + 0.7 (q - 1/2). Its entropy has a meaning for a single class too, which
entropies and margins between classes do not have.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from job.acquisition.features.objects import READS as OBJECT_READS
from job.acquisition.features.objects import ObjectBoxes, confidences
from job.acquisition.features.true_positives import Fit, Regressions
from job.acquisition.strategy import Task
from job.records.arrays import Float64s
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

READS = OBJECT_READS | {"num_overlaps"}
READS_LABELLED = READS | GROUND_TRUTH_COLUMNS

MIN_IOU = 0.5
MIN_DETECTIONS = 6
SHRINKAGE = 0.7
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Rightness:
    """What the labelled images say of the boxes that count."""

    regressions: Regressions

    @classmethod
    def of(cls, task: Task, boxes: ObjectBoxes) -> Self:
        """Learn it from the labelled images of a task.

        Raises:
            BadDataError: The record has other classes, or a number that is not finite.
        """
        fit = Fit(
            min_iou=MIN_IOU,
            min_detections=MIN_DETECTIONS,
            ridge=1.0,
            prepare=boxes.objects,
            features=features,
            columns=READS_LABELLED,
        )
        return cls(fit.fit(task))

    def probabilities(self, kept: RecordPart) -> Float64s:
        """Return the probability q that each box is right: (D,).

        Args:
            kept: A part with the boxes that count alone.
        """
        return self.regressions.probabilities(features(kept), kept.predicted, confidences(kept))


def features(part: RecordPart) -> Float64s:
    """Return the two features of each detection: (D, 2)."""
    confidence_D = np.clip(confidences(part), _ROUNDING, 1 - _ROUNDING)
    logit_D = np.log(confidence_D / (1 - confidence_D))
    return np.column_stack([np.log1p(part.num_overlaps), logit_D])


def distributions(q_D: Float64s) -> Float64s:
    """Return q' and 1 - q', the distributions over right and wrong: (D, 2)."""
    shrunk_D = 0.5 + SHRINKAGE * (q_D - 0.5)
    return np.stack([shrunk_D, 1 - shrunk_D], axis=1)
