# ruff: noqa: N803, N806 - shape suffixes
"""How much there is to learn from an image: the doubt whether its boxes are right.

N = images, D = detections of all images together, C = classes.

The doubt about a box is the binary entropy of the probability that it is right, as
`job.acquisition.features.rightness` has it, in units of its maximum ln 2. The doubt about an image
is the mean of the three highest of its boxes.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.checks import check_classes
from job.acquisition.features.objects import ObjectBoxes, score_empty
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.rightness import READS, Rightness, distributions
from job.acquisition.numerics.aggregation import aggregate, first_highest, keep_highest
from job.acquisition.numerics.class_quotas import class_weights
from job.acquisition.numerics.uncertainty import entropy
from job.acquisition.strategy import Images, Task
from job.records.arrays import Float64s
from job.records.record_part import RecordPart

MOST_DOUBTFUL = 3
"""The boxes of an image whose mean is the doubt about the image."""

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
    num_true_positives: int
    """The true positives in labelled images, which is what the doubts are learned from."""

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
    rightness = Rightness.of(task, boxes)
    weights_C = class_weights(np.array([task.class_counts[name] for name in task.classes]))
    rows_of = partial(_rows, rightness=rightness, weights_C=weights_C, boxes=boxes)
    ids, rows = read_rows(images, READS, partial(rows_of, classes=task.classes), DOUBT)
    score_empty(rows["score"], rows["num_boxes"])
    return Doubts(ids, rows, rightness.regressions.num_true)


def _rows(
    part: RecordPart,
    rightness: Rightness,
    weights_C: Float64s,
    boxes: ObjectBoxes,
    classes: tuple[str, ...],
) -> NDArray[np.void]:
    check_classes(part, classes)
    kept = boxes.objects(part)
    predicted_D, q_D = kept.predicted, rightness.probabilities(kept)
    doubt_D = entropy(distributions(q_D)) / np.log(2)
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
