# ruff: noqa: N803, N806 - shape suffixes
"""How much there is to learn from an image: the doubt whether its boxes are right.

N = images, D = detections of all images together, C = classes.

A detection is right if it is a true positive. The probability of that is a logistic regression for
each class on (ln(1 + boxes before suppression), logit of the confidence), fitted on the labelled
images. The model was trained on those, so the probability q is too far from 1/2:
q' = 1/2 + 0.7 (q - 1/2). The doubt about a box is the binary entropy of q', in units of its maximum
ln 2, so it has a meaning for a single class too, which entropies and margins between classes do not
have. The doubt about an image is the mean of the three highest of its boxes.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.checks import check_classes
from job.acquisition.features.objects import READS as OBJECT_READS
from job.acquisition.features.objects import ObjectBoxes, confidences
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.true_positives import Fit, is_true_positive, probabilities
from job.acquisition.numerics.aggregation import aggregate, first_highest, keep_highest
from job.acquisition.numerics.logistic_regression import Logistic
from job.acquisition.numerics.uncertainty import entropy
from job.acquisition.strategy import Images, Task
from job.records.arrays import Float64s, Integers
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

READS = OBJECT_READS | {"num_overlaps"}
READS_LABELLED = READS | GROUND_TRUTH_COLUMNS

MOST_DOUBTFUL = 3
"""The boxes of an image whose mean is the doubt about the image."""
MIN_IOU = 0.5
SHRINKAGE = 0.7
EMPTY_QUANTILE = 0.1
"""An image without a box that counts has this quantile of the doubts about the others."""
_MAX_WEIGHT = 8.0
_ROUNDING = 1e-6

DOUBT = np.dtype(
    [
        ("score", np.float64),  # the doubt about the image
        ("num_boxes", np.int32),  # the boxes that count
        ("class", np.int16),  # of the most doubtful box
        ("right", np.float64),  # the probability that it is a true positive
        ("weight", np.float64),  # the mean of the boxes' class weights; 1 without boxes
    ]
)
"""One row for each image."""


@dataclass(frozen=True)
class Doubts:
    """The doubt about each of some images."""

    ids: list[str]
    """In ascending order."""
    rows: NDArray[np.void]
    """(N,), of type `DOUBT`."""

    def told(self, row: int, classes: tuple[str, ...]) -> str:
        """Return the doubt about an image in words."""
        image = self.rows[row]
        if not image["num_boxes"]:
            return "no box that counts"
        boxes = "1 box" if image["num_boxes"] == 1 else f"{image['num_boxes']} boxes"
        name = classes[image["class"]]
        return f"{boxes}; least certain: {name}, {image['right']:.0%} likely to be right"


def doubts(images: Images, task: Task, boxes: ObjectBoxes) -> Doubts:
    """Return the doubt about each image.

    Raises:
        BadDataError: An image has no row, or a number that is not finite; or the record has other
            classes than the data set.
        ConfigError: There is no score record.
    """
    models = Fit(
        min_iou=MIN_IOU,
        min_detections=6,
        ridge=1.0,
        prepare=boxes.objects,
        features=features,
        columns=READS_LABELLED,
    ).by_class(task)
    weights_C = class_weights(np.array([task.class_counts[name] for name in task.classes]))
    rows_of = partial(_rows, models=models, weights_C=weights_C, boxes=boxes, classes=task.classes)
    ids, rows = read_rows(images, READS, rows_of, DOUBT)
    is_empty_N = rows["num_boxes"] == 0
    if not is_empty_N.all():
        rows["score"][is_empty_N] = np.quantile(rows["score"][~is_empty_N], EMPTY_QUANTILE)
    return Doubts(ids, rows)


def features(part: RecordPart) -> Float64s:
    """Return the two features of each detection: (D, 2)."""
    confidence_D = np.clip(confidences(part), _ROUNDING, 1 - _ROUNDING)
    logit_D = np.log(confidence_D / (1 - confidence_D))
    return np.column_stack([np.log1p(part.num_overlaps), logit_D])


def class_weights(counts_C: Integers) -> Float64s:
    """Return the mean number of labelled boxes a class, over that of each class: (C,).

    From 1/8 to 8. Without labelled boxes, all are 1.
    """
    if not counts_C.any():
        return np.ones(len(counts_C))
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(counts_C.mean() / counts_C, 1 / _MAX_WEIGHT, _MAX_WEIGHT))


def num_true_positives(task: Task, boxes: ObjectBoxes) -> int:
    """Return how many detections in labelled images are true positives."""
    return sum(
        int(is_true_positive(boxes.objects(part), MIN_IOU).sum())
        for part in task.labelled.record.parts(READS_LABELLED)
    )


def _rows(
    part: RecordPart,
    models: list[Logistic | None],
    weights_C: Float64s,
    boxes: ObjectBoxes,
    classes: tuple[str, ...],
) -> NDArray[np.void]:
    check_classes(part, classes)
    kept = boxes.objects(part)
    predicted_D, confidence_D = kept.predicted, confidences(kept)
    q_D = probabilities(models, features(kept), predicted_D, confidence_D)
    shrunk_D = 0.5 + SHRINKAGE * (q_D - 0.5)
    doubt_D = entropy(np.stack([shrunk_D, 1 - shrunk_D], axis=1)) / np.log(2)
    rows = np.zeros(len(kept.ids), DOUBT)
    rows["score"] = aggregate(
        *keep_highest(doubt_D, kept.offsets, MOST_DOUBTFUL), "mean", empty_score=0.0
    )
    rows["num_boxes"] = kept.num_detections
    rows["weight"] = aggregate(weights_C[predicted_D], kept.offsets, "mean", empty_score=1.0)
    top = first_highest(doubt_D, kept.offsets)
    (some,) = np.nonzero(kept.num_detections)
    rows["class"][some], rows["right"][some] = predicted_D[top], q_D[top]
    return rows
