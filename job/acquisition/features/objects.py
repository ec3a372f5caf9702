# ruff: noqa: N803, N806 - shape suffixes
"""Which detections are taken for objects: one preparation for all strategies by uncertainty.

N = images, D = detections of all images together.

The score record holds all boxes from a low confidence on. Most of them are background, and on a box
that is background the classes are a coin toss. So a strategy that adds up its boxes' uncertainties
would rank images by their number of background boxes.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from job.acquisition.features.checks import check_finite
from job.config.section import Section, UnitInterval
from job.records.arrays import Float64s
from job.records.record_part import RecordPart

READS = frozenset({"boxes_xyxy", "height", "objectness", "probabilities", "width"})


class ObjectBoxes(Section):
    """Settings that say which boxes of an image count."""

    min_confidence: UnitInterval = 0.3
    """Boxes below this confidence do not count: objectness times the highest class probability. 0.3
    suits a detector that was trained on few images, and 0.1 one that was trained on many."""
    min_side: UnitInterval = 0.02
    """Boxes below this size do not count: the square root of the box's area, as a share of that of
    the image's."""
    max_aspect: Annotated[float, Field(ge=1)] = 5.0
    """Boxes whose longer side is more than this many times the shorter one do not count."""
    top: PositiveInt = 20
    """At most this many boxes of an image count, those of the highest confidence."""

    def objects(self, part: RecordPart) -> RecordPart:
        """Return a part of a score record with only those detections that count.

        Raises:
            BadDataError: A confidence is not a finite number; the message names its image.
        """
        confidence_D = confidences(part)
        is_kept_D = (confidence_D >= self.min_confidence) & self._has_size(part)
        return part.keep(is_kept_D & _among_highest(part, is_kept_D, confidence_D, self.top))

    def _has_size(self, part: RecordPart) -> NDArray[np.bool_]:
        corners = part.boxes_xyxy.astype(np.float64).reshape(-1, 4)
        sides_D2 = np.maximum(corners[:, 2:] - corners[:, :2], 0)
        areas_N = part.sizes_wh.prod(axis=1)
        large_D = sides_D2.prod(axis=1) >= self.min_side**2 * areas_N[part.image_of_detection]
        return np.asarray(
            large_D & (sides_D2.max(axis=1) <= self.max_aspect * sides_D2.min(axis=1))
        )


def confidences(part: RecordPart) -> Float64s:
    """Return the probability of each detection's class, with background among the classes: (D,).

    Raises:
        BadDataError: One is not a finite number; the message names its image.
    """
    check_finite(part, part.objectness, "objectness values")
    best_D = part.probabilities.max(axis=1, initial=0).astype(np.float64)
    check_finite(part, best_D)
    # A sum of probabilities in single precision may be a little above 1.
    return np.asarray(np.minimum(best_D * part.objectness, 1.0))


def _among_highest(
    part: RecordPart, is_kept_D: NDArray[np.bool_], confidence_D: Float64s, top: int
) -> NDArray[np.bool_]:
    """Return whether each detection is among its image's `top` kept ones of highest confidence."""
    image_D = part.image_of_detection
    order = np.lexsort((-confidence_D, ~is_kept_D, image_D))  # stable: equal ones as recorded
    rank_D = np.empty(len(order), np.int64)
    rank_D[order] = np.arange(len(order)) - part.offsets[image_D[order]]
    return rank_D < top
