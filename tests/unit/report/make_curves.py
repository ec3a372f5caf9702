"""Learning curves made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from job.report.analysis.curves import AXES, Axis, Curve


def curve(
    arm: str,
    seed: int,
    metric: Sequence[float],
    costs: Mapping[Axis, Sequence[float]] | None = None,
    rounds: Sequence[int] | None = None,
) -> Curve:
    """A curve; where nothing else is said, 100 images a round, and on all axes the same as images.

    `metric` and `rounds` have a value for each round.
    """
    numbers = np.array(range(len(metric)) if rounds is None else rounds)
    images = np.array((costs or {}).get("images", 100 * (numbers + 1)), np.float64)
    return Curve(
        arm=arm,
        seed=seed,
        rounds=numbers,
        metric=np.array(metric, np.float64),
        costs={axis: np.array((costs or {}).get(axis, images), np.float64) for axis in AXES},
    )


def reference(metric: float) -> Curve:
    """The curve of an arm that is not compared, such as one trained on the whole pool."""
    return replace(curve("fully-supervised", 0, [metric]), is_compared=False)


def curves(
    arm: str,
    metrics: Sequence[Sequence[float]],
    costs: Mapping[Axis, Sequence[float]] | None = None,
) -> list[Curve]:
    """An arm's curves under seeds 0, 1, ..."""
    return [curve(arm, seed, metric, costs) for seed, metric in enumerate(metrics)]


BASE = [
    [0.30, 0.40, 0.50],
    [0.31, 0.43, 0.52],
    [0.29, 0.41, 0.55],
    [0.32, 0.44, 0.51],
    [0.30, 0.45, 0.54],
]
"""Five seeds, three rounds; they end at 0.524 in the mean."""
NOISE = [[0, 0.02, -0.01], [0, -0.01, 0.03], [0, 0.03, -0.02], [0, -0.02, 0.01], [0, 0.01, 0.02]]
"""Nothing in round 0, which all arms share."""


def added(more: Sequence[float] | Sequence[Sequence[float]]) -> list[list[float]]:
    """The five seeds with something more in each round."""
    return [[float(each) for each in row] for row in np.array(BASE) + np.array(more)]


def wobbling(*means: float) -> list[list[float]]:
    """The five seeds with that much more in each later round, give or take two thousandths."""
    spread = [[0.0, *(0.001 * wobble for _ in means)] for wobble in (-2, -1, 0, 1, 2)]
    return added([[a + b for a, b in zip((0, *means), row, strict=True)] for row in spread])


def boxes(arm: str, seed: int, metric: list[float], values: list[float]) -> Curve:
    """A curve against boxes."""
    return curve(arm, seed, metric, {"boxes": values})
