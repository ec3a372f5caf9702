"""The doubt about images."""

from math import log

import pytest

from job.acquisition.features.doubt import doubts
from job.acquisition.features.objects import ObjectBoxes
from tests.unit.acquisition.records import Box, Image, Labels, candidates, labelled, task_of

COW, SHEEP = [1.0, 0.0], [0.0, 1.0]
EVERYTHING = ObjectBoxes(min_confidence=0)


def binary_entropy(p: float) -> float:
    return -(p * log(p) + (1 - p) * log(1 - p)) / log(2)


def doubts_of(images: dict[str, Image], counts: dict[str, int] | None = None) -> dict[str, float]:
    task = task_of(candidates(images, 2), Labels(counts or {"cow": 1, "sheep": 1}))
    found = doubts(task.unlabelled, task, EVERYTHING)
    return dict(zip(found.ids, found.rows["score"].tolist(), strict=True))


def test_without_labels_the_confidence_is_the_probability() -> None:
    """0.5 is the largest doubt; 0.75 is drawn to 1/2 + 0.7 * 1/4 = 0.675."""
    images = {"half": Image([Box(COW, objectness=0.5)]), "sure": Image([Box(COW, objectness=0.75)])}
    assert doubts_of(images) == pytest.approx({"half": 1.0, "sure": binary_entropy(0.675)})


def test_the_doubt_about_an_image_is_the_mean_of_its_three_highest() -> None:
    """Two of 1 and one of 0.675; a crowd of sure boxes changes nothing."""
    boxes = [Box(COW, objectness=each) for each in (0.5, 0.5, 0.75, 0.9, 0.9)]
    expected = (2 + binary_entropy(0.675)) / 3
    assert doubts_of({"a": Image(boxes)}) == pytest.approx({"a": expected})


def test_an_image_without_boxes_has_the_tenth_of_the_others() -> None:
    """Of doubts x < y, the quantile 0.1 is x + 0.1 (y - x); without others it is 0."""
    images = {
        "empty": Image(),
        "half": Image([Box(COW, objectness=0.5)]),
        "sure": Image([Box(COW, objectness=0.75)]),
    }
    low = binary_entropy(0.675)
    assert doubts_of(images)["empty"] == pytest.approx(low + 0.1 * (1 - low))
    assert doubts_of({"empty": Image()}) == {"empty": 0.0}


def test_a_class_that_is_never_right_is_certain() -> None:
    """Its regression, of 8 true cows and 8 false ones, tells them by the confidence."""
    known = labelled(
        {
            f"label-{number}": Image(
                [Box(COW, objectness=0.9, truth=0, iou=0.9), Box(COW, objectness=0.4)],
                truth_classes=(0,),
            )
            for number in range(8)
        },
        {"cow": 8, "sheep": 8},
    )
    images = {
        "like the true": Image([Box(COW, objectness=0.9)]),
        "like neither": Image([Box(COW, objectness=0.7)]),
    }
    task = task_of(candidates(images, 2), known)
    found = doubts(task.unlabelled, task, EVERYTHING)
    assert found.ids == ["like neither", "like the true"]
    neither, true = found.rows["score"]
    assert neither > true
    assert found.num_true_positives == 8
    nothing = ObjectBoxes(min_confidence=0.95)
    assert doubts(task.unlabelled, task, nothing).num_true_positives == 0


def test_the_weight_of_an_image_is_the_mean_of_its_boxes() -> None:
    """A cow of weight 5/9 and a sheep of weight 5; without boxes it is 1."""
    images = {"both": Image([Box(COW), Box(SHEEP)]), "empty": Image()}
    task = task_of(candidates(images, 2), Labels({"cow": 9, "sheep": 1}))
    weights = doubts(task.unlabelled, task, EVERYTHING).rows["weight"]
    assert weights.tolist() == pytest.approx([(5 / 9 + 5) / 2, 1])


def test_a_single_class_has_doubts_too() -> None:
    """Margins and entropies between classes would be 0 for every box."""
    images = {"half": Image([Box([1.0], objectness=0.5)]), "sure": Image([Box([1.0])])}
    task = task_of(candidates(images, 1), Labels({"cow": 1}))
    half, sure = doubts(task.unlabelled, task, EVERYTHING).rows["score"]
    assert half == pytest.approx(1)
    assert sure == pytest.approx(binary_entropy(0.85))


def test_the_words_name_the_least_certain_box() -> None:
    """Its class, and how likely it is to be right."""
    images = {"a": Image([Box(COW, objectness=0.9), Box(SHEEP, objectness=0.5)]), "empty": Image()}
    task = task_of(candidates(images, 2), Labels({"cow": 1, "sheep": 1}))
    found = doubts(task.unlabelled, task, EVERYTHING)
    assert found.told(0, task.classes) == "2 boxes; least certain: sheep, 50% likely to be right"
    assert found.told(1, task.classes) == "no box that counts"
