"""The area under the curve of each arm, on each axis, beside that of the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

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
from job.report.analysis.pairs import common_range
from job.report.analysis.statistics import mean_between


@dataclass(frozen=True)
class Area:
    """The areas under an arm's and the baseline's curves, divided by the width of their range.

    So they are means of the metric over the range, in which each unit of the axis counts the same.
    """

    arm: str
    axis: Axis
    low: float
    """The start of the range, the same for both and for all seeds, in the unit of the axis."""
    high: float
    seeds: tuple[int, ...]
    """Those that both have, at least one."""
    mean: float
    """Of the arm, over these seeds."""
    baseline: float
    """Of the baseline, over these seeds."""
    difference: Estimate
    """Of the two, seed by seed; above 0 if the arm is better."""
    differences: tuple[float, ...]
    """Of each seed."""


def areas_of(curves: Sequence[Curve], baseline: str | None = None) -> tuple[Area, ...]:
    """Return the areas of each arm and the baseline on each axis.

    Each arm has a range of its own: what its lasting curves and those of the baseline cover. So an
    arm that has only begun, or that buys fewer boxes, changes no other arm's figures.

    An arm is left out on an axis on which it shares no range or no seed with the baseline: nothing
    is extrapolated.

    Raises:
        ValueError: There is no curve, or none of the baseline.
    """
    curves = lasting(compared(curves))
    baseline = baseline_of(curves, baseline)
    found = (
        _area(curves, arm, baseline, axis)
        for axis in AXES
        for arm in arms_of(curves)
        if arm != baseline
    )
    return tuple(each for each in found if each)


def _area(curves: Sequence[Curve], arm: str, baseline: str, axis: Axis) -> Area | None:
    both = [curve for curve in curves if curve.arm in {arm, baseline}]
    span = common_range(both, axis)
    if span is None:
        return None
    ours, base = (_by_seed(both, each, axis, span) for each in (arm, baseline))
    seeds = sorted(ours.keys() & base.keys())
    if not seeds:
        return None
    differences = tuple(ours[seed] - base[seed] for seed in seeds)
    return Area(
        arm=arm,
        axis=axis,
        low=span[0],
        high=span[1],
        seeds=tuple(seeds),
        mean=fmean(ours[seed] for seed in seeds),
        baseline=fmean(base[seed] for seed in seeds),
        difference=t_interval(differences),
        differences=differences,
    )


def _by_seed(
    curves: Sequence[Curve], arm: str, axis: Axis, span: tuple[float, float]
) -> dict[int, float]:
    """The area of each seed; a curve of one round has none."""
    found = {seed: on_axis(curve, axis) for seed, curve in of_arm(curves, arm).items()}
    return {seed: mean_between(x, y, *span) for seed, (x, y) in found.items() if len(x) > 1}
