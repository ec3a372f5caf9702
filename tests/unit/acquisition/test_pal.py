"""PAL, by hand."""

from math import log

import numpy as np
import pytest

from job.acquisition.pal import Pal, divide, is_right, rarity
from job.acquisition.pal_walk import scaled
from job.acquisition.strategy import Labelled, Selection
from tests.unit.acquisition.records import Box, Image, candidates, labelled, record_of

COUNTS = {"cow": 3, "sheep": 1}
NOTHING = Labelled(frozenset(), COUNTS)
EVEN = Labelled(frozenset(), {"cow": 0, "sheep": 1})
"""With cows alone predicted, both classes are equally rare: r = 1/2."""
COW, SHEEP = [1.0, 0.0], [0.0, 1.0]


def select(
    images: dict[str, Image], budget: int, known: Labelled = NOTHING, **settings: object
) -> Selection:
    strategy = Pal.model_validate(settings)
    return strategy.select(candidates(images, 2), known, budget, np.random.default_rng(0))


def binary(p: float) -> float:
    return -p * log(p) - (1 - p) * log(1 - p)


def test_the_best_detection_of_a_true_box_is_right() -> None:
    """Of its class and with IoU >= 0.5; a second one of it is wrong, as in Pascal VOC."""
    boxes = [
        Box(COW, truth=0, iou=0.5),
        Box(COW, truth=0, iou=0.9),
        Box(SHEEP, truth=1, iou=0.9),
        Box(COW, truth=2, iou=0.4),
        Box(COW),
    ]
    images = {
        "a": Image(boxes, truth_classes=(0, 0, 0)),
        "b": Image([Box(SHEEP, truth=0, iou=1)], truth_classes=(1,)),
    }
    right = is_right(record_of(images, 2, with_truth=True))
    assert right.tolist() == [True, False, False, False, False, True]


def test_rarity_is_what_the_shares_lack() -> None:
    """Labelled: 3/4 and 1/4; predicted: 1/5 and 4/5. r = 1 - (0.75 + 0.2) / 2 and 1 - 0.525."""
    boxes = np.array([[1, 3], [0, 1]], np.uint16)
    np.testing.assert_allclose(rarity(NOTHING, boxes), [0.525, 0.475])
    empty = Labelled(frozenset(), {"cow": 0, "sheep": 0})
    assert rarity(empty, np.zeros((2, 2), np.uint16)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("budget", "weights", "expected"),
    [
        (10, [1, 1], [5, 5]),
        (5, [1, 1], [3, 2]),  # of equal remainders the first
        (10, [0.5, 0.3, 0.2], [5, 3, 2]),
        (4, [0.5, 0.3, 0.2], [2, 1, 1]),  # 2, 1.2, 0.8
        (3, [0, 0], [2, 1]),
        (0, [1, 1], [0, 0]),
    ],
)
def test_a_budget_is_divided_by_the_largest_remainders(
    budget: int, weights: list[float], expected: list[int]
) -> None:
    """Whole images, all of them."""
    assert divide(budget, np.array(weights)).tolist() == expected


def test_without_labels_the_confidence_is_the_probability_of_being_right() -> None:
    """One class has one pick: the entropy of 0.5 is higher than those of 0.9 and 0.2."""
    confidences = {"a": 0.9, "b": 0.5, "c": 0.2}
    images = {name: Image([Box(COW, objectness=p)]) for name, p in confidences.items()}
    selection = select(images, 1, EVEN)
    assert selection.ids == ("b",)
    assert selection.reasons[0] == (
        f"for class cow (rarity 0.50): 1 box, entropy of being right {log(2):.2f} of at most "
        f"{log(2):.2f} nats"
    )


def known_of(outcomes: dict[float, list[bool]], label: int = 0) -> Labelled:
    """Labelled images with one detection each, of a confidence, right or wrong."""
    p = [[1.0, 0.0], [0.0, 1.0]][label]
    images = {
        f"{confidence} {number}": Image(
            [Box(p, objectness=confidence, truth=0 if right else -1, iou=float(right))],
            truth_classes=(label,),
        )
        for confidence, rights in outcomes.items()
        for number, right in enumerate(rights)
    }
    return labelled(images, COUNTS)


def test_a_class_learns_when_its_boxes_are_right() -> None:
    """At 0.9 one of two is right, at 0.1 none of four: the surest box is the uncertain one."""
    known = known_of({0.9: [True, False] * 4, 0.1: [False] * 16})
    images = {"sure": Image([Box(COW, objectness=0.9)]), "half": Image([Box(COW, objectness=0.5)])}
    assert select(images, 1, known, ridge=0.01).ids == ("sure",)
    assert select(images, 1, known, ridge=0.01, least_detections=100).ids == ("half",)


def test_a_class_with_too_few_detections_takes_the_regression_of_all() -> None:
    """Sheep have none; what cows taught holds for them."""
    known = known_of({0.9: [True, False] * 4, 0.1: [False] * 16})
    images = {
        "sure": Image([Box(SHEEP, objectness=0.9)]),
        "half": Image([Box(SHEEP, objectness=0.5)]),
    }
    assert select(images, 1, known, ridge=0.01).ids == ("sure",)


def test_one_sided_outcomes_teach_nothing() -> None:
    """All right: the confidence it is, and 0.5 is the least certain."""
    known = known_of({0.9: [True] * 10})
    images = {"sure": Image([Box(COW, objectness=0.9)]), "half": Image([Box(COW, objectness=0.5)])}
    assert select(images, 1, known).ids == ("half",)


def test_each_class_has_its_share_the_rarest_first() -> None:
    """Labelled 3 to 1 and predicted alike: r = 3/8 and 5/8 of 1, so of 3 picks 1 and 2."""
    images = {
        **{f"cow {n}": Image([Box(COW, objectness=0.5)]) for n in range(3)},
        **{f"sheep {n}": Image([Box(SHEEP, objectness=0.6)]) for n in range(3)},
    }
    selection = select(images, 3)
    assert selection.ids == ("sheep 0", "sheep 1", "cow 0")


def test_an_image_unlike_the_picks_is_better() -> None:
    """Equal but for looks: after a, its twin b is at cosine 1, c at 0. Half of 4 are the cows'."""
    looks = {"a": (1, 0), "b": (1, 0), "c": (0, 1), "d": (1, 0)}
    images = {name: Image([Box(COW, objectness=0.5)], look) for name, look in looks.items()}
    selection = select(images, 4, EVEN)
    assert selection.ids == ("a", "c", "b", "d")
    assert selection.scores[:2] == (0.0, 0.02)  # all equal: nothing is scaled but the likeness
    assert [reason.split(":")[0] for reason in selection.reasons[2:]] == ["fills the budget"] * 2


def test_what_a_class_cannot_fill_goes_to_the_most_uncertain() -> None:
    """No sheep in sight: its share goes to cows, and images without boxes come last."""
    images = {
        "none": Image(),
        "half": Image([Box(COW, objectness=0.5)]),
        "sure": Image([Box(COW, objectness=0.99)]),
        "third": Image([Box(COW, objectness=0.3)]),
    }
    selection = select(images, 4)
    assert set(selection.ids[:3]) == {"half", "third", "sure"}
    assert selection.ids[3] == "none"
    assert selection.reasons[3] == "fills the budget: no detections"
    filled = [reason for reason in selection.reasons if reason.startswith("fills")]
    assert len(filled) == 4 - divide(4, rarity(NOTHING, np.array([[3, 0]], np.uint16)))[0]


@pytest.mark.parametrize(
    ("how", "expected"), [("max", binary(0.5)), ("sum", binary(0.5) + binary(0.9))]
)
def test_an_images_boxes_of_a_class_are_combined(how: str, expected: float) -> None:
    """The highest, or the sum; another image's few boxes are told apart by it."""
    images = {"a": Image([Box(COW, objectness=0.5), Box(COW, objectness=0.9)])}
    reason = select(images, 1, aggregation=how).reasons[0]
    assert f"entropy of being right {expected:.2f}" in reason


def test_scaling_is_over_what_is_left() -> None:
    """2, 4 and 3 of which 4 is gone: 2 is 0, 3 is 1."""
    left = np.array([True, False, True])
    assert scaled(np.array([2.0, 4.0, 3.0]), left)[left].tolist() == [0.0, 1.0]
    assert scaled(np.array([2.0, 4.0, 2.0]), left).tolist() == [0.0, 0.0, 0.0]
