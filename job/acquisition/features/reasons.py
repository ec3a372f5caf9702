# ruff: noqa: N803, N806 - shape suffixes
"""Why an image has its score, in words: by the detection that counts most.

N = images, D = detections of all images together, K = classes (with background if it counts).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.acquisition.numerics.aggregation import first_highest
from job.records.arrays import Float64s
from job.records.record_part import RecordPart

EXPLANATION = np.dtype(
    [
        ("score", np.float64),
        ("num_boxes", np.int32),  # the detections that count
        ("first", np.int16),  # the detection's most probable class
        ("second", np.int16),  # the second most probable class; -1 if there is only one class
        ("value", np.float64),  # the detection's uncertainty
        ("weight", np.float64),  # the factor of the uncertainty
    ]
)
"""One row for each image. If no detection counts, only the score and `num_boxes` have a meaning."""

Explanations = NDArray[Any]
"""Rows of type `EXPLANATION`."""


def explain_images(
    part: RecordPart,
    scores_N: Float64s,
    p_DK: Float64s,
    values_D: Float64s,
    weights_D: Float64s | None = None,
) -> Explanations:
    """Return what explains the scores of a part's images: (N,), of type `EXPLANATION`.

    Args:
        part: A part of a score record.
        scores_N: The images' scores.
        p_DK: The class distributions of the detections.
        values_D: The uncertainties of the detections.
        weights_D: Their factors. A detection with a factor of 0 does not count.
    """
    images = np.zeros(len(part.ids), EXPLANATION)
    images["score"] = scores_N
    images["num_boxes"] = part.num_detections
    weighted_D = values_D
    if weights_D is not None:
        weighted_D = values_D * weights_D
        counted = part.image_of_detection[weights_D > 0]
        images["num_boxes"] = np.bincount(counted, minlength=len(part.ids))
    top = first_highest(weighted_D, part.offsets)
    some = np.nonzero(part.num_detections)[0]
    images["first"][some], images["second"][some] = _two_best_classes(p_DK[top])
    images["value"][some] = values_D[top]
    images["weight"][some] = 1.0 if weights_D is None else weights_D[top]
    return images


def _two_best_classes(p_NK: Float64s) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first_N = p_NK.argmax(axis=1)
    if p_NK.shape[1] == 1:
        return first_N, np.full_like(first_N, -1)
    rest_NK = p_NK.copy()
    rest_NK[np.arange(len(p_NK)), first_N] = -np.inf
    return first_N, rest_NK.argmax(axis=1)


def reason(image: Any, classes: Sequence[str], measure: str) -> str:
    """Return in words why an image has its score.

    Args:
        image: Its row of type `EXPLANATION`.
        classes: The names of the classes, in the order of the probabilities.
        measure: The uncertainty of the detection that counts most, in words.
    """
    num_boxes = int(image["num_boxes"])
    if num_boxes == 0:
        return f"no box that counts: score {image['score']:g}"
    box = classes[image["first"]]
    if image["second"] >= 0:
        box += f" against {classes[image['second']]}"
    lead = "1 box:" if num_boxes == 1 else f"{num_boxes} boxes, most uncertain:"
    return f"{lead} {box}, {measure}"
