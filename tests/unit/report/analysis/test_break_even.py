"""Whether active learning pays."""

import pytest

from job.report.analysis.break_even import break_even
from job.report.analysis.curves import Axis, Curve
from job.report.analysis.savings import savings_of
from tests.unit.report.make_curves import curve


def priced(per_image: float) -> list[Curve]:
    """Random needs 200 images, the arm 150, in each of two seeds."""
    money: dict[Axis, list[float]] = {"money": [100 * per_image, 200 * per_image]}
    return [
        each
        for seed in (0, 1)
        for each in (
            curve("random", seed, [0.2, 0.4], money),
            curve("a", seed, [0.2, 0.6], money),
        )
    ]


def test_break_even_by_hand() -> None:
    """50 images at 2 are 100 saved of 400. A set-up of 150 pays from 1.5 times that: 300 images."""
    found = break_even(savings_of(priced(2)), "a", 150)
    assert found is not None
    assert (found.saved.mean, found.net.mean) == pytest.approx((100, -50))
    assert (found.net.low, found.net.high) == pytest.approx((-50, -50))
    assert (found.scale, found.images) == pytest.approx((1.5, 300))


def test_break_even_holds_at_the_size_and_at_the_price_that_it_names() -> None:
    """With 1.5 times the price the net is 0."""
    found = break_even(savings_of(priced(3)), "a", 150)
    assert found is not None
    assert found.net.mean == pytest.approx(0)
    assert found.scale == pytest.approx(1)


def test_an_arm_that_saves_nothing_never_pays() -> None:
    """No size and no price makes up for it."""
    swapped = savings_of(priced(2), baseline="a", target=0.4)
    found = break_even(swapped, "random", 150)
    assert found is not None
    assert found.net.mean == pytest.approx(-250)
    assert (found.scale, found.images) == (None, None)


def test_no_business_case_without_figures() -> None:
    """Where annotation is free, or the arm never reached the metric."""
    assert break_even(savings_of(priced(0)), "a", 10) is None
    assert break_even(savings_of(priced(2), target=0.9), "a", 10) is None


def test_break_even_of_one_seed_has_no_interval() -> None:
    """One seed tells nothing of the spread."""
    found = break_even(savings_of(priced(2)[:2]), "a", 10)
    assert found is not None
    assert (found.net.mean, found.net.low, found.net.high) == pytest.approx((90, None, None))
