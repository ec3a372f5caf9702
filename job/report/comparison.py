"""Arms against each other, seed by seed: arms of one seed share round 0, so differences are paired.

A round that a seed has not finished is left out for that seed, and every figure says on how many
seeds it rests.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from job.config import BOUND
from job.report.curves import AXES, Axis, Curve, Float64s
from job.report.statistics import first_reached, holm, interval, mean_height, paired_t

Interval = tuple[float, float] | None
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Difference:
    """How an arm's metric differs from the baseline's after a round, at equal numbers of images."""

    arm: str
    round: int
    images: float
    """Labelled by the arm, mean over seeds."""
    num_seeds: int
    mean: float
    interval: Interval
    p: float | None
    """Of the paired t-test."""
    p_holm: float | None
    """Corrected for all such tests of the report."""


@dataclass(frozen=True)
class Area:
    """An arm's mean metric over the range of an axis that all its arms and seeds have."""

    arm: str
    axis: Axis
    low: float
    high: float
    mean: float
    interval: Interval
    difference: float | None
    """To the baseline, mean over paired seeds."""
    difference_interval: Interval


@dataclass(frozen=True)
class Saving:
    """What an arm needs to reach the baseline's final mean metric, beside the baseline itself."""

    arm: str
    axis: Axis
    target: float
    num_seeds: int
    """Those in which both reached it."""
    num_never: int
    """Those in which the arm never did."""
    needed: float | None
    saved_share: float | None
    """(baseline's need - arm's need) / baseline's need, mean over seeds; below 0: it needs more."""
    interval: Interval


@dataclass(frozen=True)
class Comparison:
    """All arms of an experiment against one of them."""

    baseline: str
    arms: tuple[str, ...]
    num_seeds: int
    differences: tuple[Difference, ...]
    penalties: dict[tuple[str, str], float]
    areas: tuple[Area, ...]
    savings: tuple[Saving, ...]

    def of(self, arm: str) -> list[Difference]:
        """Return an arm's differences, in the order of rounds."""
        return [each for each in self.differences if each.arm == arm]


def compare(curves: Sequence[Curve]) -> Comparison:
    """Compare all arms with `random`, or where there is none, with the first.

    Args:
        curves: At least one; the full-pool bound's are left out.
    """
    ours = [curve for curve in curves if curve.arm != BOUND and len(curve.rounds)]
    arms = tuple(dict.fromkeys(curve.arm for curve in ours))
    baseline = "random" if "random" in arms else arms[0]
    others = [arm for arm in arms if arm != baseline]
    raw = [each for arm in others for each in _differences(ours, arm, baseline)]
    tested = [each for each in raw if each.p is not None]
    corrected = iter(holm([each.p for each in tested if each.p is not None]))
    return Comparison(
        baseline=baseline,
        arms=arms,
        num_seeds=len({curve.seed for curve in ours}),
        differences=tuple(
            replace(each, p_holm=next(corrected)) if each.p is not None else each for each in raw
        ),
        penalties=penalties(ours, arms),
        areas=tuple(area for axis in AXES for area in _areas(ours, arms, baseline, axis)),
        savings=tuple(_saving(ours, arm, baseline, axis) for axis in AXES for arm in others),
    )


def pairs(curves: Sequence[Curve], arm: str, other: str) -> dict[int, tuple[Curve, Curve]]:
    """Return the two arms' curves of each seed that both have."""
    first, second = ({c.seed: c for c in curves if c.arm == name} for name in (arm, other))
    return {seed: (first[seed], second[seed]) for seed in first if seed in second}


def _metric_at(curve: Curve, index: int) -> float:
    (places,) = np.nonzero(curve.rounds == index)
    return float(curve.metric[places[0]]) if len(places) else np.nan


def _paired(curves: Sequence[Curve], arm: str, other: str, index: int) -> list[float]:
    found = [
        _metric_at(mine, index) - _metric_at(theirs, index)
        for mine, theirs in pairs(curves, arm, other).values()
    ]
    return [each for each in found if np.isfinite(each)]


def _differences(curves: Sequence[Curve], arm: str, baseline: str) -> list[Difference]:
    """One for each round after round 0, which is the same for both."""
    result = []
    for index in sorted({int(r) for c in curves if c.arm == arm for r in c.rounds if r > 0}):
        values = _paired(curves, arm, baseline, index)
        if not values:
            continue
        images = [
            float(c.costs["images"][c.rounds == index][0])
            for c in curves
            if c.arm == arm and index in c.rounds
        ]
        result.append(
            Difference(
                arm=arm,
                round=index,
                images=fmean(images),
                num_seeds=len(values),
                mean=fmean(values),
                interval=interval(values),
                p=paired_t(values),
                p_holm=None,
            )
        )
    return result


def penalties(curves: Sequence[Curve], arms: Sequence[str]) -> dict[tuple[str, str], float]:
    """Return the pairwise penalty matrix of Ash et al. (BADGE, ICLR 2020).

    Entry (i, j): the share of the budgets at which arm i is better than arm j by a paired t-test at
    0.05, uncorrected, as the source has it. So a high row is good, a high column bad.
    """
    result = {}
    for first in arms:
        for second in arms:
            if first == second:
                continue
            rounds = {int(r) for c in curves if c.arm == first for r in c.rounds if r > 0}
            wins = tested = 0
            for index in rounds:
                values = _paired(curves, first, second, index)
                p = paired_t(values)
                tested += p is not None
                wins += p is not None and p < SIGNIFICANT and fmean(values) > 0
            if tested:
                result[first, second] = wins / tested
    return result


def _finite(curve: Curve, axis: Axis) -> tuple[Float64s, Float64s]:
    known = np.isfinite(curve.metric)
    return curve.costs[axis][known], curve.metric[known]


def _areas(curves: Sequence[Curve], arms: Sequence[str], baseline: str, axis: Axis) -> list[Area]:
    """Over the range that all curves reach; curves of one point, or none in common, have none."""
    ends = [_finite(curve, axis)[0] for curve in curves]
    ends = [x for x in ends if len(x)]
    low, high = (max(x[0] for x in ends), min(x[-1] for x in ends)) if ends else (0.0, 0.0)
    if low >= high:
        return []
    heights = {
        (c.arm, c.seed): mean_height(*_finite(c, axis), low, high)
        for c in curves
        if len(_finite(c, axis)[0])
    }
    result = []
    for arm in arms:
        values = [height for (name, _), height in heights.items() if name == arm]
        paired = [
            height - heights[baseline, seed]
            for (name, seed), height in heights.items()
            if name == arm != baseline and (baseline, seed) in heights
        ]
        result.append(
            Area(
                arm=arm,
                axis=axis,
                low=low,
                high=high,
                mean=fmean(values),
                interval=interval(values),
                difference=fmean(paired) if paired else None,
                difference_interval=interval(paired),
            )
        )
    return result


def _saving(curves: Sequence[Curve], arm: str, baseline: str, axis: Axis) -> Saving:
    finals = [_finite(c, axis)[1] for c in curves if c.arm == baseline]
    target = fmean(float(metric[-1]) for metric in finals if len(metric))
    needed, shares, never = [], [], 0
    for mine, theirs in pairs(curves, arm, baseline).values():
        own = first_reached(*_finite(mine, axis), target)
        other = first_reached(*_finite(theirs, axis), target)
        never += own is None
        if own is not None and other is not None and other > 0:
            needed.append(own)
            shares.append((other - own) / other)
    return Saving(
        arm=arm,
        axis=axis,
        target=target,
        num_seeds=len(shares),
        num_never=never,
        needed=fmean(needed) if needed else None,
        saved_share=fmean(shares) if shares else None,
        interval=interval(shares),
    )
