"""Entropy, against cases worked out by hand."""

from collections.abc import Callable
from math import log

import pytest

from job.acquisition.strategies.entropy import Entropy
from job.acquisition.strategy import Images, Selection
from tests.unit.acquisition.records import (
    ALL_BOXES,
    Box,
    Image,
    Labels,
    candidates,
    reasons_of,
    scores_of,
    task_of,
)

ImagesOf = Callable[..., Images]

LABELLED = Labels({"cow": 3, "sheep": 0, "horse": 0, "dog": 1})

# In units of ln 2: four 2, two 1, sure 0.
FOUR, TWO, SURE = [0.25] * 4, [0.5, 0.5, 0, 0], [0, 0, 1, 0]
BOXES = {"crowd": [TWO, TWO, TWO], "one": [FOUR], "mixed": [FOUR, SURE], "none": []}


EVERY_BOX = {**ALL_BOXES, "aggregation": "sum", "top_m": None}


def select(images: Images, **settings: object) -> Selection:
    """The sum over all boxes, if nothing else is set."""
    strategy = Entropy.model_validate({**EVERY_BOX, **settings})
    return strategy.select(task_of(images, LABELLED, 4))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"aggregation": "sum"}, {"crowd": 3, "mixed": 2, "one": 2, "none": 0}),
        ({"aggregation": "mean"}, {"one": 2, "crowd": 1, "mixed": 1, "none": 0}),
        ({"aggregation": "max"}, {"mixed": 2, "one": 2, "crowd": 1, "none": 0}),
        # Only an image's first or two first count, so the crowd no longer wins by its number.
        ({"top_m": 1}, {"mixed": 2, "one": 2, "crowd": 1, "none": 0}),
        ({"top_m": 2}, {"crowd": 2, "mixed": 2, "one": 2, "none": 0}),
        ({"top_m": 2, "aggregation": "mean"}, {"one": 2, "crowd": 1, "mixed": 1, "none": 0}),
        ({"top_m": 9}, {"crowd": 3, "mixed": 2, "one": 2, "none": 0}),
    ],
)
def test_scores_by_hand(
    candidates_of: ImagesOf, settings: dict[str, object], expected: dict[str, int]
) -> None:
    """Scores in multiples of ln 2; of equal ones the lower id is first."""
    selection = select(candidates_of(BOXES, 4), **settings)
    assert selection.ids == tuple(expected)
    assert scores_of(selection) == pytest.approx([n * log(2) for n in expected.values()], abs=1e-12)


def test_an_image_without_detections_can_be_wanted(candidates_of: ImagesOf) -> None:
    """`empty_score` is its score."""
    selection = select(candidates_of(BOXES, 4), empty_score=9)
    assert (selection.ids[0], scores_of(selection)[0]) == ("none", 9.0)


def test_reasons(candidates_of: ImagesOf) -> None:
    """They give the highest entropy of a box, ln 2 or ln 4, beside the highest possible."""
    selection = select(candidates_of(BOXES, 4))
    assert dict(zip(selection.ids, reasons_of(selection), strict=True)) == {
        "crowd": "3 boxes, most uncertain: cow against sheep, entropy 0.69 of at most 1.39 nats",
        "mixed": "2 boxes, most uncertain: cow against sheep, entropy 1.39 of at most 1.39 nats",
        "one": "1 box: cow against sheep, entropy 1.39 of at most 1.39 nats",
        "none": "no box that counts: score 0",
    }


def test_by_default_it_is_the_mean_of_the_three_least_certain_objects() -> None:
    """Two boxes of ln 2 and one of 0 among the best three; background and a fourth do not count."""
    torn, sure = Box([0.5, 0.5, 0, 0]), Box([0, 0, 1, 0])
    background = Box([0.25] * 4)
    images = {
        "crowd": Image([torn, torn, sure, sure, sure, background]),
        "empty": Image([background] * 9),
        "torn": Image([torn]),
    }
    selection = Entropy().select(task_of(candidates(images, 4), LABELLED, 3))
    assert selection.ids == ("torn", "empty", "crowd")
    # Of scores 2/3 and 1, in units of ln 2, the quantile 0.1 is 2/3 + 0.1 / 3.
    expected = [log(2), (2 / 3 + 0.1 / 3) * log(2), 2 / 3 * log(2)]
    assert scores_of(selection) == pytest.approx(expected)


def test_rare_classes_weigh_more() -> None:
    """Of 3 cows, no sheep, no horse and 1 dog, the mean is 1: a cow weighs 1/3, a sheep 8."""
    images = {
        "cow": Image([Box([0.5, 0, 0, 0.5])]),
        "sheep": Image([Box([0, 0.75, 0, 0.25])]),
    }
    task = task_of(candidates(images, 4), LABELLED, 2)
    selection = Entropy(class_weights=True).select(task)
    assert selection.ids == ("sheep", "cow")
    h = 0.75 * log(4 / 3) + 0.25 * log(4)
    assert scores_of(selection) == pytest.approx((8 * h, log(2) / 3))
    assert reasons_of(selection)[0].endswith("entropy 0.56 of at most 1.39 nats; class weight 8.00")
    assert Entropy().select(task).ids == ("cow", "sheep")


def test_with_one_class_it_is_the_entropy_of_being_right() -> None:
    """Without labels q is the confidence: 0.5 has ln 2; 1 becomes q' = 0.85."""
    images = {"b": Image([Box([1.0])]), "c": Image([Box([1.0], objectness=0.5)])}
    selection = Entropy().select(task_of(candidates(images, 1), Labels({"cow": 1}), 2))
    expected = (log(2), -0.85 * log(0.85) - 0.15 * log(0.15))
    assert selection.ids == ("c", "b")
    assert scores_of(selection) == pytest.approx(expected)
    reason = "1 box: cow, entropy of being right 0.42 of at most 0.69 nats"
    assert reasons_of(selection)[1] == reason
