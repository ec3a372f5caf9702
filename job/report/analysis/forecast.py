"""A forecast: the images that an arm needs to reach a goal, and what another round would gain.

Power laws are fitted to each seed of an arm, and all of them together are the forecast of one more
run: its interval holds how far the seeds lie apart, and how unsure each fit is.

K = budgets of a curve, D = draws.
"""
# ruff: noqa: N806 - shape suffixes

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from job.records.arrays import Float64s
from job.report.analysis.comparison import mean_points
from job.report.analysis.curves import (
    Axis,
    Curve,
    arms_of,
    compared,
    lasting,
    of_arm,
    on_axis,
    reference_metric,
)
from job.report.analysis.power_laws import POWER_LAWS, Draws, Family, draw_power_laws
from job.report.analysis.savings import final_mean, first_reach

LEVEL = 0.8
"""The share of forecasts whose intervals should hold what comes."""
ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
MIN_BUDGETS = 3
"""Through two budgets goes a power law of any exponent."""
REACH = 4
"""No forecast goes beyond this many times what is labelled."""
COSTS: tuple[Axis, ...] = ("annotation_seconds", "money")


@dataclass(frozen=True)
class GoalForecast:
    """What one arm needs to reach a goal."""

    goal: float
    """The metric to reach."""
    is_measured: bool
    """Whether the arm has reached it, in the mean over seeds."""
    images: float | None
    """Labelled images: measured, or the median of the forecast. None: more than the limit."""
    low: float | None = None
    """The lower end of the interval. None: more than the limit, or the goal is reached already."""
    high: float | None = None
    costs: Mapping[Axis, float] = field(default_factory=dict)
    """Of labelling `images`, from the first image on."""


@dataclass(frozen=True)
class Gain:
    """What more images would add to the metric."""

    mean: float
    """Of the curve."""
    low: float
    """The lower end of the interval of what one run would measure, whose trainings have noise."""
    high: float


@dataclass(frozen=True)
class NextRound:
    """What one round more would gain, and what it would cost."""

    num_images: float
    """As many as in the last round, or what is left of the pool."""
    gain: Gain
    costs: Mapping[Axis, float]
    """Of labelling these images."""


@dataclass(frozen=True)
class Forecast:
    """The forecast for one arm."""

    arm: str
    num_images: float
    """Labelled so far, mean over seeds."""
    limit: float
    """How many images the forecast goes up to: a multiple of these, or the whole pool."""
    why_not: str = ""
    """Why there is no forecast; empty if there is one."""
    goals: tuple[GoalForecast, ...] = ()
    next_round: NextRound | None = None
    """None as well if the whole pool is labelled."""
    draws: Draws | None = None


def default_goals(curves: Sequence[Curve], baseline: str) -> tuple[float, ...]:
    """Return 5 points above the baseline's final metric, and the fully supervised one, if known."""
    final, full = final_mean(curves, baseline), reference_metric(curves)
    above = () if final is None else (min(round(final + 0.05, 2), 1.0),)
    return (*above, *(() if full is None or not np.isfinite(full) else (full,)))


def forecasts_of(
    curves: Sequence[Curve], goals: Sequence[float], pool_images: int
) -> tuple[Forecast, ...]:
    """Return the forecast for every arm that is compared.

    Args:
        curves: Of all arms and seeds.
        goals: Metrics to reach.
        pool_images: How many images can be labelled at all.
    """
    curves = lasting(compared(curves))
    return tuple(_forecast(curves, arm, goals, pool_images) for arm in arms_of(curves))


def points_of(curve: Curve) -> tuple[Float64s, Float64s]:
    """Return images and metric of a curve, (K,) each: of a budget that repeats, the last metric."""
    images, metric = on_axis(curve, "images")
    is_last = np.append(np.diff(images) > 0, np.ones(min(len(images), 1), bool))
    return images[is_last], metric[is_last]


def draws_of(
    points: Sequence[tuple[Float64s, Float64s]], family: Family = POWER_LAWS
) -> Draws | str:
    """Return the power laws of an arm, or why there can be none.

    Args:
        points: Images and metric of each seed, (K,) each.
        family: Which power laws may be.
    """
    enough = [each for each in points if len(each[0]) >= MIN_BUDGETS]
    if not enough:
        return f"no seed has {MIN_BUDGETS} budgets yet"
    if fmean(metric[-1] - metric[0] for _, metric in enough) <= 0:
        return "its curve does not rise, so nothing says what more images would bring"
    return draw_power_laws(enough, family)


def gain_of(draws: Draws, more: float) -> Gain:
    """Return what so many images more than at the last point would add."""
    gain_D = draws.gain_of(more)
    noise_D = math.sqrt(2) * draws.noise_D * np.random.default_rng(0).standard_normal(len(gain_D))
    low, high = np.quantile(gain_D + noise_D, ENDS)
    return Gain(float(gain_D.mean()), float(low), float(high))


def _forecast(
    curves: Sequence[Curve], arm: str, goals: Sequence[float], pool_images: int
) -> Forecast:
    mine = list(of_arm(curves, arm).values())
    now = fmean(curve.costs["images"][-1] for curve in mine)
    draws = draws_of([points_of(curve) for curve in mine])
    limit = min(REACH * now, pool_images)
    if isinstance(draws, str):
        return Forecast(arm, now, limit, draws)
    return Forecast(
        arm,
        now,
        limit,
        goals=tuple(_goal(mine, draws, goal, limit) for goal in goals),
        next_round=_next_round(mine, draws, pool_images - now),
        draws=draws,
    )


def _goal(mine: Sequence[Curve], draws: Draws, goal: float, limit: float) -> GoalForecast:
    measured = _measured(mine, "images", goal)
    if measured is not None:
        costs = {axis: _measured(mine, axis, goal) for axis in COSTS}
        return GoalForecast(
            goal=goal,
            is_measured=True,
            images=measured,
            costs={axis: cost for axis, cost in costs.items() if cost is not None},
        )
    images_D = np.maximum(draws.images_for(goal), draws.last)
    ends = np.quantile(images_D, [0.5, *ENDS], method="inverted_cdf")
    middle, low, high = (float(end) if end <= limit else None for end in ends)
    return GoalForecast(
        goal=goal,
        is_measured=False,
        images=middle,
        low=low,
        high=high,
        costs={} if middle is None else _costs(mine, middle),
    )


def _measured(mine: Sequence[Curve], axis: Axis, goal: float) -> float | None:
    """Where the mean over seeds reaches a goal."""
    points = mean_points(mine, axis)
    x, y = (np.array(each) for each in ([p.x for p in points], [p.estimate.mean for p in points]))
    return first_reach(x, y, goal)


def _next_round(mine: Sequence[Curve], draws: Draws, left: float) -> NextRound | None:
    last = fmean(images[-1] - images[-2] for images, _ in map(points_of, mine) if len(images) > 1)
    more = min(last, left)
    if more <= 0:
        return None
    return NextRound(
        num_images=more,
        gain=gain_of(draws, more),
        costs={axis: more * _per_image(mine, axis) for axis in COSTS},
    )


def _costs(mine: Sequence[Curve], images: float) -> dict[Axis, float]:
    """What so many labelled images cost, if those to come cost as much as those after round 0."""
    return {
        axis: fmean(
            curve.costs[axis][-1] + (images - curve.costs["images"][-1]) * _per_image(mine, axis)
            for curve in mine
        )
        for axis in COSTS
    }


def _per_image(mine: Sequence[Curve], axis: Axis) -> float:
    """What labelling an image of a later round costs: its boxes are those that the arm picks."""
    spent, images = (
        float(sum(curve.costs[each][-1] - curve.costs[each][0] for curve in mine))
        for each in (axis, "images")
    )
    return spent / images
