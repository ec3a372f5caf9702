# ruff: noqa: N803, N806 - shape suffixes
"""The faults of a tutorial of 2020 as strategies, so that their effect can be measured.

The tutorial meant to compare random sampling with Brust et al. 2019. Use these strategies for
nothing else.

D = detections of all images together, C = foreground classes, K = C, or C + 1 with background.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from pydantic import FiniteFloat

from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.uncertain_boxes import Reading
from job.acquisition.numerics.aggregation import aggregate
from job.acquisition.numerics.uncertainty import margin, two_highest
from job.acquisition.strategies.brust import MarginStrategy
from job.acquisition.strategies.random import draw
from job.acquisition.strategy import Selection, Strategy, Task
from job.config.section import UnitInterval
from job.records.arrays import Float64s, Floats, Integers, offsets
from job.records.record_part import RecordPart


class TutorialRandom(Strategy):
    """Draws from the whole pool at random, and drops what cannot be labelled any more.

    So a round labels fewer images than its budget.
    """

    def select(self, task: Task) -> Selection:
        """Draw `task.budget` images, and return those of them that are left to label."""
        unlabelled = frozenset(task.unlabelled.ids)
        drawn = draw(task.pool_ids, task).picks
        return Selection(tuple(pick for pick in drawn if pick.id in unlabelled))


class TutorialBrust(MarginStrategy):
    """Selects like `brust` with the tutorial's faults, each of which can be switched off."""

    reads: ClassVar[frozenset[str]] = frozenset({"probabilities", "objectness"})

    empty_score: FiniteFloat = 0.0
    """The score of an image without detections."""
    outside_top2: bool = True
    """Compute the uncertainty as (1 - p1 - p2)^2, a sign error for (1 - (p1 - p2))^2."""
    with_background: bool = True
    """Keep background as one more class of the distribution."""
    count_box_once_per_class_above: UnitInterval | None = 0.05
    """Count a box once for each class that has at least this probability in the full softmax, and
    once if there is no such class; unset: always once."""
    consecutive_batches: bool = True
    """Select batches of consecutive unlabelled images in the order of the pool, whatever `batches`
    is."""

    def cannot_rank(self, num_classes: int) -> str | None:
        """There has to be a third class if the mass outside two counts, and a second one if not."""
        num_classes += self.with_background
        if not self.outside_top2:
            return None if num_classes > 1 else self.says_no_second()
        if num_classes > 2:  # noqa: PLR2004 - the two highest
            return None
        return "there is no class outside the two most probable ones, so all scores are equal"

    def select(self, task: Task) -> Selection:
        """Select the consecutive batches with the highest scores."""
        if not self.consecutive_batches:
            return super().select(task)
        scores = self.score(task.unlabelled, task)
        row_of = {image_id: row for row, image_id in enumerate(scores.ids)}
        order = np.array([row_of[image_id] for image_id in task.unlabelled.ids], np.intp)
        return self.select_batches(scores, order, task.budget)

    def reading(self, task: Task) -> Reading:
        """Return how the record is read: all boxes of it, whether they are objects or not."""
        return Reading(partial(self._read, classes=task.classes))

    def _read(self, part: RecordPart, classes: Sequence[str]) -> tuple[RecordPart, Float64s]:
        check_classes(part, classes)
        p_DC = part.probabilities.astype(np.float64)
        if not self.with_background:
            return part, p_DC
        check_finite(part, part.objectness, "objectness values")
        return part, full_softmax(p_DC, part.objectness)

    def values(self, p_DK: Float64s) -> Float64s:
        """Return the uncertainty of each detection: (D,)."""
        return outside_top2(p_DK) if self.outside_top2 else margin(p_DK)

    def combine(self, part: RecordPart, values_D: Float64s) -> Float64s:
        """Return the images' scores from the values of their detections, some of them repeated."""
        threshold = self.count_box_once_per_class_above
        if threshold is None:
            return super().combine(part, values_D)
        check_finite(part, part.objectness, "objectness values")
        p_DC = part.probabilities.astype(np.float64) * part.objectness[:, None]
        times_D = np.maximum(1, (p_DC >= threshold).sum(axis=1))
        repeated_D, ends = repeat(values_D, part.offsets, times_D)
        return aggregate(repeated_D, ends, self.aggregation, empty_score=0.0)

    def measure(self, image: Any, about: str) -> str:
        """Return the uncertainty of the detection that explains an image, in words."""
        if not self.outside_top2:
            return super().measure(image, about)
        return f"outside both {np.sqrt(image['value']):.2f}"


def outside_top2(p_DC: Floats) -> Float64s:
    """Return (1 - p1 - p2)^2 of the two highest probabilities, the mass outside them: (D,)."""
    p1_D, p2_D = two_highest(p_DC)
    return np.square(1 - p1_D - p2_D)


def full_softmax(p_DC: Floats, objectness_D: Floats) -> Float64s:
    """Return the distributions with background as the last class: (D, C + 1)."""
    objectness_D1 = objectness_D.astype(np.float64)[:, None]
    return np.concatenate([p_DC * objectness_D1, 1 - objectness_D1], axis=1)


def repeat(
    values_D: Float64s, image_offsets: Integers, times_D: Integers
) -> tuple[Float64s, Integers]:
    """Return each value as often as `times_D` says, and the images' new offsets."""
    return np.repeat(values_D, times_D), offsets(times_D)[image_offsets]
