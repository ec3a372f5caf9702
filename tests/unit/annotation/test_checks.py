"""Answers are checked box by box."""

import numpy as np
import pytest

from job.annotation.answers import DrawnBox
from job.annotation.checks import annotation_of, problems_of
from tests.unit.annotation.answering import CAT, DOG, answer

CLASSES = ("cat", "dog")
SIZE = (40, 30)


def box(*corners: float, label: str = "dog") -> DrawnBox:
    """A box by its corners."""
    return DrawnBox(label, corners)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (box(0, 0, 9, 9, label="cow"), "'cow' is not a class"),
        (box(0, 0, 9, 9, label="Dog"), "'Dog' is not a class"),
        (box(5, 5, 5, 9), "a box is wrong: inverted or empty"),
        (box(9, 9, 5, 5), "a box is wrong: inverted or empty"),
        (box(48, 0, 52, 9), "a box is wrong: outside the image of 40 x 30 pixels by 12"),
        (box(0, 0, 9, 33), "a box is wrong: outside the image of 40 x 30 pixels by 3"),
        (box(0, 0, float("nan"), 9), "a box is wrong: a coordinate is not a finite number"),
    ],
)
def test_a_wrong_box_is_named(drawn: DrawnBox, reason: str) -> None:
    """Whatever is right beside it, and each reason once."""
    assert problems_of(answer(DOG, drawn, CAT, drawn), SIZE, CLASSES) == [reason]


def test_what_the_tool_could_not_say_comes_first() -> None:
    """A polygon, and an image of another size."""
    wrong = answer(DOG, problems=("a polygon",), size_wh=(30, 40))
    assert problems_of(wrong, SIZE, CLASSES) == [
        "a polygon",
        "another image: it has 30 x 40 pixels, and the picked one 40 x 30",
    ]


def test_no_box_is_an_answer() -> None:
    """The image shows nothing; and of a refused one nothing is checked."""
    assert problems_of(answer(size_wh=SIZE), SIZE, CLASSES) == []
    assert problems_of(answer(is_refused=True, problems=("a polygon",)), SIZE, CLASSES) == []
    empty = annotation_of(answer(), SIZE)
    assert (empty.width, empty.height, empty.labels) == (40, 30, ())
    assert empty.boxes_xyxy.shape == (0, 4)


def test_boxes_are_clipped_to_the_image() -> None:
    """Tools round outwards: an overhang of a pixel is accepted and cut off."""
    right = answer(box(-1, -0.5, 10, 31), CAT)
    assert problems_of(right, SIZE, CLASSES) == []
    label = annotation_of(right, SIZE)
    np.testing.assert_array_equal(label.boxes_xyxy, [[0, 0, 10, 30], [0, 0, 20, 20]])
    assert label.labels == ("dog", "cat")
    assert label.difficult == label.crowd == (False, False)
