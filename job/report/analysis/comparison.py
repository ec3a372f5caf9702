"""The arms against the baseline at each number of images, seed by seed.

Every arm is tested at every number of images, and Holm's correction covers all of these tests. They
are secondary: they say where an arm is ahead of which the primary test shows that it is.
Other axes have no tests: with more tests, each would show less.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from job.report.analysis.curves import Axis, Curve, arms_of, baseline_of, compared, lasting, of_arm
from job.report.analysis.intervals import Estimate, bootstrap, t_interval
from job.report.analysis.missing import ALL_THERE, MissingRounds
from job.report.analysis.pairs import Pairs, pairs, share_rounds
from job.report.analysis.statistics import holm, paired_t, sign_flip


@dataclass(frozen=True)
class Difference:
    """The difference of an arm to the baseline at one budget, over the seeds that both have."""

    arm: str
    x: float
    """The budget, in labelled images."""
    seeds: tuple[int, ...]
    estimate: Estimate
    """Of the difference in the metric; above 0 the arm is better."""
    p: float | None = None
    """Of the paired t-test; None if there is nothing to test."""
    p_permutation: float | None = None
    """Of the exact permutation test, beside the t-test; claims do not rest on it."""
    p_holm: float | None = None
    """The t-test's p, corrected for all tests of the comparison; None before the arm is
    finished."""
    beyond_half: bool = False
    """More than half of the pool is labelled: there all arms have mostly the same images."""


@dataclass(frozen=True)
class Coverage:
    """What the figures of an arm can rest on."""

    arm: str
    seeds: tuple[int, ...]
    """The seeds with at least one round."""
    num_rounds: tuple[int, ...]
    """Of each of these seeds."""
    short: tuple[int, ...]
    """The seeds that ended early: they count at the budgets that they have, but not for areas and
    savings."""
    missing: tuple[int, ...]
    """The seeds that another arm has."""


@dataclass(frozen=True)
class Comparison:
    """All arms against the baseline, at equal numbers of images."""

    baseline: str
    """`random` unless another is chosen; if there is no such arm, the first one."""
    arms: tuple[str, ...]
    """All, the baseline among them."""
    differences: tuple[Difference, ...]
    """Arm by arm, budgets ascending."""
    num_tests: int
    """The number of tests that Holm's correction covers, those among them that are to come."""
    interpolated: bool
    """Whether arms or seeds have different numbers of images at the same round: then budgets are
    points between the rounds."""
    coverage: tuple[Coverage, ...]
    pool_images: int | None
    missing: MissingRounds = ALL_THERE
    """The planned rounds without a result."""

    @property
    def unfinished(self) -> frozenset[str]:
        """The arms of which nothing is claimed yet."""
        return self.missing.unfinished(self.arms, self.baseline)

    @property
    def num_compared(self) -> int:
        """How many arms are to be compared with the baseline."""
        return self.missing.num_compared(self.arms, self.baseline)


@dataclass(frozen=True)
class MeanPoint:
    """An arm's mean over seeds in one round."""

    arm: str
    round: int
    x: float
    """On the axis, in its unit: the mean over seeds."""
    estimate: Estimate
    """Of the metric."""


def compare(
    curves: Sequence[Curve],
    pool_images: int | None = None,
    baseline: str | None = None,
    missing: MissingRounds = ALL_THERE,
) -> Comparison:
    """Compare all arms with the baseline at equal numbers of images.

    Args:
        curves: Of all arms and seeds; references are left out.
        pool_images: How many images the pool has, if that is known.
        baseline: What to compare with, instead of `random` or the first arm.
        missing: The planned rounds without a result. The tests of an arm that is not finished are
            not corrected; the others are corrected for them, too.

    Raises:
        ValueError: There is no curve, or none of the baseline.
    """
    curves = compared(curves)
    baseline = baseline_of(curves, baseline)
    arms = arms_of(curves)
    half = np.inf if pool_images is None else pool_images / 2
    found = [
        replace(
            _difference(arm, each),
            p=paired_t(each.differences_N),
            p_permutation=sign_flip(each.differences_N),
            beyond_half=each.x > half,
        )
        for arm in arms
        if arm != baseline
        for each in pairs(curves, arm, baseline, "images")
    ]
    unfinished = missing.unfinished(arms, baseline)
    num_tests = _num_tests(found, missing.num_compared(arms, baseline))
    corrected = holm([None if each.arm in unfinished else each.p for each in found], num_tests)
    return Comparison(
        baseline=baseline,
        arms=tuple(arms),
        differences=tuple(
            replace(each, p_holm=p) for each, p in zip(found, corrected, strict=True)
        ),
        num_tests=num_tests,
        interpolated=not share_rounds(curves),
        coverage=coverage(curves),
        pool_images=pool_images,
        missing=missing,
    )


def _num_tests(found: Sequence[Difference], num_arms: int) -> int:
    """How many tests there will be: every arm at as many budgets as the one that has most."""
    tested = Counter(each.arm for each in found if each.p is not None)
    return num_arms * max(tested.values(), default=0)


def nothing_compared(arms: Sequence[str]) -> Comparison:
    """Return the comparison of arms of which no round has a metric."""
    return Comparison(
        baseline="random" if "random" in arms else arms[0],
        arms=tuple(arms),
        differences=(),
        num_tests=0,
        interpolated=False,
        coverage=(),
        pool_images=None,
    )


def _difference(arm: str, at_point: Pairs) -> Difference:
    return Difference(arm, at_point.x, at_point.seeds, t_interval(at_point.differences_N))


def coverage(curves: Sequence[Curve]) -> tuple[Coverage, ...]:
    """Return the seeds and rounds that each arm has, and those that are missing."""
    curves = compared(curves)
    all_seeds = {curve.seed for curve in curves}
    result = []
    for arm in arms_of(curves):
        seeds = of_arm(curves, arm)
        result.append(
            Coverage(
                arm=arm,
                seeds=tuple(seeds),
                num_rounds=tuple(len(curve.rounds) for curve in seeds.values()),
                short=tuple(sorted(seeds.keys() - of_arm(lasting(curves), arm).keys())),
                missing=tuple(sorted(all_seeds - seeds.keys())),
            )
        )
    return tuple(result)


def mean_points(curves: Sequence[Curve], axis: Axis) -> tuple[MeanPoint, ...]:
    """Return each arm's mean over its lasting seeds, at the rounds that all of them have.

    A mean over fewer seeds than in the previous round would jump for that reason alone.
    """
    curves = lasting(compared(curves))
    result = []
    for arm in arms_of(curves):
        of_seeds = [_by_round(curve, axis) for curve in of_arm(curves, arm).values()]
        shared = set.intersection(*(set(each) for each in of_seeds))
        for index in sorted(shared):
            x, metric = np.array([each[index] for each in of_seeds]).T
            result.append(MeanPoint(arm, index, float(x.mean()), bootstrap(metric)))
    return tuple(result)


def _by_round(curve: Curve, axis: Axis) -> dict[int, tuple[float, float]]:
    """The cost and the metric of a curve by round, if both are known."""
    columns = zip(curve.rounds, curve.costs[axis], curve.metric, strict=True)
    return {int(index): (x, metric) for index, x, metric in columns if np.isfinite(x)}
