# ruff: noqa: N803, N806 - shape suffixes
"""The probability that a detection is a true positive, learned from the labelled images.

D = detections of some images together, K = features of a detection.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.checks import check_classes
from job.acquisition.features.objects import confidences
from job.acquisition.numerics.logistic_regression import Logistic, fit
from job.acquisition.strategy import Task
from job.records.arrays import Float64s, Integers
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

READS = frozenset({"probabilities", "objectness", "num_overlaps"})
READS_LABELLED = READS | GROUND_TRUTH_COLUMNS


def features(part: RecordPart) -> Float64s:
    """Return two features of each detection: boxes before suppression, and confidence: (D, 2).

    Args:
        part: A record with the columns of `READS`.

    Raises:
        BadDataError: A confidence is not a finite number; the message names its image.
    """
    return np.column_stack([part.num_overlaps, confidences(part)]).astype(np.float64)


def is_true_positive(part: RecordPart, min_iou: float) -> NDArray[np.bool_]:
    """Return whether each detection is a true positive: (D,).

    A detection is matched to the ground-truth box that it overlaps most. It is a true positive if
    that box is of its class, if the IoU is at least `min_iou`, and if it is the first detection
    that is matched so to that box. The rule differs from Pascal VOC's in two points: a detection
    that overlaps a box of another class most is a false positive, and a difficult box counts like
    any other.

    Args:
        part: A record of labelled images, with `job.records.score_record.GROUND_TRUTH_COLUMNS`. The
            detections of an image are in descending order of confidence.
        min_iou: From 0 to 1.
    """
    truth = part.ground_truth
    row_D = truth.rows(part.image_of_detection)
    (close,) = np.nonzero((row_D >= 0) & (truth.iou >= min_iou))
    close = close[truth.classes[row_D[close]] == part.predicted[close]]
    _, firsts = np.unique(row_D[close], return_index=True)
    result_D = np.zeros(len(row_D), bool)
    result_D[close[firsts]] = True
    return result_D


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How the regressions are fitted."""

    min_iou: float
    """The IoU from which a detection can be a true positive."""
    min_detections: int
    """A class with fewer detections has no regression of its own."""
    ridge: float
    """The penalty on the squared weights."""
    prepare: Callable[[RecordPart], RecordPart]
    """Leaves out the detections that do not count."""
    features: Callable[[RecordPart], Float64s] = features
    """What the regressions read of each detection: (D, K)."""
    columns: frozenset[str] = READS_LABELLED
    """The columns of the labelled images' record that these two read."""

    def fit(self, task: Task) -> "Regressions":
        """Return the regressions of being a true positive on `features`.

        Args:
            task: The record of its labelled images has the columns of `columns`.

        Raises:
            BadDataError: The record has other classes, or a number that is not finite.
        """
        x_DK, is_true_D, label_D = self._detections(task)
        together = self._fit(x_DK, is_true_D)
        by_class = []
        for label in range(len(task.classes)):
            mine_D = label_D == label
            by_class.append(self._fit(x_DK[mine_D], is_true_D[mine_D]) or together)
        return Regressions(by_class, int(is_true_D.sum()))

    def _detections(self, task: Task) -> tuple[Float64s, NDArray[np.bool_], Integers]:
        """Return the labelled images' detections that count: features, outcomes and classes."""
        found = [(np.empty((0, 2)), np.empty(0, bool), np.empty(0, np.int64))]
        for whole in task.labelled.record.parts(self.columns):
            check_classes(whole, task.classes)
            part = self.prepare(whole)
            is_true_D = is_true_positive(part, self.min_iou)
            found.append((self.features(part), is_true_D, part.predicted))
        x_DK, is_true_D, label_D = (np.concatenate(each) for each in zip(*found, strict=True))
        # Sorted, so that no sum depends on the order of the record's rows.
        order = np.lexsort((is_true_D, *x_DK.T))
        return x_DK[order], is_true_D[order], label_D[order]

    def _fit(self, x_DK: Float64s, is_true_D: NDArray[np.bool_]) -> Logistic | None:
        if len(is_true_D) < self.min_detections or is_true_D.all() or not is_true_D.any():
            return None
        return fit(x_DK, is_true_D, self.ridge)


@dataclass(frozen=True)
class Regressions:
    """The probability of being a true positive, as it was fitted on labelled images."""

    by_class: list[Logistic | None]
    """A class that has too few detections, or only true or only false positives, has the regression
    of all classes together. That one is None for the same reasons."""
    num_true: int
    """The true positives that they were fitted on."""

    def probabilities(
        self, features_DK: Float64s, label_D: Integers, confidence_D: Float64s
    ) -> Float64s:
        """Return the probability that each detection is a true positive, by its class: (D,).

        If there is no regression, it is the confidence.
        """
        result_D = confidence_D.copy()
        for label, model in enumerate(self.by_class):
            if model is not None:
                (mine,) = np.nonzero(label_D == label)
                result_D[mine] = model.predict(features_DK[mine])
        return result_D
