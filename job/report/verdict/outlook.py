"""The forecast in words: what a goal needs, what another round gains, and what that is worth."""

from collections.abc import Mapping

from job.report.analysis.back_test import BackTest
from job.report.analysis.curves import Axis
from job.report.analysis.forecast import (
    COSTS,
    LEVEL,
    MIN_BUDGETS,
    REACH,
    Forecast,
    GoalForecast,
    NextRound,
)
from job.report.wording import PER_UNIT, counted, percent, points, rough, signed_points

_INTERVAL = f"{percent(LEVEL)} interval"
GOAL_HEADER = ("arm", "goal, mAP", "labelled images", _INTERVAL, "hours", "money")
"""The names of the columns of `goal_cells`."""


def goal_cells(forecast: Forecast, goal: GoalForecast) -> tuple[object, ...]:
    """Return the cells of a table: what an arm needs to reach a goal."""
    return (
        forecast.arm,
        f"{goal.goal:.3f}",
        _images(goal, forecast.limit),
        _interval(goal),
        *(_cost(goal.costs, axis) for axis in COSTS),
    )


def _images(goal: GoalForecast, limit: float) -> str:
    if goal.images is None:
        return f"not within {rough(limit)}"
    return f"{goal.images:,.0f}, measured" if goal.is_measured else f"about {rough(goal.images)}"


def _interval(goal: GoalForecast) -> str:
    if goal.is_measured or goal.low is None:
        return ""
    return f"{rough(goal.low)} {f'to {rough(goal.high)}' if goal.high else 'or more'}"


def _cost(costs: Mapping[Axis, float], axis: Axis) -> str:
    return rough(costs[axis] / PER_UNIT.get(axis, 1.0)) if costs.get(axis) else ""


def next_sentence(forecast: Forecast) -> str:
    """Return what one round more would gain and cost, or why nobody can tell."""
    if forecast.why_not:
        return f"{forecast.arm}: no forecast, because {forecast.why_not}."
    if forecast.next_round is None:
        return f"{forecast.arm}: the whole pool is labelled."
    following = forecast.next_round
    gain, costs = following.gain, _costs_in_words(following.costs)
    for_costs = f" for {costs} of annotation" if costs else ""
    return (
        f"{forecast.arm}: {counted(round(following.num_images), 'image')} more would gain about"
        f" {points(gain.mean)} of mAP{for_costs}; one run would measure"
        f" {signed_points(gain.low)} to {signed_points(gain.high)} ({_INTERVAL})."
        f" {_when_to_stop(following)}"
    ).strip()


def _when_to_stop(following: NextRound) -> str:
    mean = following.gain.mean
    if mean < _NOTHING:
        return "Stop here: no gain is to be expected."
    price = _costs_in_words({axis: cost / (100 * mean) for axis, cost in following.costs.items()})
    return f"Stop if a point is not worth {price} to you." if price else ""


_NOTHING = 0.0005
"""A gain that is shown as 0.0 points."""


def _costs_in_words(costs: Mapping[Axis, float]) -> str:
    """Hours and money, without those that are 0; empty if labels cost nothing."""
    hours, money = (rough(costs[axis] / PER_UNIT.get(axis, 1.0)) for axis in COSTS)
    words = [f"{hours} hour{'s' * (hours != '1')}"] * (hours != "0")
    return " and ".join(words + [f"{money} in money"] * (money != "0"))


def worth_of_forecast(own: BackTest | None, published: BackTest) -> tuple[str, ...]:
    """Return how often such forecasts held: here, and on all curves that are published."""
    fitted = f"a forecast from the first {MIN_BUDGETS} budgets"
    here = (
        f"Here {fitted} held {_held(own)}."
        if own
        else f"Here it cannot be tested yet: that takes more than {MIN_BUDGETS} budgets."
    )
    there = (
        f"On the published curves {fitted} held {_held(published)}. Its middle was"
        f" {points(abs(published.error))} too {'high' if published.error > 0 else 'low'}. The"
        f" interval of the next round's gain held {percent(published.gain_coverage)} of the gains"
    )
    if published.need_coverage is None:
        return here, f"{there}."
    needs = f"that of the images for a goal {percent(published.need_coverage)}"
    return here, f"{there}, and {needs} of {counted(published.num_needs, 'case')}."


def _held(found: BackTest) -> str:
    return (
        f"{percent(found.coverage)} of the later results in its {_INTERVAL}"
        f" ({counted(found.num_curves, 'curve')}, {counted(found.num_later, 'result')})"
    )


def reach_in_words() -> str:
    """Return how the forecast is made and how far it goes."""
    return (
        "A power law is fitted to each seed, and the interval is that of one more run: it holds the"
        " spread of the seeds and the doubt about the fit. No forecast goes beyond"
        f" {REACH} times what is labelled, or beyond the pool."
    )
