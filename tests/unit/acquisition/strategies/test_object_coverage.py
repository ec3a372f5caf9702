"""Typical objects that are unlike the labelled ones, on box features in the plane."""

from math import cos, radians, sin
from typing import Any

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
    scores_of,
    task_of,
)

COW, SHEEP = [1.0, 0.0], [0.0, 1.0]
NO_LABELS = Labels({"cow": 1, "sheep": 1})


def box(label: list[float], degrees: float, **more: Any) -> Box:
    angle = radians(degrees)
    return Box(label, feature=(cos(angle), sin(angle)), **more)


def select(
    images: dict[str, Image], budget: int, labels: Labels = NO_LABELS, **settings: Any
) -> Selection:
    strategy = make_strategy(ArmConfig(strategy="object_coverage", **settings))
    return strategy.select(task_of(candidates(images, 2), labels, budget))


COWS = {
    "a": Image([box(COW, 0)]),
    "b": Image([box(COW, 10)]),
    "c": Image([box(COW, 20)]),
    "d": Image([box(COW, 180)]),
}


def test_the_box_nearest_to_each_centre_is_picked() -> None:
    """Three cows around 10 degrees and one at 180; the centre of most boxes is first."""
    selection = select(COWS, 2)
    assert selection.ids == ("b", "d")
    assert scores_of(selection) == (3, 1)
    assert reasons_of(selection)[0] == (
        "cow (confidence 1.00) that stands for 3 boxes of cow; the detector finds no labelled cow"
    )


def test_what_is_like_a_labelled_box_has_a_centre_already() -> None:
    """A labelled cow at 10 degrees leaves the one at 180."""
    boxes = [box(COW, 10, truth=0, iou=0.9)]
    known = labelled({"label": Image(boxes, truth_classes=(0,))}, {"cow": 1, "sheep": 1})
    selection = select(COWS, 1, known)
    assert selection.ids == ("d",)
    assert reasons_of(selection)[0] == (
        "cow (confidence 1.00) that stands for 1 box of cow, unlike labelled ones; most like the "
        "labelled one in label (cosine -0.98)"
    )


def test_a_false_positive_covers_nothing() -> None:
    """A labelled image has a box there that is no cow."""
    boxes = [box(COW, 180)]
    known = labelled({"label": Image(boxes, truth_classes=(1,))}, {"cow": 1, "sheep": 1})
    assert "d" in select(COWS, 2, known).ids


def test_rare_classes_have_more_centres() -> None:
    """Weights 2/3 and 2 for 3 cows and 1 sheep: 1 and 3 of a budget of 4."""
    images = {f"cow-{number}": Image([box(COW, 40 * number)]) for number in range(4)} | {
        f"sheep-{number}": Image([box(SHEEP, 40 * number)]) for number in range(4)
    }
    ids = select(images, 4, Labels({"cow": 3, "sheep": 1})).ids
    assert sum(each.startswith("sheep") for each in ids) == 3
    assert len(set(ids)) == 4


def test_random_images_fill_the_budget() -> None:
    """Where no box counts, or an image is that of two centres."""
    empty = {f"empty-{number}": Image() for number in range(3)}
    both = {"both": Image([box(COW, 0), box(COW, 180)])}
    selection = select({**both, **empty}, 3)
    assert selection.ids[0] == "both"
    assert len(set(selection.ids)) == 3
    assert reasons_of(selection)[1:] == ("drawn at random",) * 2


def test_of_many_boxes_some_are_drawn() -> None:
    """With one box a class, every centre has one box."""
    assert scores_of(select(COWS, 1, max_boxes=1)) == (1,)


def test_a_copy_of_a_box_stands_for_nothing() -> None:
    """Two centres on one place: the first has all boxes, and a random image fills the budget."""
    images = {each: Image([box(COW, 0)]) for each in "ab"}
    selection = select(images, 2)
    assert sorted(selection.ids) == ["a", "b"]
    assert scores_of(selection) == (2, 0)
    assert reasons_of(selection)[1] == "drawn at random"
