# ruff: noqa: N803, N806 - shape suffixes
"""Whether a detection is right: what labelled images say, and what they say of others by it.

D = detections of some images together, K = features of a detection.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.reasons import check_classes, check_finite
from job.acquisition.numerics.logistic_regression import Logistic, fit
from job.acquisition.numerics.uncertainty import Float64s
from job.acquisition.strategy import Labelled
from job.records.arrays import Integers
from job.records.score_record import TRUTH_COLUMNS, ScoreRecord

COLUMNS = frozenset({"probabilities", "objectness", "num_overlaps"})
LABELLED_COLUMNS = COLUMNS | TRUTH_COLUMNS


def features(part: ScoreRecord, predicted_D: Integers) -> Float64s:
    """Return the boxes before suppression, and the confidence, of each detection: (D, 2).

    Args:
        part: A record with `COLUMNS`.
        predicted_D: Its `predicted`.

    Raises:
        BadDataError: A confidence is not a finite number; the message names its image.
    """
    best_D = part.probabilities[np.arange(len(predicted_D)), predicted_D]
    # A sum of probabilities in single precision may be a little above 1.
    confidence_D = np.minimum(best_D.astype(np.float64) * part.objectness, 1.0)
    check_finite(part, confidence_D)
    return np.column_stack([part.num_overlaps, confidence_D]).astype(np.float64)


def is_true_positive(part: ScoreRecord, min_iou: float) -> NDArray[np.bool_]:
    """Whether each detection is the best that finds its true box: (D,).

    It finds the true box that it overlaps most, if that is of its class and the IoU is
    `min_iou` or more. A second detection of a box is wrong. Unlike Pascal VOC's rule, one that
    overlaps a box of another class more is wrong too, and a difficult box is like any other.

    Args:
        part: A record of labelled images, read with `job.records.score_record.TRUTH_COLUMNS`; an image's
            detections come best first.
        min_iou: From 0 to 1.
    """
    truth = part.truth
    if truth is None:
        message = "the record was read without its truth"
        raise AttributeError(message)
    row_D = truth.rows(part.image_of_detection)
    (close,) = np.nonzero((row_D >= 0) & (truth.iou >= min_iou))
    close = close[truth.classes[row_D[close]] == part.predicted[close]]
    _, firsts = np.unique(row_D[close], return_index=True)
    hits_D = np.zeros(len(row_D), bool)
    hits_D[close[firsts]] = True
    return hits_D


def fit_classes(
    labelled: Labelled,
    *,
    min_iou: float,
    min_detections: int,
    min_confidence: float,
    ridge: float,
) -> list[Logistic | None]:
    """Return for each class the regression of being right on `features`, or none.

    A class with too few detections, or none of one kind, has the regression of all classes
    together; there is none where that has too few or is one-sided itself.

    Args:
        labelled: Its record is read with `LABELLED_COLUMNS`.
        min_iou: From which overlap on a detection may be right.
        min_detections: The fewest that a regression is fitted on.
        min_confidence: Detections below it do not count.
        ridge: Penalty on the squared weights.

    Raises:
        BadDataError: The record has other classes, or a number that is not finite.
    """
    classes = list(labelled.class_counts)
    found = [(np.empty((0, 2)), np.empty(0, bool), np.empty(0, np.int64))]
    for part in labelled.record.parts(LABELLED_COLUMNS):
        check_classes(part, classes)
        predicted_D = part.predicted
        part_DK = features(part, predicted_D)
        counted_D = part_DK[:, 1] >= min_confidence
        right_D = is_true_positive(part, min_iou)
        found.append((part_DK[counted_D], right_D[counted_D], predicted_D[counted_D]))
    x_DK, right_D, label_D = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.lexsort(
        (right_D, *x_DK.T)
    )  # so that no sum depends on the order of the record's rows
    x_DK, right_D, label_D = x_DK[order], right_D[order], label_D[order]

    def fit_on(some_D: NDArray[np.bool_]) -> Logistic | None:
        outcomes = right_D[some_D]
        if len(outcomes) < min_detections or outcomes.all() or not outcomes.any():
            return None
        return fit(x_DK[some_D], outcomes, ridge)

    together = fit_on(np.ones(len(x_DK), bool))
    return [fit_on(label_D == label) or together for label in range(len(classes))]


def probabilities(
    models: Sequence[Logistic | None], features_DK: Float64s, label_D: Integers
) -> Float64s:
    """Return each detection's probability of being right, by its class's regression: (D,).

    Without a regression it is the confidence.
    """
    right_D = features_DK[:, 1].copy()
    for label, model in enumerate(models):
        if model is not None:
            (mine,) = np.nonzero(label_D == label)
            right_D[mine] = model.predict(features_DK[mine])
    return right_D
