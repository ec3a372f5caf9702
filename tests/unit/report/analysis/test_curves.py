"""Learning curves from rows, and what of them is compared."""

import numpy as np
import pytest

from job.report.analysis.curves import (
    arms_of,
    baseline_of,
    compared,
    curves_of,
    lasting,
    metric_at,
    of_arm,
    on_axis,
)
from tests.unit.report.make_context import row
from tests.unit.report.make_curves import curve, reference


def test_a_curve_for_each_arm_and_seed() -> None:
    """Arms in the order of their first rows, seeds and rounds ascending."""
    rows = [row("b", 1, 1), row("b", 1, 0), row("a", 0, 0), row("b", 0, 0)]
    found = [(each.arm, each.seed, each.rounds.tolist()) for each in curves_of(rows, ("a", "b"))]
    assert found == [("b", 0, [0]), ("b", 1, [0, 1]), ("a", 0, [0])]


def test_costs_of_a_curve() -> None:
    """All are cumulative; wall seconds are summed over the rounds."""
    (found,) = curves_of([row("a", 0, 0, 0.2, 10.0), row("a", 0, 1, None, 5.0)], ("a",))
    assert {axis: values.tolist() for axis, values in found.costs.items()} == {
        "images": [100, 200],
        "boxes": [250, 500],
        "annotation_seconds": [1000, 2000],
        "money": [17.5, 35],
        "wall_seconds": [10, 15],
    }
    assert found.metric[0] == 0.2
    assert np.isnan(found.metric[1])


def test_wall_seconds_after_a_missing_round_are_not_known() -> None:
    """What the round 1 took, which is not there, would be left out of the sum."""
    rows = [row("a", 0, 0), row("a", 0, 2), row("a", 1, 0), row("a", 1, 1)]
    gap, whole = curves_of(rows, ("a", "b"))
    assert gap.costs["wall_seconds"].tolist() == pytest.approx([10.0, np.nan], nan_ok=True)
    assert gap.costs["images"].tolist() == [100, 300]
    assert whole.costs["wall_seconds"].tolist() == [10, 20]


def test_the_bound_begins_at_its_only_round() -> None:
    """It has no round 0 whose time could be missing."""
    (bound,) = curves_of([row("fully-supervised", 0, 1, seconds=7.0)], ("a",))
    assert not bound.is_compared
    assert bound.costs["wall_seconds"].tolist() == [7]


def test_what_is_compared() -> None:
    """Not the bound, no round without a metric, and no curve without a round."""
    nan = float("nan")
    found = compared([curve("a", 0, [nan, 0.5]), curve("a", 1, [nan]), reference(0.9)])
    assert [(each.arm, each.seed, each.rounds.tolist()) for each in found] == [("a", 0, [1])]
    assert found[0].costs["boxes"].tolist() == [200]


def test_seeds_that_ended_early_do_not_last() -> None:
    """Half the rounds of the arm's longest is enough; another arm's length does not matter."""
    all_curves = [
        curve("long", 0, [0.1] * 6),
        curve("long", 1, [0.1] * 3),
        curve("long", 2, [0.1] * 2),
        curve("short", 0, [0.1]),
    ]
    assert [(each.arm, each.seed) for each in lasting(all_curves)] == [
        ("long", 0),
        ("long", 1),
        ("short", 0),
    ]


def test_metric_between_rounds_is_on_a_straight_line() -> None:
    """A quarter of the way from 100 to 200, and nothing beyond either end."""
    found = metric_at(curve("a", 0, [0.2, 0.6]), "images", np.array([99.0, 100, 125, 200, 201]))
    assert found.tolist() == pytest.approx([np.nan, 0.2, 0.3, 0.6, np.nan], nan_ok=True)


def test_a_curve_without_known_costs_has_no_points() -> None:
    """On that axis nothing is known of it."""
    found = curve("a", 0, [0.2, 0.6], {"wall_seconds": [np.nan, np.nan]})
    assert on_axis(found, "wall_seconds")[0].tolist() == []
    assert np.isnan(metric_at(found, "wall_seconds", np.array([1.0, 2.0]))).all()


def test_arms_and_their_seeds() -> None:
    """In the order in which they come."""
    all_curves = [curve("b", 3, [0.1]), curve("a", 1, [0.1]), curve("b", 1, [0.2])]
    assert arms_of(all_curves) == ["b", "a"]
    assert list(of_arm(all_curves, "b")) == [3, 1]


def test_baseline() -> None:
    """It is `random`; without it the first arm; or the one that is wanted, if it is there."""
    all_curves = [curve("a", 0, [0.1]), curve("random", 0, [0.1])]
    assert baseline_of(all_curves) == "random"
    assert baseline_of(all_curves[:1]) == "a"
    assert baseline_of(all_curves, "a") == "a"
    with pytest.raises(ValueError, match="no curve of 'b' to compare with; there are a, random"):
        baseline_of(all_curves, "b")
    with pytest.raises(ValueError, match="no curve"):
        baseline_of([])
