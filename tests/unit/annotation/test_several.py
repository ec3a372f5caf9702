"""Several annotations of one image: agreement and consensus."""

import numpy as np
import pytest

from job.annotation.answers import DrawnBox
from job.annotation.checks import annotation_of
from job.annotation.several import agreement, consensus, same_objects
from job.records.annotation import Annotation
from tests.unit.annotation.answering import answer


def label(*boxes: tuple[str, float, float, float, float]) -> Annotation:
    """An annotation of an image of 100 x 100 pixels."""
    drawn = (DrawnBox(name, corners) for name, *corners in boxes)  # type: ignore[arg-type]
    return annotation_of(answer(*drawn), (100, 100))


# Of 10 x 10 pixels, moved by 2: IoU 80 / 120. Moved by 5: 50 / 150.
A, A2, A5 = (("a", x, 0.0, x + 10, 10.0) for x in (0.0, 2.0, 5.0))
FAR = ("a", 50.0, 50.0, 60.0, 60.0)
B = ("b", 0.0, 0.0, 10.0, 10.0)


def test_boxes_of_one_class_that_overlap_are_one_object() -> None:
    """At the threshold itself they are; a box of another class in the same place is not."""
    assert same_objects(label(FAR, A), label(A2), 0.5) == [(1, 0)]
    assert same_objects(label(A), label(A5), 1 / 3) == [(0, 0)]
    assert same_objects(label(A), label(A5), 0.34) == []
    assert same_objects(label(A), label(B), 0.1) == []
    assert same_objects(label(), label(A), 0.1) == same_objects(label(A), label(), 0.1) == []


def test_the_closest_pair_is_taken_first() -> None:
    """A2 is closer to A2 than A is, so the second box of the one is its partner."""
    assert same_objects(label(A, A2), label(A2), 0.5) == [(1, 0)]
    assert same_objects(label(A, A2), label(A2, A5), 0.5) == [(1, 0)]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ([label(A, FAR), label(A2)], 2 / 3),
        ([label(A), label(B)], 0.0),
        ([label(), label()], 1.0),
        ([label(), label(A)], 0.0),
        ([label(A), label(A), label(A, FAR)], (1 + 2 / 3 + 2 / 3) / 3),
        ([label(A)], None),
        ([], None),
    ],
)
def test_agreement_is_the_share_of_boxes_that_both_drew(
    annotations: list[Annotation], expected: float | None
) -> None:
    """The mean over all pairs of annotators."""
    assert agreement(annotations, 0.5) == (None if expected is None else pytest.approx(expected))


def test_consensus_has_what_more_than_half_drew() -> None:
    """Two of three drew the first, with the mean of its corners; one alone drew the others."""
    found = consensus([label(A, FAR), label(A2), label(B)], 0.5)
    assert found.labels == ("a",)
    np.testing.assert_allclose(found.boxes_xyxy, [[1, 0, 11, 10]])
    assert (found.width, found.height) == (100, 100)


def test_of_two_annotators_both_have_to_agree() -> None:
    """One of two is half of them and not more."""
    assert consensus([label(A, FAR), label(A2)], 0.5).labels == ("a",)
    assert consensus([label(FAR), label(A2)], 0.5).labels == ()


def test_consensus_of_one_is_what_it_says() -> None:
    """Of an image that the others refused, for example."""
    np.testing.assert_array_equal(
        consensus([label(A, FAR)], 0.5).boxes_xyxy, label(A, FAR).boxes_xyxy
    )
