"""What the situation of a selection is, in numbers."""

from dataclasses import replace

import numpy as np
import pytest

from job.acquisition.features import situation
from job.acquisition.features.situation import empty_share, situation_of
from tests.unit.acquisition.records import Box, Image, Labels, candidates, labelled, task_of

SEEN, UNSEEN = Box([0.5, 0.5], objectness=0.3), Box([0.5, 0.5], objectness=0.1)
"""Boxes of confidence 0.15 and 0.05."""


def booleans(text: str) -> np.ndarray:
    return np.array([each == "1" for each in text], bool)


def test_a_situation_has_the_numbers_of_its_task() -> None:
    """Pool, labels, budget, groups; no more can be picked than is left."""
    images = {f"{number}": Image([SEEN], (number, 1)) for number in range(4)}
    known = labelled({"x": Image([SEEN], truth_classes=[0])}, {"cow": 1, "sheep": 0})
    found = situation_of(task_of(candidates(images, 2), known, budget=9))
    assert (found.num_pool, found.num_labelled, found.budget) == (5, 1, 4)
    assert (found.num_groups, found.images_per_class) == (3, 2.5)
    assert found.class_counts == {"cow": 1, "sheep": 0}
    assert found.has_scores


def test_embeddings_of_which_most_are_equal_tell_nothing() -> None:
    """More than half of them are the same; a pool of copies, each with its own, is told apart."""

    def tells(*numbers: int) -> bool:
        images = {f"{i}": Image([SEEN], (x, 1)) for i, x in enumerate(numbers)}
        task = task_of(candidates(images, 2), Labels({"cow": 0, "sheep": 0}))
        return situation_of(task).tells_images_apart

    assert tells(1, 1, 2, 2, 3, 3)
    assert tells(1)
    assert not tells(2, 2, 2, 2)
    assert not tells(1, 1, 1, 2, 2)


def test_the_cold_start_has_no_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only embeddings are read, in a large pool those of a sample."""
    monkeypatch.setattr(situation, "MAX_COMPARED", 20)
    images = {f"{number:02d}": Image([], (number, 1)) for number in range(30)}
    task = task_of(candidates(images, 2), Labels({"cow": 0, "sheep": 0}))
    found = situation_of(replace(task, is_cold_start=True))
    assert not found.has_scores
    assert found.empty_share is None
    assert (found.num_pool, found.redundancy.num_compared) == (30, 20)


@pytest.mark.parametrize(
    ("seen", "labelled_seen", "labelled_empty", "expected"),
    [
        ("1000", "", "", 0.75),  # nothing labelled: what is not seen is empty
        ("1000", "1100", "0000", 0),  # no labelled image is empty
        # Of 2 seen ones 1 is empty, of 2 unseen ones 2; 3/4 of all are, one more counts as such.
        ("1000", "1100", "0111", (1 + 0.75) / 3 / 4 + (2 + 0.75) / 3 * 3 / 4),
        # Twice as many labelled images with an object change the share of seen ones only.
        ("10", "111100", "001111", (2 + 4 / 6) / 5 / 2 + (2 + 4 / 6) / 3 / 2),
    ],
)
def test_the_share_of_empty_images_is_estimated_from_labelled_ones(
    seen: str, labelled_seen: str, labelled_empty: str, expected: float
) -> None:
    """By how often the detector is right, worked out by hand."""
    found = empty_share(*map(booleans, (seen, labelled_seen, labelled_empty)))
    assert found == pytest.approx(expected)


def test_an_image_seems_to_show_an_object_from_a_confidence_of_a_tenth_on() -> None:
    """Objectness counts: three of four images are empty, as both labelled ones that seem so."""
    unseen = Image([UNSEEN])
    given = candidates({"a": Image([UNSEEN, SEEN]), "b": unseen, "c": Image([]), "d": unseen}, 2)
    nothing = Labels({"cow": 0, "sheep": 0})
    assert situation_of(task_of(given, nothing)).empty_share == 0.75
    images = {"x": unseen, "y": Image([SEEN], truth_classes=[1])}
    known = labelled(images, {"cow": 0, "sheep": 1})
    share = situation_of(task_of(given, known)).empty_share
    assert share == pytest.approx((0 + 0.5) / 2 / 4 + (1 + 0.5) / 2 * 3 / 4)
