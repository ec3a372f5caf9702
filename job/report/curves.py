"""Learning curves as numbers: what one arm reached under one seed, against what it had cost.

R = rounds of a curve, in ascending order; rounds that failed or are not done yet are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from job.report.results import Row

Axis = Literal["images", "boxes", "annotation_seconds", "money", "wall_seconds"]
AXES: tuple[Axis, ...] = ("images", "boxes", "annotation_seconds", "money", "wall_seconds")
"""What a curve can be drawn against: all cumulative, every labelled image counted once."""

Float64s = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One arm under one seed."""

    arm: str
    seed: int
    rounds: NDArray[Any]
    """(R,), ascending; one may be missing."""
    metric: Float64s
    """(R,): mAP at IoU 0.5; NaN where no test image shows any class."""
    costs: dict[Axis, Float64s]
    """(R,) for each axis. Wall seconds are those of selecting, scoring for it, and training."""


def curves_of(rows: Sequence[Row]) -> list[Curve]:
    """Return the curves of an experiment's rows, arms in the order of their first rows."""
    order = {arm: number for number, arm in enumerate(dict.fromkeys(row.arm for row in rows))}
    ordered = sorted(rows, key=lambda row: (order[row.arm], row.seed, row.round))
    return [
        _curve(arm, seed, list(group))
        for (arm, seed), group in groupby(ordered, key=lambda row: (row.arm, row.seed))
    ]


def _curve(arm: str, seed: int, rows: Sequence[Row]) -> Curve:
    def column(name: str) -> Float64s:
        values = [getattr(row, name) for row in rows]
        return np.array([np.nan if value is None else value for value in values], np.float64)

    return Curve(
        arm=arm,
        seed=seed,
        rounds=np.array([row.round for row in rows]),
        metric=column("mAP"),
        costs={
            "images": column("total_samples"),
            "boxes": column("bboxes"),
            "annotation_seconds": column("annotation_seconds"),
            "money": column("annotation_money"),
            "wall_seconds": np.cumsum(column("total_time")),
        },
    )
