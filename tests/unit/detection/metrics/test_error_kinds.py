"""TIDE's kinds of errors."""

from collections.abc import Sequence

import pytest

from job.detection.metrics.error_kinds import KINDS, NO_BOX, Explained, explain
from job.records.annotation import Annotation
from tests.unit.detection.metrics.make_case import CLASSES, FAR, Box, Found, found, truth

A: Box = (0, 0, 100, 100)
B: Box = (200, 0, 300, 100)
HALF_OF_A: Box = (0, 0, 100, 50)
QUARTER_OF_A: Box = (0, 0, 100, 25)
TENTH_OF_A: Box = (0, 0, 100, 10)


def explained(annotation: Annotation, detections: Sequence[Found]) -> Explained:
    """What is wrong with the detections in one image."""
    return explain({"a": annotation}, found({"a": list(detections)}), CLASSES)


def kinds(annotation: Annotation, detections: Sequence[Found]) -> list[str | None]:
    """The kind of each detection, best first; None if it hits or is not counted."""
    numbers = explained(annotation, detections).kind_D.tolist()
    return [KINDS[number] if number >= 0 else None for number in numbers]


@pytest.mark.parametrize(
    ("box", "name", "expected"),
    [
        (A, "cat", None),
        (HALF_OF_A, "cat", None),
        ((0, 0, 100, 49), "cat", "localisation"),
        (TENTH_OF_A, "cat", "localisation"),
        ((0, 0, 100, 9), "cat", "background"),
        (FAR, "cat", "background"),
        (A, "dog", "classification"),
        (HALF_OF_A, "dog", "classification"),
        (QUARTER_OF_A, "dog", "both"),
        (TENTH_OF_A, "dog", "background"),
    ],
)
def test_a_detection_is_judged_by_overlap_and_class(
    box: Box, name: str, expected: str | None
) -> None:
    """At an IoU of 0.5 it is on a cat, above 0.1 it is near one, and else it is nowhere."""
    assert kinds(truth([A]), [(box, name, 0.9)]) == [expected]


def test_the_second_detection_of_a_box_is_a_duplicate() -> None:
    """The better one hits, whatever their order is."""
    assert kinds(truth([A]), [(A, "cat", 0.6), (HALF_OF_A, "cat", 0.9)]) == [None, "duplicate"]


def test_a_box_of_its_own_class_explains_a_detection_first() -> None:
    """Near a cat and on a dog, a cat is badly placed; on both, and after a better one, confused."""
    near = truth([A, QUARTER_OF_A], ["cat", "dog"])
    assert kinds(near, [(QUARTER_OF_A, "cat", 0.9)]) == ["localisation"]
    both = truth([A, A], ["cat", "dog"])
    assert kinds(both, [(A, "cat", 0.9), (A, "cat", 0.8)]) == [None, "classification"]


def test_an_image_without_boxes_has_background_alone() -> None:
    """Also one without any detection is no error."""
    assert kinds(truth([]), [(A, "cat", 0.9)]) == ["background"]
    assert kinds(truth([]), []) == []


def test_what_average_precision_does_not_count_has_no_kind() -> None:
    """Neither a detection of a difficult box, nor one within a crowd region of its class."""
    assert kinds(truth([A], difficult=[0]), [(A, "cat", 0.9)]) == [None]
    crowd = truth([A], crowd=[0])
    found_there = explained(crowd, [(QUARTER_OF_A, "cat", 0.9)])
    assert found_there.kind_D.tolist() == [-1]
    assert found_there.box_D.tolist() == [NO_BOX]


def test_a_difficult_box_explains_errors_and_a_crowd_region_does_not() -> None:
    """A dog on a difficult cat is confused; a dog in a crowd of cats is background."""
    difficult, crowd = truth([A], difficult=[0]), truth([A], crowd=[0])
    assert kinds(difficult, [(A, "dog", 0.9), (QUARTER_OF_A, "cat", 0.8)]) == [
        "classification",
        "localisation",
    ]
    assert kinds(crowd, [(A, "dog", 0.9)]) == ["background"]


@pytest.mark.parametrize(
    ("detections", "expected"),
    [
        ([], [True, True]),
        ([(A, "cat", 0.9)], [False, True]),
        ([(QUARTER_OF_A, "cat", 0.9), (B, "dog", 0.9)], [False, False]),
        ([(QUARTER_OF_A, "dog", 0.9), (FAR, "cat", 0.9)], [True, True]),
    ],
)
def test_a_box_is_missed_if_no_detection_would_hit_it(
    detections: list[Found], expected: list[bool]
) -> None:
    """One with another class or place would, if it were mended; both or background would not."""
    assert explained(truth([A, B]), detections).missed().tolist() == expected


def test_boxes_that_need_not_be_found_are_not_missed() -> None:
    """Difficult ones and crowd regions."""
    assert not explained(truth([A, B], difficult=[0], crowd=[1]), []).missed().any()


def test_above_a_score_more_boxes_are_missed() -> None:
    """Detections with less do not find them."""
    found_twice = explained(truth([A, B]), [(A, "cat", 0.9), (B, "cat", 0.3)])
    assert found_twice.missed(0.5).tolist() == [False, True]


def test_the_box_that_explains_a_detection_is_named() -> None:
    """Its image, its place in the image, its class; images with fewer boxes come first."""
    truths = {"a": truth([A, B], ["cat", "dog"]), "b": truth([A], ["owl"]), "c": truth([A])}
    told = explain(truths, found({"a": [(B, "cat", 0.9)], "b": [(A, "owl", 0.8)]}), CLASSES)
    boxes = told.boxes
    where = [
        (boxes.image_B[box], boxes.position_B[box], CLASSES[boxes.label_B[box]])
        for box in told.box_D.tolist()
    ]
    assert where == [(0, 1, "dog"), (1, 0, "owl")]
    assert sorted(boxes.image_B.tolist()) == [0, 0, 1, 2]
