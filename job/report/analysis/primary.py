"""The primary test: the area under each arm's curve against images, beside the baseline's.

It is the one test by which an arm is called better or worse. All others are asked only afterwards.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from job.report.analysis.areas import Area
from job.report.analysis.intervals import Estimate, Share, share_above_0, t_interval
from job.report.analysis.statistics import LEVEL, MIN_SEEDS, equivalence, holm, paired_t

SMALLEST_EFFECT = 0.01
"""The smallest difference in the metric that matters, unless an experiment sets another one."""

Outcome = Literal["better", "worse", "equal", "not shown"]


@dataclass(frozen=True)
class Primary:
    """The primary test of one arm."""

    area: Area
    """Against images."""
    improvement: Share
    """In how many seeds the arm's area is the larger one."""
    smallest_effect: float
    """The smallest difference that matters, in the metric."""
    p: float | None
    """Of the paired t-test; None if there is nothing to test."""
    p_holm: float | None
    """Corrected for all arms; None before the arm is finished."""
    p_equal: float | None
    """Of the two one-sided tests for a difference smaller than the smallest that matters."""
    p_equal_holm: float | None
    """Corrected for all arms; None before the arm is finished."""
    equal_interval: Estimate
    """The mean difference with its 90 % interval, which those two tests hold against the limits."""
    is_finished: bool
    """Whether every planned round of the arm and of the baseline is there."""

    @property
    def may_claim(self) -> bool:
        """Whether the test may show anything: all rounds are there, of enough seeds."""
        return self.is_finished and len(self.area.seeds) >= MIN_SEEDS

    @property
    def lead(self) -> Literal[-1, 0, 1]:
        """Whether the arm is shown to be ahead (1) or behind (-1), by however little."""
        if not self.may_claim or self.p_holm is None or self.p_holm >= LEVEL:
            return 0
        return 1 if self.area.difference.mean > 0 else -1

    @property
    def is_equal(self) -> bool:
        """Whether the difference is shown to be smaller than the smallest that matters."""
        return self.may_claim and self.p_equal_holm is not None and self.p_equal_holm < LEVEL

    @property
    def outcome(self) -> Outcome:
        """What is shown. A difference that is shown to be too small to matter is equality."""
        if self.is_equal:
            return "equal"
        if self.lead:
            return "better" if self.lead > 0 else "worse"
        return "not shown"


def primary_tests(
    areas: Sequence[Area],
    num_arms: int,
    unfinished: Collection[str],
    smallest_effect: float = SMALLEST_EFFECT,
) -> tuple[Primary, ...]:
    """Return the primary test of each arm that has an area against images.

    Args:
        areas: Of all arms and axes.
        num_arms: How many arms are to be compared with the baseline, also those without an area.
        unfinished: The arms that may claim nothing yet, because they or the baseline lack rounds.
        smallest_effect: The smallest difference that matters.
    """
    found = [
        _test(area, smallest_effect, is_finished=area.arm not in unfinished)
        for area in areas
        if area.axis == "images"
    ]
    p = holm([each.p if each.is_finished else None for each in found], num_arms)
    p_equal = holm([each.p_equal if each.is_finished else None for each in found], num_arms)
    return tuple(
        replace(test, p_holm=p_holm, p_equal_holm=p_equal_holm)
        for test, p_holm, p_equal_holm in zip(found, p, p_equal, strict=True)
    )


def _test(area: Area, smallest_effect: float, *, is_finished: bool) -> Primary:
    return Primary(
        area=area,
        improvement=share_above_0(area.differences),
        smallest_effect=smallest_effect,
        p=paired_t(area.differences),
        p_holm=None,
        p_equal=equivalence(area.differences, smallest_effect),
        p_equal_holm=None,
        equal_interval=t_interval(area.differences, 0.90),
        is_finished=is_finished,
    )
