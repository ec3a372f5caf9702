"""The section of what more labels would bring."""

import numpy as np
import pytest

from job.report.sections.forecast import ForecastSection
from tests.unit.report.make_context import cells, context, row

ROWS = [
    row(arm, seed, index, metric + 0.001 * seed)
    for arm, end in (("random", 0.6), ("a", 0.7))
    for seed in (0, 1)
    for index, metric in enumerate(end - 2 / np.sqrt([100.0, 200.0, 300.0, 400.0]))
]
"""Two arms with two seeds each, on laws that end at 0.6 and 0.7: 400 of 600 images."""


def test_every_arm_has_its_line_and_its_goal() -> None:
    """Random ends at 0.5, so the goal is 0.55; the arm has that at 200 images, half-way to 0.6."""
    found = ForecastSection().build(context(rows=ROWS))
    assert found.html.count("100 images more would gain about") == 2
    table = cells(found.html)
    assert ["random", "0.550", "not within 600"] in [each[:3] for each in table]
    measured = next(each for each in table if each[0] == "a")
    assert measured[2].endswith(", measured")
    assert [each.name for each in found.figures] == ["forecast"]
    assert found.tables.keys() == {"forecast", "next-round"}
    assert [each["arm"] for each in found.tables["next-round"]] == ["random", "a"]
    assert found.numbers.keys() == {"forecasts", "back_test"}


def test_the_goal_can_be_named() -> None:
    """0.515 is a little above random's last metric, 0.5: between 400 images and the pool's 600."""
    table = cells(ForecastSection().build(context(rows=ROWS, goal=0.515)).html)
    (random,) = (each for each in table if each[0] == "random")
    images = random[2].removeprefix("about ")
    assert 400 < float(images) < 600
    assert float(random[5]) == pytest.approx(17.5 * float(images) / 100, rel=0.05)


def test_its_coverage_stands_beside_the_forecast() -> None:
    """Four budgets: the first three are held against the fourth of each of four curves."""
    html = ForecastSection().build(context(rows=ROWS)).html
    assert "80 % interval (4 curves, 4 results)" in html
    assert "On the published curves a forecast" in html


def test_with_two_rounds_it_says_that_it_cannot_tell() -> None:
    """No table, no figure, a reason for each arm."""
    found = ForecastSection().build(context())
    assert found.html.count("no forecast, because no seed has 3 budgets yet") == 2
    assert "<table" not in found.html
    assert "<figure" not in found.html
    assert "Here it cannot be tested yet" in found.html
    assert found.tables == {"forecast": [], "next-round": []}
