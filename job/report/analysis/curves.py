"""Learning curves as numbers: the metric of one arm under one seed, against its costs.

R = rounds of a curve, in ascending order; rounds that failed or are not done yet are left out.
P = points on an axis.
"""
# ruff: noqa: N803 - shape suffixes

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from job.records.arrays import Float64s
from job.report.analysis.results import Row

Axis = Literal["images", "boxes", "annotation_seconds", "money", "wall_seconds"]
AXES: tuple[Axis, ...] = ("images", "boxes", "annotation_seconds", "money", "wall_seconds")
"""The costs that a curve is drawn against, all cumulative; every labelled image counts once."""


@dataclass(frozen=True)
class Curve:
    """One arm under one seed."""

    arm: str
    seed: int
    rounds: NDArray[Any]
    """(R,), ascending; one may be missing."""
    metric: Float64s
    """(R,): mAP at IoU 0.5; NaN if no test image shows any class."""
    costs: dict[Axis, Float64s]
    """(R,) for each axis. Wall seconds are those of selecting, of scoring for it, and of training.
    They are NaN from a missing round on, since its time is unknown."""
    is_compared: bool = True
    """Whether its arm is compared, and not a reference."""


def curves_of(rows: Sequence[Row], compared_arms: Container[str]) -> list[Curve]:
    """Return the curves of an experiment's rows, arms in the order of their first rows.

    Args:
        rows: Of all arms and seeds.
        compared_arms: The arms that are compared; the others are references.
    """
    order = {arm: number for number, arm in enumerate(dict.fromkeys(row.arm for row in rows))}
    first = {arm: min(row.round for row in rows if row.arm == arm) for arm in order}
    ordered = sorted(rows, key=lambda row: (order[row.arm], row.seed, row.round))
    return [
        replace(_curve(arm, seed, list(group), first[arm]), is_compared=arm in compared_arms)
        for (arm, seed), group in groupby(ordered, key=lambda row: (row.arm, row.seed))
    ]


def _curve(arm: str, seed: int, rows: Sequence[Row], first: int) -> Curve:
    def column(name: str) -> Float64s:
        values = [getattr(row, name) for row in rows]
        return np.array([np.nan if value is None else value for value in values], np.float64)

    rounds = np.array([row.round for row in rows])
    is_whole = rounds == first + np.arange(len(rows))
    return Curve(
        arm=arm,
        seed=seed,
        rounds=rounds,
        metric=column("mAP"),
        costs={
            "images": column("total_samples"),
            "boxes": column("bboxes"),
            "annotation_seconds": column("annotation_seconds"),
            "money": column("annotation_money"),
            "wall_seconds": np.where(is_whole, np.cumsum(column("total_time")), np.nan),
        },
    )


def reference_metric(curves: Sequence[Curve]) -> float | None:
    """Return the last metric of the arm that is a reference, mean over seeds; None without one."""
    ends = [curve.metric[-1] for curve in curves if not curve.is_compared]
    return float(np.mean(ends)) if ends else None


def compared(curves: Sequence[Curve]) -> list[Curve]:
    """Return the curves of the arms that are compared, without the rounds that have no metric."""
    whole = [_where(curve, np.isfinite(curve.metric)) for curve in curves if curve.is_compared]
    return [curve for curve in whole if len(curve.rounds)]


def _where(curve: Curve, kept_R: NDArray[np.bool_]) -> Curve:
    if kept_R.all():
        return curve
    return replace(
        curve,
        rounds=curve.rounds[kept_R],
        metric=curve.metric[kept_R],
        costs={axis: values[kept_R] for axis, values in curve.costs.items()},
    )


def arms_of(curves: Sequence[Curve]) -> list[str]:
    """Return the arms in their order."""
    return list(dict.fromkeys(curve.arm for curve in curves))


def of_arm(curves: Sequence[Curve], arm: str) -> dict[int, Curve]:
    """Return an arm's curves by seed."""
    return {curve.seed: curve for curve in curves if curve.arm == arm}


def lasting(curves: Sequence[Curve]) -> list[Curve]:
    """Return the curves that have at least half as many rounds as their arm's longest.

    A figure over a range, or at its end, covers what all curves have: a seed that failed early
    would shorten the range for all.
    """
    longest = {
        arm: max(len(curve.rounds) for curve in curves if curve.arm == arm)
        for arm in arms_of(curves)
    }
    return [curve for curve in curves if 2 * len(curve.rounds) >= longest[curve.arm]]


def on_axis(curve: Curve, axis: Axis) -> tuple[Float64s, Float64s]:
    """Return the costs and metrics of a curve, (R,) each, of the rounds in which both are known."""
    is_known = np.isfinite(curve.costs[axis]) & np.isfinite(curve.metric)
    return curve.costs[axis][is_known], curve.metric[is_known]


def metric_at(curve: Curve, axis: Axis, x_P: Float64s) -> Float64s:
    """Return the metric at points of an axis, by straight lines between the rounds.

    Returns:
        (P,), NaN outside the range of the curve: nothing is extrapolated.
    """
    x, metric = on_axis(curve, axis)
    if not len(x):
        return np.full(len(x_P), np.nan)
    return np.interp(x_P, x, metric, left=np.nan, right=np.nan)


def baseline_of(curves: Sequence[Curve], wanted: str | None = None) -> str:
    """Return the arm that the others are compared with: `random` or, without it, the first arm.

    Args:
        curves: Of all arms and seeds.
        wanted: Another arm to compare with.

    Raises:
        ValueError: There is no curve, or no curve of that arm.
    """
    arms = arms_of(curves)
    if not arms:
        message = "no curve, so nothing to compare with"
        raise ValueError(message)
    if wanted and wanted not in arms:
        message = f"no curve of {wanted!r} to compare with; there are {', '.join(arms)}"
        raise ValueError(message)
    return wanted or ("random" if "random" in arms else arms[0])
