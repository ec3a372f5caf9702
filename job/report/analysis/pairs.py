"""Two arms under the same seed at the same point of an axis.

N = seeds, P = points of an axis.
"""
# ruff: noqa: N806, N815 - shape suffixes

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from job.records.arrays import Float64s
from job.report.analysis.curves import (
    Axis,
    Curve,
    compared,
    lasting,
    metric_at,
    of_arm,
    on_axis,
)


@dataclass(frozen=True)
class Pairs:
    """The difference of one arm to another at one point of an axis."""

    x: float
    """On the axis, in its unit."""
    seeds: tuple[int, ...]
    """The seeds that both have there, at least one. The same seed means the same initial set."""
    differences_N: Float64s
    """(N,): of the metric; above 0 the first arm is better."""


def pairs(curves: Sequence[Curve], arm: str, other: str, axis: Axis) -> list[Pairs]:
    """Return the differences of one arm to another at each point that a seed has in both."""
    curves = compared(curves)
    ours, theirs = of_arm(curves, arm), of_arm(curves, other)
    seeds = sorted(ours.keys() & theirs.keys())
    if not seeds:
        return []
    points_P, are_own = points(curves, axis), axis == "images" and share_rounds(curves)

    def metrics_of(curve: Curve) -> Float64s:
        metric_P = metric_at(curve, axis, points_P)
        # A round that is missing has no metric, not one between its neighbours.
        is_there_P = np.isin(points_P, on_axis(curve, axis)[0]) | (not are_own)
        return np.where(is_there_P, metric_P, np.nan)

    differences_NP = np.array([metrics_of(ours[each]) - metrics_of(theirs[each]) for each in seeds])
    is_paired_NP = np.isfinite(differences_NP)
    return [
        Pairs(
            x=float(x),
            seeds=tuple(compress(seeds, is_paired_N)),
            differences_N=differences_N[is_paired_N],
        )
        for x, differences_N, is_paired_N in zip(
            points_P, differences_NP.T, is_paired_NP.T, strict=True
        )
        if is_paired_N.any()
    ]


def share_rounds(curves: Sequence[Curve]) -> bool:
    """Whether all arms and seeds have the same number of images at the same round."""
    images: dict[int, float] = {}
    return all(
        images.setdefault(index, value) == value
        for curve in compared(curves)
        for index, value in zip(curve.rounds.tolist(), curve.costs["images"].tolist(), strict=True)
    )


def points(curves: Sequence[Curve], axis: Axis) -> Float64s:
    """Return the points of an axis at which arms are compared.

    On the axis of images: those of the rounds, if all arms and seeds have the same number at the
    same round. Otherwise: evenly spaced over the range that all lasting curves cover, as many as
    the longest curve has rounds.

    Returns:
        (P,), ascending; empty if there is no such range.
    """
    curves = compared(curves)
    if axis == "images" and share_rounds(curves):
        return np.unique(np.concatenate([curve.costs[axis] for curve in curves]))
    span = common_range(curves, axis)
    return np.linspace(*span, max(len(curve.rounds) for curve in curves)) if span else np.zeros(0)


def common_range(curves: Sequence[Curve], axis: Axis) -> tuple[float, float] | None:
    """Return the range of an axis that all lasting curves cover; None if it is a point or empty.

    Curves of one round cover nothing and do not count.
    """
    covered = [on_axis(curve, axis)[0] for curve in lasting(compared(curves))]
    covered = [x for x in covered if len(x) > 1]
    low = max((float(x[0]) for x in covered), default=0.0)
    high = min((float(x[-1]) for x in covered), default=0.0)
    return (low, high) if low < high else None
