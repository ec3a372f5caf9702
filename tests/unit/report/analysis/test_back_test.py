"""Forecasts held against what came."""

import numpy as np
import pytest

from job.report.analysis.back_test import Held, back_test, held_by_forecast, published
from job.report.analysis.curves import Curve
from tests.unit.report.make_curves import curve

IMAGES = [50.0, 100.0, 200.0, 400.0, 800.0]
LAW = [0.6 - 2 / np.sqrt(n) for n in IMAGES]


def on_law(arm: str = "a", seed: int = 0, *later: float, images: list[float] = IMAGES) -> Curve:
    """A curve on 0.6 - 2 / sqrt(n), or with other metrics from the fourth budget on."""
    metric = [0.6 - 2 / np.sqrt(n) for n in images]
    return curve(arm, seed, [*metric[:3], *(later or metric[3:])], {"images": images})


def test_a_curve_that_stays_on_its_law_is_held() -> None:
    """Both later metrics, the gain of the next round, and the images that the last one needs."""
    (held,) = held_by_forecast([on_law()])
    assert (held.num_later, held.coverage, held.gain_held, held.need_held) == (2, 1.0, True, True)
    assert held.error == pytest.approx(0, abs=0.02)
    assert 0.02 < held.width < 0.2


def test_a_curve_that_leaves_its_law_is_not_held() -> None:
    """From 0.46 at 200 images to 0.9 at once: the forecast was 40 points too low."""
    (held,) = held_by_forecast([on_law("a", 0, 0.9, 0.95)])
    assert (held.coverage, held.gain_held, held.need_held) == (0.0, False, False)
    assert held.error < -0.3


def test_a_metric_that_was_reached_before_has_no_need_to_forecast() -> None:
    """The curve ends at 0.4, which it had at 100 images."""
    (held,) = held_by_forecast([on_law("a", 0, 0.45, 0.4)])
    assert held.need_held is None


def test_what_lies_beyond_the_reach_is_not_held_against_it() -> None:
    """Of 400, 800 and 1,600 images, the last is more than four times 200."""
    (held,) = held_by_forecast([on_law(images=[*IMAGES, 1600.0])])
    assert held.num_later == 2


def test_nothing_within_the_reach_is_nothing_to_hold() -> None:
    """The next budget is ten times as large."""
    assert held_by_forecast([on_law(images=[50.0, 100.0, 200.0, 2000.0])]) == []


def test_an_arm_without_forecast_is_left_out() -> None:
    """One falls, one has no later budget: neither has a forecast to hold anything against."""
    falls = curve("falls", 0, [0.4, 0.3, 0.2, 0.1])
    short = curve("short", 0, [0.1, 0.2, 0.3])
    assert len(held_by_forecast([falls, short, on_law()])) == 1


def test_every_curve_counts_once() -> None:
    """9 of 10 results held in one, none of 1 in the other: 45 %, and not 82 %."""
    made = [
        Held(10, 0.9, width=0.1, error=0.02, gain_held=True, need_held=True),
        Held(1, 0.0, width=0.3, error=-0.04, gain_held=False, need_held=None),
    ]
    found = back_test(made)
    assert found is not None
    assert (found.num_curves, found.num_later, found.num_needs) == (2, 11, 1)
    assert (found.coverage, found.gain_coverage, found.need_coverage) == (0.45, 0.5, 1.0)
    assert (found.width, found.error) == pytest.approx((0.2, -0.01))
    assert back_test([]) is None


def test_what_came_out_for_published_curves_is_at_hand() -> None:
    """It is part of the package: every page shows it."""
    found = published()
    assert found.num_curves > 10
    assert 0.5 < found.coverage <= 1
