"""The forecast in words."""

from dataclasses import replace

from job.report.analysis.back_test import BackTest
from job.report.analysis.curves import Axis
from job.report.analysis.forecast import Forecast, Gain, GoalForecast, NextRound
from job.report.verdict.outlook import GOAL_HEADER, goal_cells, next_sentence, worth_of_forecast

FREE: dict[Axis, float] = {"annotation_seconds": 0.0, "money": 0.0}
ROUND = NextRound(200, Gain(0.025, -0.012, 0.061), {"annotation_seconds": 9000.0, "money": 123.4})
WORTH = BackTest(
    num_curves=12,
    num_later=30,
    coverage=0.834,
    width=0.1,
    error=-0.012,
    gain_coverage=0.75,
    num_needs=8,
    need_coverage=0.875,
)


def forecast(following: NextRound | None = ROUND, why_not: str = "") -> Forecast:
    return Forecast("a", 400, 1600, why_not, next_round=following)


def test_another_round_in_a_line() -> None:
    """2.5 points for 2.5 hours and 123.4: 1 hour and 49 a point."""
    assert next_sentence(forecast()) == (
        "a: 200 images more would gain about 2.5 points of mAP for 2.5 hours and 120 in money of"
        " annotation; one run would measure -1.2 to +6.1 (80 % interval). Stop if a point is not"
        " worth 1 hour and 49 in money to you."
    )


def test_labels_that_cost_nothing_are_not_weighed() -> None:
    """There is no price to name."""
    assert next_sentence(forecast(replace(ROUND, costs=FREE))).endswith("(80 % interval).")


def test_nothing_to_gain_is_a_reason_to_stop() -> None:
    """A gain that is shown as 0.0 has no price a point."""
    flat = replace(ROUND, gain=Gain(0.0004, -0.02, 0.02))
    assert next_sentence(forecast(flat)).endswith("Stop here: no gain is to be expected.")


def test_without_forecast_it_says_why() -> None:
    """The reason, or that there is nothing left to label."""
    assert next_sentence(forecast(None, "it falls")) == "a: no forecast, because it falls."
    assert next_sentence(forecast(None)) == "a: the whole pool is labelled."


def test_what_a_goal_needs_in_cells() -> None:
    """Rounded if it is forecast, whole if it is measured, and in words if it is not in reach."""
    costs: dict[Axis, float] = {"annotation_seconds": 7200.0, "money": 61.7}
    about = GoalForecast(0.5, is_measured=False, images=812, low=604, high=None, costs=costs)
    assert len(goal_cells(forecast(), about)) == len(GOAL_HEADER)
    assert goal_cells(forecast(), about) == ("a", "0.500", "about 810", "600 or more", "2", "62")
    assert goal_cells(forecast(), replace(about, high=1234.0))[3] == "600 to 1,200"
    measured = replace(about, is_measured=True, low=None)
    assert goal_cells(forecast(), measured)[2:4] == ("812, measured", "")
    never = replace(about, images=None, low=None, costs={})
    assert goal_cells(forecast(), never)[2:] == ("not within 1,600", "", "", "")


def test_what_forecasts_were_worth_stands_beside_them() -> None:
    """Here and on all published curves; if it cannot be tested here, that is said."""
    here, there = worth_of_forecast(WORTH, WORTH)
    held = "83 % of the later results in its 80 % interval (12 curves, 30 results)"
    assert here == f"Here a forecast from the first 3 budgets held {held}."
    assert there == (
        f"On the published curves a forecast from the first 3 budgets held {held}. Its middle was"
        " 1.2 points too low. The interval of the next round's gain held 75 % of the gains, and"
        " that of the images for a goal 88 % of 8 cases."
    )
    none, _ = worth_of_forecast(None, WORTH)
    assert none == "Here it cannot be tested yet: that takes more than 3 budgets."
    assert worth_of_forecast(None, replace(WORTH, need_coverage=None))[1].endswith("of the gains.")
