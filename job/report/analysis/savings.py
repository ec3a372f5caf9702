"""What an arm saves: images, boxes, time and money to reach the baseline's final metric.

R = rounds of a curve.
"""
# ruff: noqa: N803 - shape suffixes

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.report.analysis.curves import (
    AXES,
    Axis,
    Curve,
    arms_of,
    baseline_of,
    compared,
    lasting,
    of_arm,
    on_axis,
)
from job.report.analysis.intervals import Estimate, t_interval
from job.report.analysis.statistics import holm, paired_t


@dataclass(frozen=True)
class Need:
    """What one seed needed to reach a metric, on one axis."""

    seed: int
    amount: float | None
    """On the axis, in its unit, from the first image on. If the seed begins at or above the metric,
    what it began with. None: it never reached the metric."""
    end: float
    """What it had spent after its last round."""


@dataclass(frozen=True)
class Saving:
    """What an arm saves on one axis, paired by seed, over the lasting seeds of both arms."""

    arm: str
    baseline: str
    axis: Axis
    target: float
    """What the baseline ended with, mean over seeds; each seed has its own to reach."""
    arm_needs: tuple[Need, ...]
    """Of each paired seed."""
    baseline_needs: tuple[Need, ...]
    saved: Estimate | None
    """What the baseline needed minus what the arm needed, in the unit of the axis. None if the arm
    never reached the metric in some seed: a mean over the others would flatter it."""
    percent: Estimate | None
    """The same in percent of what the baseline needed on average."""
    p: float | None
    """Of the paired t-test of what is saved; None if there is nothing to test, and for the time of
    computing, of which nothing is claimed."""
    p_corrected: float | None
    """Corrected for all arms and axes; None before the arm is finished, and where p is None."""
    num_never: int
    """Paired seeds in which the arm never reached the metric."""

    @property
    def saved_by_seed(self) -> list[float]:
        """What is saved in each paired seed; nothing if the arm never got there in some seed."""
        if self.num_never:
            return []
        return [
            _spent(theirs) - _spent(ours)
            for ours, theirs in zip(self.arm_needs, self.baseline_needs, strict=True)
        ]


CLAIMED: tuple[Axis, ...] = tuple(axis for axis in AXES if axis != "wall_seconds")
"""The axes on which a saving is tested."""


def spent(needs: Sequence[Need]) -> float:
    """Return the mean over seeds of what each needed, or spent if it never reached the metric."""
    return fmean(map(_spent, needs))


def _spent(need: Need) -> float:
    return need.end if need.amount is None else need.amount


def first_reach(x_R: NDArray[Any], y_R: NDArray[Any], target: float) -> float | None:
    """Return the x at which a curve first reaches a value, by straight lines between its points.

    A curve that begins at or above the value reaches it at its first point.

    Args:
        x_R: (R,), ascending.
        y_R: (R,)
        target: The value.

    Returns:
        The x, or None if the curve never reaches the value.
    """
    # A mean of equal values may be a rounding error above them.
    reached = np.flatnonzero(y_R >= target - 1e-12)
    if not len(reached):
        return None
    after = int(reached[0])
    if after == 0:
        return float(x_R[0])
    share = min(1.0, (target - y_R[after - 1]) / (y_R[after] - y_R[after - 1]))
    return float(x_R[after - 1] + share * (x_R[after] - x_R[after - 1]))


def finals(curves: Sequence[Curve], arm: str) -> dict[int, float]:
    """Return the metric of an arm in the last round that all its lasting seeds have, by seed.

    It is empty if they have no round in common.
    """
    ours = of_arm(lasting(compared(curves)), arm)
    shared = set.intersection(*({int(index) for index in each.rounds} for each in ours.values()))
    if not shared:
        return {}
    return {seed: float(each.metric[each.rounds == max(shared)][0]) for seed, each in ours.items()}


def final_mean(curves: Sequence[Curve], arm: str) -> float | None:
    """Return the mean over seeds of an arm's final metric, see `finals`; None if there is none."""
    found = finals(curves, arm)
    return fmean(found.values()) if found else None


def savings_of(
    curves: Sequence[Curve],
    baseline: str | None = None,
    num_arms: int = 0,
    unfinished: Container[str] = (),
) -> tuple[Saving, ...]:
    """Return what every arm saves against the baseline, on each axis with a cost above 0.

    The metric to reach is what the baseline ended with in the same seed: what makes a seed a hard
    one counts for both.

    Args:
        curves: Of all arms and seeds; seeds that ended early are left out.
        baseline: What to compare with, instead of `random` or the first arm.
        num_arms: How many arms are to be compared with the baseline, if that is more than there are
            curves of.
        unfinished: Arms of which nothing is claimed yet; their tests are not corrected.

    Returns:
        Nothing if the seeds of the baseline have no round in common yet.

    Raises:
        ValueError: There is no curve, or none of the baseline.
    """
    curves = lasting(compared(curves))
    baseline = baseline_of(curves, baseline)
    goals = finals(curves, baseline)
    if not goals:
        return ()
    arms = [arm for arm in arms_of(curves) if arm != baseline]
    axes = [axis for axis in AXES if any(on_axis(curve, axis)[0].any() for curve in curves)]
    found: list[Saving] = []
    for arm in arms:
        ours = [_saving(curves, arm, baseline, axis, goals) for axis in axes]
        found += ours if arm in unfinished else _corrected(ours, max(num_arms, len(arms)))
    return tuple(found)


def _corrected(of_arm: Sequence[Saving], num_arms: int) -> Iterator[Saving]:
    """Yield the savings of an arm with their corrected p, images first.

    Each arm has its part of the level. It goes to the test of images, and from there, if that one
    shows something, to those of the other axes (Bretz et al., A Graphical Approach to Sequentially
    Rejective Multiple Test Procedures, 2009). So any false claim among all arms and axes has at
    most the level, and what is nearly the same test four times is not corrected as four.
    """
    images, *others = (each.p for each in of_arm)
    first = None if images is None else min(1.0, num_arms * images)
    gate = 1.0 if first is None else first
    rest = [None if p is None else max(gate, min(1.0, num_arms * p)) for p in holm(others)]
    for saving, p in zip(of_arm, (first, *rest), strict=True):
        yield replace(saving, p_corrected=p)


def _saving(
    curves: Sequence[Curve], arm: str, baseline: str, axis: Axis, goals: Mapping[int, float]
) -> Saving:
    ours, theirs = (_needs(curves, each, axis, goals) for each in (arm, baseline))
    paired = sorted(ours.keys() & theirs.keys())
    found = Saving(
        arm=arm,
        baseline=baseline,
        axis=axis,
        target=fmean(goals[seed] for seed in paired or goals),
        arm_needs=tuple(ours[seed] for seed in paired),
        baseline_needs=tuple(theirs[seed] for seed in paired),
        saved=None,
        percent=None,
        p=None,
        p_corrected=None,
        num_never=sum(ours[seed].amount is None for seed in paired),
    )
    values = found.saved_by_seed
    if not values:
        return found
    saved, needed = t_interval(values), spent(found.baseline_needs)
    return replace(
        found,
        saved=saved,
        percent=saved.scaled(100 / needed) if needed else None,
        p=paired_t(values) if axis in CLAIMED else None,
    )


def _needs(
    curves: Sequence[Curve], arm: str, axis: Axis, goals: Mapping[int, float]
) -> dict[int, Need]:
    """What each seed with a goal needed; a seed whose costs are unknown is left out."""
    result = {}
    for seed, curve in of_arm(curves, arm).items():
        x, metric = on_axis(curve, axis)
        if len(x) and seed in goals:
            result[seed] = Need(seed, first_reach(x, metric, goals[seed]), end=float(x[-1]))
    return result
