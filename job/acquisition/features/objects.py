# ruff: noqa: N803, N806 - shape suffixes
"""Which detections are taken for objects: one preparation for all strategies by uncertainty.

N = images, D = detections of all images together.

The score record holds all boxes from a low confidence on. Most of them are background, and on a box
that is background the classes are a coin toss. So a strategy that adds up its boxes' uncertainties
would rank images by their number of background boxes.

An image without a box that counts is empty. The detector may have missed what it shows, so it has
a low score, but not the lowest: the 0.1 quantile of the others'. Empty images are drawn at random
among themselves, because the order of ids is often that of a video.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from job.acquisition.features.checks import check_finite
from job.config.section import Section, UnitInterval
from job.records.arrays import Float64s, Integers
from job.records.halves import highest
from job.records.record_part import RecordPart

_EMPTY_QUANTILE = 0.1
READS = frozenset({"boxes_xyxy", "height", "objectness", "probabilities", "width"})


class ObjectBoxes(Section):
    """Settings that say which boxes of an image count."""

    min_confidence: UnitInterval = 0.3
    """Boxes below this confidence do not count: objectness times the highest class probability. 0.3
    suits a detector that was trained on few images, and 0.1 one that was trained on many."""
    min_side: UnitInterval = 0.02
    """Boxes below this size do not count: the square root of the box's area, as a share of that of
    the image's."""
    max_aspect: Annotated[float, Field(ge=1)] | None = 5.0
    """Boxes whose longer side is more than this many times the shorter one do not count; null: any
    count."""
    top: PositiveInt | None = 20
    """At most this many boxes of an image count, those of the highest confidence; null: all."""

    def objects(self, part: RecordPart) -> RecordPart:
        """Return a part of a score record with only those detections that count.

        Raises:
            BadDataError: A confidence is not a finite number; the message names its image.
        """
        kept = part.keep((confidences(part) >= self.min_confidence) & self._has_size(part))
        if self.top is None or kept.num_detections.max(initial=0) <= self.top:
            return kept
        return kept.keep(_among_highest(kept, confidences(kept), self.top))

    def _has_size(self, part: RecordPart) -> NDArray[np.bool_]:
        # Column by column: numpy's reductions along rows of two are many times as slow.
        x0_D, y0_D, x1_D, y1_D = part.boxes_xyxy.astype(np.float64).reshape(-1, 4).T
        width_D, height_D = np.maximum(x1_D - x0_D, 0), np.maximum(y1_D - y0_D, 0)
        areas_N = part.sizes_wh.prod(axis=1)
        large_D = width_D * height_D >= self.min_side**2 * areas_N[part.image_of_detection]
        if self.max_aspect is None:
            return np.asarray(large_D)
        shorter_D = np.minimum(width_D, height_D)
        is_wide_D = np.maximum(width_D, height_D) > self.max_aspect * shorter_D
        return np.asarray(large_D & ~is_wide_D)


def confidences(part: RecordPart) -> Float64s:
    """Return the probability of each detection's class, with background among the classes: (D,).

    Raises:
        BadDataError: One is not a finite number; the message names its image.
    """
    check_finite(part, part.objectness, "objectness values")
    best_D = highest(part.probabilities).astype(np.float64)
    check_finite(part, best_D)
    # A sum of probabilities in single precision may be a little above 1.
    return np.asarray(np.minimum(best_D * part.objectness, 1.0))


def score_empty(
    scores_N: Float64s, num_boxes_N: Integers, empty_score: float | None = None
) -> None:
    """Give the images without a box that counts their score.

    Args:
        scores_N: The scores, which are written to.
        num_boxes_N: The boxes that count, of each image.
        empty_score: The score; None: the 0.1 quantile of the others', or 0 if there are none.
    """
    is_empty_N = num_boxes_N == 0
    others = scores_N[~is_empty_N]
    if empty_score is None:
        empty_score = float(np.quantile(others, _EMPTY_QUANTILE)) if len(others) else 0.0
    scores_N[is_empty_N] = empty_score


def empty_ties(
    num_boxes_N: Integers, empty_score: float | None, rng: np.random.Generator
) -> Float64s | None:
    """Return what orders images of equal scores: empty ones have a random order, after the others.

    None, and nothing is drawn, if their score is given: then all are in order of their ids.
    """
    if empty_score is not None:
        return None
    return np.where(num_boxes_N == 0, 1 - rng.random(len(num_boxes_N)), 0.0)


def _among_highest(part: RecordPart, confidence_D: Float64s, top: int) -> NDArray[np.bool_]:
    """Return whether each detection is among its image's `top` ones of highest confidence."""
    image_D = part.image_of_detection
    order = np.lexsort((-confidence_D, image_D))  # stable: equal ones as recorded
    rank_D = np.empty(len(order), np.int64)
    rank_D[order] = np.arange(len(order)) - part.offsets[image_D[order]]
    return rank_D < top
