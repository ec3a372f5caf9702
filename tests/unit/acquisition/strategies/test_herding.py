"""Herding, with and without weights, on embeddings in the plane."""

from math import cos, radians, sin
from typing import Any

import pytest

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Selection
from job.config.schema import ArmConfig
from tests.unit.acquisition.records import (
    Box,
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    task_of,
)

NO_LABELS = Labels({"cow": 1, "sheep": 1})
SURE, UNSURE = Box([1, 0], objectness=1.0), Box([1, 0], objectness=0.5)


def at(degrees: float, *boxes: Box, length: float = 1.0) -> Image:
    angle = radians(degrees)
    return Image(boxes, (length * cos(angle), length * sin(angle)))


def select(
    name: str,
    images: dict[str, Image],
    budget: int,
    labels: Labels = NO_LABELS,
    seed: int = 0,
    **settings: Any,
) -> Selection:
    strategy = make_strategy(ArmConfig(strategy=name, **{"candidate_share": 1, **settings}))
    return strategy.select(task_of(candidates(images, 2), labels, budget, seed))


def test_the_middle_of_the_largest_cluster_is_first() -> None:
    """Of three images at 0, 10 and 20 degrees the middle one; then the one far from them."""
    images = {"a": at(0), "b": at(10), "c": at(20), "d": at(180)}
    selection = select("herding", images, 2, sigma=0.3)
    assert selection.ids == ("b", "d")
    assert reasons_of(selection)[0].startswith("nearest to 4 of 4 images")
    assert reasons_of(selection)[1].startswith("nearest to 1 of 4 images")


def test_the_length_of_an_embedding_does_not_count() -> None:
    """Only its direction does."""
    images = {"a": at(0), "b": at(10, length=50), "c": at(20), "d": at(180, length=100)}
    assert select("herding", images, 2, sigma=0.3).ids == ("b", "d")


def test_what_is_labelled_covers_its_neighbours() -> None:
    """The cluster of three has a label in it, so the single image comes first."""
    images = {"a": at(0), "b": at(10), "c": at(20), "d": at(180)}
    known = labelled({"label": at(10)}, {"cow": 1, "sheep": 1})
    assert select("herding", images, 1, known, sigma=0.3).ids == ("d",)


def test_seeds_choose_among_different_images() -> None:
    """By default from a random half; the budget is filled from more if it has to be."""
    images = {f"{number:02d}": at(3 * number) for number in range(40)}
    picks = {select("herding", images, 5, seed=s, candidate_share=0.5).ids for s in range(5)}
    assert len(picks) > 1
    assert len(select("herding", images, 30, candidate_share=0.5).picks) == 30


def doubtful() -> dict[str, Image]:
    return {"a": at(0, SURE), "b": at(90, UNSURE), "c": at(180, SURE), "d": at(181, SURE)}


def known_true_positives(count: int) -> Labels:
    boxes = [Box([1, 0], objectness=1.0, truth=row, iou=0.9) for row in range(count)]
    images = {
        "label": Image(boxes, (0.0, -1.0), truth_classes=(0,) * count),
        "other": at(270.5),
    }
    return labelled(images, {"cow": count, "sheep": 0})


def test_doubt_outweighs_number_once_enough_is_known() -> None:
    """With 50 true positives the doubtful image comes before the pair; with 49 it does not."""
    settings = {"top": 100, "class_weights": False}
    assert select("uherding", doubtful(), 1, known_true_positives(49), **settings).ids != ("b",)
    selection = select("uherding", doubtful(), 1, known_true_positives(50), **settings)
    assert selection.ids == ("b",)
    assert reasons_of(selection)[0].endswith("1 box; least certain: cow, 50% likely to be right")


def test_an_empty_pool_has_no_picks() -> None:
    """With labels or without."""
    assert select("herding", {}, 3).ids == ()


@pytest.mark.parametrize("weighted", [True, False])
def test_rare_classes_count_more(*, weighted: bool) -> None:
    """Two images of equal doubt: the sheep has no label yet, and so a weight of 8."""
    images = {
        "cow": at(0, Box([1, 0], objectness=0.5)),
        "sheep": at(90, Box([0, 1], objectness=0.5)),
    }
    selection = select(
        "uherding", images, 1, known_true_positives(50), top=100, class_weights=weighted
    )
    assert selection.ids == ("sheep" if weighted else "cow",)
