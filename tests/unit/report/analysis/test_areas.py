"""The area under each arm's curve."""

from dataclasses import astuple

import pytest

from job.report.analysis.areas import Area, areas_of
from job.report.analysis.curves import Axis, Curve
from tests.unit.report.make_curves import BASE, added, boxes, curve, curves


def of_images(all_curves: list[Curve]) -> dict[str, Area]:
    """The areas against images, by arm."""
    return {each.arm: each for each in areas_of(all_curves) if each.axis == "images"}


def test_area_by_hand() -> None:
    """0.2, 0.4, 0.6 at 100, 200, 300 images: 30 + 50 over 200; the arm has 0.7 at the end."""
    found = areas_of([curve("random", 0, [0.2, 0.4, 0.6]), curve("a", 0, [0.2, 0.4, 0.7])])
    arm = next(each for each in found if each.axis == "images")
    assert (arm.low, arm.high) == (100, 300)
    assert (arm.mean, arm.baseline) == pytest.approx((0.425, 0.4))
    assert arm.difference.mean == pytest.approx(0.025)
    assert {each.arm for each in found} == {"a"}
    assert [each.axis for each in found] == [
        "images",
        "boxes",
        "annotation_seconds",
        "money",
        "wall_seconds",
    ]


def test_each_image_counts_the_same() -> None:
    """With budgets that double, 0.1 more at 200 images counts as much as 150 of 350 images."""
    images: dict[Axis, list[float]] = {"images": [50, 100, 200, 400]}
    random = curve("random", 0, [0.1, 0.2, 0.3, 0.4], images)
    arm = curve("a", 0, [0.1, 0.2, 0.4, 0.4], images)
    assert of_images([random, arm])["a"].difference.mean == pytest.approx(0.1 * 150 / 350)


def test_areas_are_over_what_an_arm_and_the_baseline_share() -> None:
    """In the range 300..400 random goes from 0.4 to 0.5, and so does the other."""
    both = [boxes("random", 0, [0.3, 0.5], [200, 400]), boxes("a", 0, [0.4, 0.6], [300, 500])]
    (found,) = (each for each in areas_of(both) if each.axis == "boxes")
    assert (found.low, found.high) == (300, 400)
    assert (found.mean, found.baseline) == pytest.approx((0.45, 0.45))


def test_an_arm_that_has_only_begun_changes_no_other_arms_area() -> None:
    """It has two rounds of three: its own range ends there, and that of the other does not."""
    arm, new = curves("a", added([0, 0.1, 0.1])), curves("b", [row[:2] for row in BASE])
    found = of_images([*curves("random", BASE), *arm, *new])
    assert found["a"] == of_images([*curves("random", BASE), *arm])["a"]
    assert [(each.low, each.high) for each in found.values()] == [(100, 300), (100, 200)]


def test_areas_are_of_the_seeds_that_both_have() -> None:
    """Seed 1 alone: 0.6 beside 0.5."""
    random = [curve("random", 0, [0.2, 0.4]), curve("random", 1, [0.4, 0.6])]
    arm = [curve("a", 1, [0.5, 0.7]), curve("a", 2, [0.9, 0.9])]
    found = of_images([*random, *arm])["a"]
    assert found.seeds == (1,)
    assert found.differences == pytest.approx((0.1,))
    assert astuple(found.difference) == pytest.approx((0.1, None, None, 1))
    assert (found.mean, found.baseline) == pytest.approx((0.6, 0.5))
    assert of_images([*random, arm[1]]) == {}


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
    found = of_images(all_curves)
    assert found.keys() == {"a"}
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
    found = of_images(all_curves)["a"]
    assert (found.low, found.high, found.seeds) == (100, 600, (0,))
