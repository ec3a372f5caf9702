"""The section of the differences to the baseline."""

import pytest

from job.report.sections.differences import DifferencesSection
from tests.unit.report.make_context import ROWS, built, cells, context, facts

DASH = "\N{EN DASH}"


def test_differences_are_in_points_at_equal_images() -> None:
    """Both seeds are 0.2 apart at 200 images and equal at 100; one test, p = 0, exact p = 1/2."""
    found = built(DifferencesSection(), context())
    table = cells(found.html)
    assert table[1] == ["a", "100", "2", "+0.0", "+0.0 to +0.0", "", "", ""]
    assert table[2] == ["a", "200", "2", "+20.0", "+20.0 to +20.0", "< 0.001", "0.500", "< 0.001"]
    assert "paired by seed; secondary, corrected for 1 test." in found.html
    assert [row["estimate_mean"] for row in found.tables["differences"]] == (
        pytest.approx([0.0, 0.2])
    )


def test_budgets_beyond_half_of_the_pool_are_marked() -> None:
    """200 images are more than half of 300."""
    found = built(DifferencesSection(), context(facts(pool_images=300)))
    assert [row[1] for row in cells(found.html)[1:3]] == ["100", "200*"]


def test_the_penalty_matrix_has_a_row_for_each_arm() -> None:
    """Two seeds are too few for any test: all cells are dashes, in the file empty."""
    found = built(DifferencesSection(), context())
    assert cells(found.html)[-2:] == [["random", DASH, DASH], ["a", DASH, DASH]]
    assert list(found.tables["penalties"]) == [
        {"arm": "random", "random": None, "a": None},
        {"arm": "a", "random": None, "a": None},
    ]


def test_one_arm_has_no_differences() -> None:
    """The page has no such section."""
    alone = context(facts(arms=("random",)), ROWS[:4])
    assert DifferencesSection().build(alone) is None
