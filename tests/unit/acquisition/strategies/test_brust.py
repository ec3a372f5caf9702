"""Brust et al. 2019, against cases worked out by hand."""

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest

from job.acquisition.strategies.brust import Brust, class_weights
from job.acquisition.strategy import Images, Selection
from tests.unit.acquisition.records import (
    ALL_BOXES,
    Box,
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    scores_of,
    task_of,
)

ImagesOf = Callable[..., Images]

LABELLED = Labels({"cow": 3, "sheep": 0, "horse": 0})

# 1-vs-2 values: torn 1; half (1 - (1/2 - 1/4))^2 = 9/16; quarter (1 - (3/4 - 1/4))^2 = 1/4; sure 0.
TORN, HALF, QUARTER, SURE = [0.5, 0.5, 0], [0.5, 0.25, 0.25], [0, 0.25, 0.75], [0, 1, 0]
BOXES = {"many": [HALF, HALF], "one": [TORN], "mixed": [QUARTER, SURE], "none": []}


def select(images: Images, budget: int, known: Labels = LABELLED, **settings: object) -> Selection:
    """By the formula on all boxes."""
    strategy = Brust.model_validate({**ALL_BOXES, **settings})
    return strategy.select(task_of(images, known, budget))


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("sum", {"many": 1.125, "one": 1.0, "mixed": 0.25, "none": 0.0}),
        ("mean", {"one": 1.0, "many": 0.5625, "mixed": 0.125, "none": 0.0}),
        ("max", {"one": 1.0, "many": 0.5625, "mixed": 0.25, "none": 0.0}),
    ],
)
def test_scores_by_hand(
    candidates_of: ImagesOf, aggregation: str, expected: dict[str, float]
) -> None:
    """The sum prefers the image with many boxes, mean and max the one torn most."""
    selection = select(candidates_of(BOXES, 3), 4, aggregation=aggregation)
    assert list(zip(selection.ids, scores_of(selection), strict=True)) == list(expected.items())


def test_an_image_without_detections_can_be_wanted(candidates_of: ImagesOf) -> None:
    """`empty_score` is its score, here between the others'."""
    selection = select(candidates_of(BOXES, 3), 4, empty_score=0.5)
    assert selection.ids == ("many", "one", "none", "mixed")
    assert reasons_of(selection)[2] == "no box that counts: score 0.5"


def test_class_weights_by_hand() -> None:
    """(3 + 3) / (3 + 1) = 1.5 for three boxes of three; (3 + 3) / (0 + 1) = 6 for none."""
    assert class_weights(task_of(Images(()), LABELLED)).tolist() == [1.5, 6.0, 6.0]


def test_nothing_labelled_weighs_all_classes_alike() -> None:
    """(0 + 2) / (0 + 1) = 2."""
    assert class_weights(task_of(Images(()), Labels({"a": 0, "b": 0}))).tolist() == [2.0, 2.0]


def test_class_weights_go_by_the_predicted_class(candidates_of: ImagesOf) -> None:
    """Cow: 1.5 * 9/16 = 0.84375 a box; horse: 6 * 1/4 = 1.5; a tie goes to the first class."""
    selection = select(candidates_of(BOXES, 3), 3, class_weights=True)
    assert dict(zip(selection.ids, scores_of(selection), strict=True)) == {
        "many": 1.6875,
        "one": 1.5,  # cow against sheep, equal: cow
        "mixed": 1.5,
    }


def test_reasons(candidates_of: ImagesOf) -> None:
    """They name the box that counts most, its two classes and its margin p1 - p2."""
    boxes = BOXES | {"three": [SURE, HALF, [0.125, 0.75, 0.125]]}
    selection = select(candidates_of(boxes, 3), 5)
    assert dict(zip(selection.ids, reasons_of(selection), strict=True)) == {
        "many": "2 boxes, most uncertain: cow against sheep, margin 0.25",
        "one": "1 box: cow against sheep, margin 0.00",
        "mixed": "2 boxes, most uncertain: horse against sheep, margin 0.50",
        "three": "3 boxes, most uncertain: cow against sheep, margin 0.25",
        "none": "no box that counts: score 0",
    }


def test_reasons_with_weights_and_batches(candidates_of: ImagesOf) -> None:
    """They add the class's weight, and the batch with its worth."""
    selection = select(
        candidates_of({"only": [HALF, QUARTER]}, 3), 1, class_weights=True, batches="random"
    )
    # 1.5 * 9/16 + 6 * 1/4 = 2.34; the second box counts more, at 1.5.
    (reason,) = reasons_of(selection)
    assert reason == (
        "2 boxes, most uncertain: horse against sheep, margin 0.50; class weight 6.00; "
        "batch 1 of 1, worth 2.34"
    )


def test_one_class_has_no_second(candidates_of: ImagesOf) -> None:
    """By the classes every margin is 1 and every score 0, so the ids decide."""
    one = Labels({"cow": 1})
    selection = select(candidates_of({"b": [[1.0]], "a": [[1.0], [1.0]]}, 1), 2, one)
    assert selection.ids == ("a", "b")
    assert scores_of(selection) == (0.0, 0.0)
    assert reasons_of(selection)[1] == "1 box: cow, margin 1.00"


def test_random_batches_are_taken_whole(candidates_of: ImagesOf) -> None:
    """Twelve images in threes, a budget of six: both batches are those of the best sums."""
    rng = np.random.default_rng(5)
    levels = [SURE, QUARTER, HALF, TORN]
    boxes = {f"{number:02d}": [levels[rng.integers(4)]] for number in range(12)}
    images = candidates_of(boxes, 3)
    values = dict(zip(*((s := select(images, 12)).ids, scores_of(s)), strict=True))
    cut = np.random.default_rng(0).permutation(12)
    batches = [[f"{row:02d}" for row in cut[start : start + 3]] for start in range(0, 12, 3)]
    batches.sort(key=lambda batch: -sum(values[image_id] for image_id in batch))
    picks = select(images, 6, batches="random", batch_size=3).ids
    assert set(picks[:3]) == set(batches[0])
    assert set(picks[3:]) == set(batches[1])
    strategy = Brust.model_validate({**ALL_BOXES, "batches": "random", "batch_size": 3})
    others = strategy.select(task_of(images, LABELLED, 6, 1))
    assert others.ids != picks, "another random stream cuts another way"


# By default, boxes count that are objects


def test_by_default_background_does_not_make_an_image_worth_more() -> None:
    """100 boxes at 0.25 lose to one at 0.375, and are empty: the tenth of the others' scores.

    The box (1/2, 1/2) of objectness 3/4 has a margin of 0, so a value of 1; of (3/4, 1/4): 1/4.
    """
    images = {
        "background": Image([Box([0.5, 0.5], objectness=0.5)] * 100),
        "object": Image([Box([0.5, 0.5], objectness=0.75)]),
        "sure": Image([Box([0.75, 0.25])]),
    }
    task = task_of(candidates(images, 2), Labels({"cow": 1, "sheep": 1}), 3)
    selection = Brust().select(task)
    assert selection.ids == ("object", "background", "sure")
    assert scores_of(selection) == pytest.approx((1, 0.25 + 0.1 * 0.75, 0.25))
    assert Brust(min_confidence=0).select(task).ids[0] == "background"


def test_with_one_class_it_is_the_margin_of_being_right() -> None:
    """Without labels q is the confidence; 0.9 becomes q' = 0.78, and (1 - 0.56)^2 = 0.1936."""
    images = {"b": Image([Box([1.0], objectness=0.9)]), "c": Image([Box([1.0], objectness=0.5)])}
    task = task_of(candidates(images, 1), Labels({"cow": 1}), 2)
    selection = Brust().select(task)
    assert selection.ids == ("c", "b")
    assert scores_of(selection) == pytest.approx((1, 0.1936))
    assert reasons_of(selection)[1] == "1 box: cow, margin of being right 0.56"
    assert Brust().cannot_rank(1) is None
    assert Brust(rightness=False).cannot_rank(1) is not None


def test_boxes_are_uncertain_of_being_right_as_labelled_images_teach() -> None:
    """At 0.9, half of the cows are right; at 0.5, none is: the surest box is the uncertain one."""
    known = labelled(
        {
            f"{number}": Image(
                [
                    Box([1, 0], objectness=0.9, truth=number % 2 - 1, iou=0.9),
                    Box([1, 0], objectness=0.5),
                ],
                truth_classes=(0,),
            )
            for number in range(40)
        },
        {"cow": 40, "sheep": 0},
    )
    images = {
        "half": Image([Box([1, 0], objectness=0.5)]),
        "sure": Image([Box([1, 0], objectness=0.9)]),
    }
    task = task_of(candidates(images, 2), known, 2)
    selection = Brust(rightness=True).select(task)
    assert selection.ids == ("sure", "half")
    # q is near 1/2 (the ridge is weak on 80 boxes), so |2 q' - 1| is near 0.
    assert 1 - sqrt(scores_of(selection)[0]) == pytest.approx(0, abs=0.1)
    assert Brust().select(task).ids == ("half", "sure")  # by classes both are certain: by id


def test_only_what_is_needed_of_labelled_images_is_read() -> None:
    """Nothing, if boxes are never asked whether they are right."""
    assert Brust(rightness=False).reads_labelled == frozenset()
    assert "num_overlaps" not in Brust(rightness=False).reads
    assert "truth_box" in Brust().reads_labelled


def test_images_without_a_box_are_drawn_at_random() -> None:
    """By their ids they would all be of one video; with a score of their own, the ids decide."""
    images = {f"{number:02d}": Image([Box([0.5, 0.5], objectness=0.1)]) for number in range(40)}
    images["seen"] = Image([Box([0.5, 0.5])])
    known = Labels({"cow": 1, "sheep": 1})

    def picks(seed: int, **settings: object) -> tuple[str, ...]:
        strategy = Brust.model_validate(settings)
        return strategy.select(task_of(candidates(images, 2), known, 9, seed)).ids

    assert picks(1)[0] == picks(2)[0] == "seen"
    assert picks(1) == picks(1)
    assert set(picks(1)) != set(picks(2))
    assert picks(1, empty_score=0)[1:] == tuple(f"{number:02d}" for number in range(8))
