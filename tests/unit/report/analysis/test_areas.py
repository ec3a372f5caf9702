"""The area under each arm's curve."""

from dataclasses import astuple

import pytest

from job.report.analysis.areas import areas_of
from tests.unit.report.make_curves import BASE, added, boxes, curve, curves


def test_area_by_hand() -> None:
    """0.2, 0.4, 0.6 at 100, 200, 300 images: 30 + 50 over 200; the arm has 0.7 at the end."""
    found = areas_of([curve("random", 0, [0.2, 0.4, 0.6]), curve("a", 0, [0.2, 0.4, 0.7])])
    random, arm = (each for each in found if each.axis == "images")
    assert (random.low, random.high, random.mean.mean) == pytest.approx((100, 300, 0.4))
    assert arm.mean.mean == pytest.approx(0.425)
    assert arm.difference is not None
    assert arm.difference.mean == pytest.approx(0.025)
    assert random.difference is None
    assert {each.axis for each in found} == {
        "images",
        "boxes",
        "annotation_seconds",
        "money",
        "wall_seconds",
    }


def test_areas_are_over_the_same_range() -> None:
    """In the range 300..400 random goes from 0.4 to 0.5, and so does the other."""
    both = [boxes("random", 0, [0.3, 0.5], [200, 400]), boxes("a", 0, [0.4, 0.6], [300, 500])]
    found = [each for each in areas_of(both) if each.axis == "boxes"]
    assert [(each.low, each.high) for each in found] == [(300, 400)] * 2
    assert [each.mean.mean for each in found] == pytest.approx([0.45, 0.45])


def test_areas_over_seeds() -> None:
    """Levels over each arm's own seeds, differences over those that both have."""
    random = [curve("random", 0, [0.2, 0.4]), curve("random", 1, [0.4, 0.6])]
    arm = [curve("a", 1, [0.5, 0.7]), curve("a", 2, [0.9, 0.9])]
    found = {each.arm: each for each in areas_of([*random, *arm]) if each.axis == "images"}
    levels = found["random"].mean
    assert (levels.mean, levels.low, levels.high) == pytest.approx((0.4, 0.3, 0.5))
    assert found["a"].seeds == (1, 2)
    assert found["a"].paired_seeds == (1,)
    assert found["a"].difference is not None
    assert astuple(found["a"].difference) == pytest.approx((0.1, None, None, 1))


def test_an_axis_without_a_common_range_has_no_area() -> None:
    """Curves beside each other are not extended; of what costs nothing there is no range at all."""
    beside = [
        curve("random", 0, [0.3, 0.5], {"boxes": [100, 200], "money": [0, 0]}),
        curve("a", 0, [0.4, 0.6], {"boxes": [200, 500], "money": [0, 0]}),
    ]
    assert {each.axis for each in areas_of(beside)} == {
        "images",
        "annotation_seconds",
        "wall_seconds",
    }


def test_a_seed_that_failed_early_has_no_area() -> None:
    """Nor has an arm that only began."""
    all_curves = [
        *curves("random", BASE),
        *curves("a", added([0, 0.1, 0.1])[:1]),
        curve("a", 1, [0.3]),
        curve("b", 0, [0.3]),
    ]
    found = {each.arm: each for each in areas_of(all_curves) if each.axis == "images"}
    assert found.keys() == {"random", "a"}
    assert found["a"].seeds == (0,)
    assert (found["a"].low, found["a"].high) == (100, 300)


def test_a_seed_that_covers_a_third_does_not_shorten_the_range() -> None:
    """The others' means are over all six rounds, and it has none."""
    whole = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    all_curves = [
        *curves("random", [whole, whole]),
        curve("a", 0, whole),
        curve("a", 1, whole[:2]),
    ]
    found = {each.arm: each for each in areas_of(all_curves) if each.axis == "images"}
    assert (found["a"].low, found["a"].high, found["a"].seeds) == (100, 600, (0,))
    assert found["random"].seeds == (0, 1)
