# ruff: noqa: N803, N806 - shape suffixes
"""What is remembered of an image to say in words why it was picked: its box that counts most.

N = images, D = detections of all images together, K = classes, background among them if it counts.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.acquisition.numerics.aggregation import first_highest
from job.acquisition.numerics.uncertainty import Float64s
from job.errors import BadDataError
from job.records.arrays import Floats
from job.records.score_record import ScoreRecord

EVIDENCE = np.dtype(
    [
        ("score", np.float64),
        ("num_boxes", np.int32),  # those that count
        ("first", np.int16),  # the box's most probable class
        ("second", np.int16),  # the next one; -1 where there is but one class
        ("value", np.float64),  # the box's uncertainty
        ("weight", np.float64),  # what that was multiplied by
    ]
)
"""One row an image; where none of its boxes counts, only its score means anything."""

Evidence = NDArray[Any]


def gather(
    part: ScoreRecord,
    scores_N: Float64s,
    p_DK: Float64s,
    values_D: Float64s,
    weights_D: Float64s | None = None,
) -> Evidence:
    """Return the evidence for a part's images: (N,), of type `EVIDENCE`.

    A box whose weight is 0 does not count.
    """
    evidence = np.zeros(len(part.ids), EVIDENCE)
    evidence["score"] = scores_N
    evidence["num_boxes"] = part.num_detections
    weighted_D = values_D
    if weights_D is not None:
        weighted_D = values_D * weights_D
        counted = part.image_of_detection[weights_D > 0]
        evidence["num_boxes"] = np.bincount(counted, minlength=len(part.ids))
    top = first_highest(weighted_D, part.offsets)
    some = np.nonzero(part.num_detections)[0]
    evidence["first"][some], evidence["second"][some] = _two_best_classes(p_DK[top])
    evidence["value"][some] = values_D[top]
    evidence["weight"][some] = 1.0 if weights_D is None else weights_D[top]
    return evidence


def _two_best_classes(p_NK: Float64s) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first_N = p_NK.argmax(axis=1)
    if p_NK.shape[1] == 1:
        return first_N, np.full_like(first_N, -1)
    rest_NK = p_NK.copy()
    rest_NK[np.arange(len(p_NK)), first_N] = -np.inf
    return first_N, rest_NK.argmax(axis=1)


def describe(image: Any, classes: Sequence[str], measure: str) -> str:
    """Say why an image has its score.

    Args:
        image: Its row of the evidence.
        classes: The classes' names, in the order of the probabilities.
        measure: The uncertainty of its box that counts most, in words.
    """
    num_boxes = int(image["num_boxes"])
    if num_boxes == 0:
        return f"no box that counts: score {image['score']:g}"
    box = classes[image["first"]]
    if image["second"] >= 0:
        box += f" against {classes[image['second']]}"
    lead = "1 box:" if num_boxes == 1 else f"{num_boxes} boxes, most uncertain:"
    return f"{lead} {box}, {measure}"


def check_finite(part: ScoreRecord, values_D: Floats) -> None:
    """Refuse a value that the maximum of an image, or its few highest, could hide.

    Raises:
        BadDataError: A detection's value is not a finite number; the message names its image.
    """
    wrong_D = ~np.isfinite(values_D)
    if wrong_D.any():
        image_id = str(part.ids[part.image_of_detection[wrong_D.argmax()]])
        message = (
            f"image {image_id!r} has a detection whose probabilities are not finite numbers: "
            "score the round before again"
        )
        raise BadDataError(message)


def check_classes(part: ScoreRecord, classes: Sequence[str]) -> None:
    """Hold the record's classes against the labels'.

    Raises:
        BadDataError: Their numbers differ.
    """
    if part.probabilities.shape[1] != len(classes):
        message = (
            f"the score record has {part.probabilities.shape[1]} classes, the labels have "
            f"{len(classes)} ({', '.join(classes)}): both must be of one data set"
        )
        raise BadDataError(message)
