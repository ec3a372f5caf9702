# ruff: noqa: N803, N806 - shape suffixes
"""How uncertain the boxes of images are: settings that the strategies by uncertainty share.

D = detections of all images together, K = classes of a distribution.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import FiniteFloat

from job.acquisition.features import objects, rightness
from job.acquisition.features.checks import check_classes
from job.acquisition.features.objects import ObjectBoxes
from job.acquisition.features.reasons import Explanations, explain_images
from job.acquisition.features.rightness import Rightness
from job.acquisition.strategy import IDS_DECIDE, Strategy, Task
from job.records.arrays import Float64s
from job.records.halves import to_float64
from job.records.record_part import RecordPart


@dataclass(frozen=True)
class Reading:
    """What a strategy takes from a score record: the boxes that count, and their distributions."""

    read: Callable[[RecordPart], tuple[RecordPart, Float64s]]
    """Return a part with the boxes that count alone, and the distribution of each: (D, K)."""
    about: str = ""
    """What the distributions are about, in words after that of a measure; empty: the classes."""

    def explain(
        self,
        kept: RecordPart,
        scores_N: Float64s,
        p_DK: Float64s,
        values_D: Float64s,
        weights_D: Float64s | None = None,
    ) -> Explanations:
        """Return what explains the scores of a part's images, as `explain_images` does."""
        if not self.about:
            return explain_images(kept, scores_N, p_DK, values_D, weights_D)
        classes_DC = to_float64(kept.probabilities)
        images = explain_images(kept, scores_N, classes_DC, values_D, weights_D)
        images["second"] = -1  # no class is held against the first one
        return images


class UncertainBoxes(ObjectBoxes, Strategy):
    """Settings that say which boxes of an image count, and what they are uncertain about."""

    rightness: bool | None = None
    """What a box is uncertain about. `false`: which class it is. `true`: whether it is right, by a
    regression on the boxes of labelled images. Unset: its class, or with a single class whether it
    is right."""
    empty_score: FiniteFloat | None = None
    """The score of an image without a box that counts; unset: the 0.1 quantile of the others', and
    such images are drawn at random among themselves."""

    @property
    def reads(self) -> frozenset[str]:
        """The boxes, their classes and confidences, and what tells whether they are right."""
        return objects.READS if self.rightness is False else rightness.READS

    @property
    def reads_labelled(self) -> frozenset[str]:
        """What tells of boxes in labelled images whether they are right."""
        return frozenset() if self.rightness is False else rightness.READS_LABELLED

    def cannot_rank(self, num_classes: int) -> str | None:
        """With one class, no box is uncertain about its class."""
        if self._is_by_class(num_classes) and num_classes == 1:
            return f"a single class has no second one to be mistaken for, so {IDS_DECIDE}"
        return None

    def reading(self, task: Task) -> Reading:
        """Return how the record is read, with what the labelled images of a task say.

        Raises:
            BadDataError: The labelled images' record has other classes, or a number that is not
                finite.
        """
        if self._is_by_class(len(task.classes)):
            return Reading(lambda part: self._by_class(part, task))
        known = Rightness.of(task, self)
        return Reading(lambda part: self._by_rightness(part, task, known), " of being right")

    def _is_by_class(self, num_classes: int) -> bool:
        return num_classes > 1 if self.rightness is None else not self.rightness

    def _by_class(self, part: RecordPart, task: Task) -> tuple[RecordPart, Float64s]:
        check_classes(part, task.classes)
        kept = self.objects(part)
        return kept, to_float64(kept.probabilities)

    def _by_rightness(
        self, part: RecordPart, task: Task, known: Rightness
    ) -> tuple[RecordPart, Float64s]:
        check_classes(part, task.classes)
        kept = self.objects(part)
        return kept, rightness.distributions(known.probabilities(kept))
