"""The forecast of what a goal needs and of what another round gains."""

import numpy as np
import pytest

from job.report.analysis.forecast import (
    Forecast,
    default_goals,
    draws_of,
    forecasts_of,
    gain_of,
    points_of,
)
from job.report.analysis.power_laws import Draws
from tests.unit.report.make_curves import BASE, curve, curves, reference

IMAGES = [50.0, 100.0, 200.0, 400.0]
METRIC = [0.6 - 2 / np.sqrt(n) for n in IMAGES]  # 0.317, 0.4, 0.459, 0.5


def forecast(goal: float = 0.55, pool_images: int = 10_000, **costs: list[float]) -> Forecast:
    """Of one seed on 0.6 - 2 / sqrt(n), up to 400 images."""
    made = curve("a", 0, METRIC, {"images": IMAGES, **costs})  # type: ignore[dict-item]
    (found,) = forecasts_of([made], [goal], pool_images)
    return found


def test_a_goal_beyond_what_is_measured_is_forecast() -> None:
    """The law reaches 0.54 at (2 / 0.06)^2 = 1,111 images; a point of noise is a fifth of that."""
    found = forecast(0.54)
    assert (found.num_images, found.limit, found.why_not) == (400, 1600, "")
    (goal,) = found.goals
    assert not goal.is_measured
    assert goal.images == pytest.approx(1111, rel=0.2)
    assert goal.low is not None
    assert goal.low < 1111
    assert goal.high is None


def test_a_goal_that_is_reached_is_measured() -> None:
    """0.48 lies half-way between 0.46 at 200 images and 0.5 at 400."""
    made = curve("a", 0, [0.3, 0.46, 0.5], {"images": [100, 200, 400], "money": [10, 20, 60]})
    (found,) = forecasts_of([made], [0.48], 10_000)
    (goal,) = found.goals
    assert (goal.is_measured, goal.low, goal.high) == (True, None, None)
    assert goal.images == pytest.approx(300)
    assert goal.costs["money"] == pytest.approx(40)


def test_a_goal_above_the_bound_is_beyond_the_limit() -> None:
    """0.95 is far above 0.6, which no number of images surpasses."""
    (goal,) = forecast(0.95).goals
    assert (goal.images, goal.low, goal.high, goal.costs) == (None, None, None, {})


def test_nothing_is_forecast_beyond_the_pool() -> None:
    """0.54 needs 1,111 images, and there are 600."""
    found = forecast(0.54, pool_images=600)
    assert found.limit == 600
    assert found.goals[0].images is None


def test_images_to_come_cost_as_much_as_those_of_later_rounds() -> None:
    """5 each in round 0 and then 0.1: at n images 250 + 35 + (n - 400) * 0.1."""
    found = forecast(0.54, money=[250.0, 255.0, 265.0, 285.0])
    (goal,) = found.goals
    assert goal.images is not None
    assert goal.costs["money"] == pytest.approx(285 + (goal.images - 400) * 0.1)
    assert found.next_round is not None
    assert found.next_round.costs["money"] == pytest.approx(20)


def test_another_round_is_as_large_as_the_last_one() -> None:
    """200 images, or what the pool still has; none if it has none."""
    whole = forecast().next_round
    assert whole is not None
    assert whole.num_images == 200
    assert whole.gain.mean == pytest.approx(2 / np.sqrt(400) - 2 / np.sqrt(600), abs=0.006)
    rest = forecast(pool_images=450).next_round
    assert rest is not None
    assert rest.num_images == 50
    assert forecast(pool_images=400).next_round is None


def test_a_gain_has_the_noise_of_two_trainings() -> None:
    """A gain of 5 points for sure, noise 1 point: 5 - 1.28 * sqrt(2) to 5 + 1.28 * sqrt(2)."""
    law = [np.full(5000, value) for value in (0.3, 0.1, 1.0, 0.01)]
    gain = gain_of(Draws(100.0, *law), 100)
    assert gain.mean == pytest.approx(0.05)
    assert (gain.low, gain.high) == pytest.approx((0.0319, 0.0681), abs=0.001)


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ([0.2, 0.3], "no seed has 3 budgets yet"),
        ([0.3, 0.4, 0.2], "its curve does not rise"),
        ([0.3, 0.2, 0.3], "its curve does not rise"),
    ],
)
def test_without_a_curve_that_rises_nothing_is_forecast(metric: list[float], why: str) -> None:
    """It says why, and has neither goals nor another round."""
    (found,) = forecasts_of([curve("a", 0, metric)], [0.5], 10_000)
    assert found.why_not.startswith(why)
    assert (found.goals, found.next_round, found.draws) == ((), None, None)


def test_seeds_with_too_few_budgets_are_left_out() -> None:
    """Two seeds, of which one has a law; whether the curve rises is asked of that one."""
    images = np.array([100.0, 200.0, 400.0])
    draws = draws_of([(images, np.array([0.1, 0.2, 0.3])), (images[:2], np.array([0.9, 0.1]))])
    assert isinstance(draws, Draws)
    assert draws.level_D.mean() == pytest.approx(0.3, abs=0.01)


def test_of_a_budget_that_repeats_the_last_metric_counts() -> None:
    """A round that labelled nothing trained again on the same images."""
    repeated = curve("a", 0, [0.1, 0.2, 0.3, 0.4], {"images": [100, 200, 200, 300]})
    images, metric = points_of(repeated)
    assert (list(images), list(metric)) == ([100, 200, 300], [0.1, 0.3, 0.4])


def test_the_usual_goals() -> None:
    """5 points above random's 0.524, in hundredths; and what the whole pool reaches, if known."""
    known = curves("random", BASE)
    assert default_goals(known, "random") == (0.57,)
    assert default_goals([*known, reference(0.7)], "random") == (0.57, 0.7)
    assert default_goals([curve("random", 0, [0.98])], "random") == (1.0,)
