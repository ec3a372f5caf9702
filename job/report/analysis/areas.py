"""The area under the curve of each arm, on each axis: one number for a whole curve."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from job.report.analysis.pairs import common_range
from job.report.analysis.statistics import Estimate, estimate, mean_between


@dataclass(frozen=True)
class Area:
    """The area under an arm's curve, divided by the width of its range: the mean metric over it."""

    arm: str
    axis: Axis
    low: float
    """The start of the range, the same for all arms and seeds, in the unit of the axis."""
    high: float
    seeds: tuple[int, ...]
    mean: Estimate
    """Over these seeds."""
    paired_seeds: tuple[int, ...]
    """The seeds that the baseline has, too."""
    difference: Estimate | None
    """To the baseline, over the paired seeds; above 0 if the arm is better. None if there is no
    paired seed, or if the arm is the baseline."""


def areas_of(curves: Sequence[Curve], baseline: str | None = None) -> tuple[Area, ...]:
    """Return the area of each arm on each axis, over what all lasting curves cover of the axis.

    An axis on which the curves share no range is left out: nothing is extrapolated.

    Raises:
        ValueError: There is no curve, or none of the baseline.
    """
    curves = lasting(compared(curves))
    baseline = baseline_of(curves, baseline)
    result = []
    for axis in AXES:
        span = common_range(curves, axis)
        if span is None:
            continue
        areas = {arm: _of_arm(curves, arm, axis, span) for arm in arms_of(curves)}
        result += [
            _area(arm, axis, span, areas[arm], {} if arm == baseline else areas[baseline])
            for arm in areas
            if areas[arm]
        ]
    return tuple(result)


def _of_arm(
    curves: Sequence[Curve], arm: str, axis: Axis, span: tuple[float, float]
) -> dict[int, float]:
    """The area of each seed; a curve of one round has none."""
    found = {seed: on_axis(curve, axis) for seed, curve in of_arm(curves, arm).items()}
    return {seed: mean_between(x, y, *span) for seed, (x, y) in found.items() if len(x) > 1}


def _area(
    arm: str, axis: Axis, span: tuple[float, float], ours: dict[int, float], base: dict[int, float]
) -> Area:
    paired = sorted(ours.keys() & base.keys())
    return Area(
        arm=arm,
        axis=axis,
        low=span[0],
        high=span[1],
        seeds=tuple(ours),
        mean=estimate(list(ours.values())),
        paired_seeds=tuple(paired),
        difference=estimate([ours[seed] - base[seed] for seed in paired]) if paired else None,
    )
