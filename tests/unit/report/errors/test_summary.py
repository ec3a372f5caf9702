"""The errors of an arm in numbers."""

from pathlib import Path

import pytest

from job.report.errors.summary import ArmErrors, SeedErrors, summarise
from tests.unit.report.errors.make_errors import CLASSES, COW, FAR, HORSE, Found, gallery

TWO = [(COW, "cow"), (HORSE, "horse")]


def summary(folder: Path, *models: list[Found]) -> ArmErrors:
    """The errors of models with seeds 0, 1 and so on, in one image with a cow and a horse."""
    found = [
        SeedErrors.of(seed, gallery(folder, [TWO], [each]).explained)
        for seed, each in enumerate(models)
    ]
    return summarise("a", 3, found, CLASSES, {})


def test_numbers_are_means_over_seeds(tmp_path: Path) -> None:
    """The first model finds both; the second takes the horse for a cow, and finds the cow after it.

    There the AP of cows is 1/2 and that of horses 0. Mending the class brings both to 1.
    """
    right: list[Found] = [(COW, "cow", 0.5), (HORSE, "horse", 0.5)]
    wrong: list[Found] = [(HORSE, "cow", 0.75), (COW, "cow", 0.25)]
    of = summary(tmp_path, right, wrong)
    assert (of.seeds, of.num_boxes, of.num_found) == ((0, 1), 2, 1.5)
    assert of.confidence == pytest.approx((0.5 + 0.25) / 2)
    assert of.map50 == pytest.approx((1 + 1 / 4) / 2)
    assert of.gains["classification"] == pytest.approx((0 + 3 / 4) / 2)
    assert of.counts["classification"] == 0.5
    assert of.gains["missed"] == 0
    cow, horse = of.classes
    assert (cow.name, cow.num_boxes) == ("cow", 1)
    assert cow.ap50 == pytest.approx(3 / 4)
    assert cow.gains["classification"] == pytest.approx(1 / 4)
    assert horse.gains["classification"] == pytest.approx(1 / 2)
    assert horse.taken_for == (("cow", 0.5),)
    assert cow.taken_for == ()


def test_errors_are_counted_from_the_best_confidence_on(tmp_path: Path) -> None:
    """What is wrong below it costs mAP, and is not counted; what is found below it is missed."""
    of = summary(tmp_path, [(COW, "cow", 0.5), (FAR, "cow", 0.4), (FAR, "cow", 0.3)])
    assert of.confidence == 0.5
    assert of.counts["background"] == 0
    assert of.counts["missed"] == 1


def test_a_class_that_the_test_set_lacks_is_left_out(tmp_path: Path) -> None:
    """It has no average precision that could gain."""
    found = gallery(tmp_path, [[(COW, "cow")]], [[(FAR, "horse", 0.9)]])
    of = summarise("a", 0, [SeedErrors.of(0, found.explained)], CLASSES, {})
    assert [each.name for each in of.classes] == ["cow"]
    assert of.gains["missed"] == 1.0
