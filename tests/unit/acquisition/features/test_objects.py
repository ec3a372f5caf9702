"""Which detections count as objects."""

import numpy as np
import pytest

from job.acquisition.features.objects import ObjectBoxes, confidences
from job.errors import BadDataError
from job.records.record_part import RecordPart
from tests.unit.acquisition.records import Box, Image, record_of

COW = [0.75, 0.25]


def kept_of(boxes: list[Box], **settings: float) -> list[list[float]]:
    images = {"a": Image(boxes, size_wh=(200, 100)), "empty": Image()}
    part = RecordPart(record_of(images, 2).to_table())
    kept = ObjectBoxes.model_validate(settings).objects(part)
    assert kept.ids.tolist() == ["a", "empty"]
    assert kept.offsets.tolist() == [0, len(kept.boxes_xyxy), len(kept.boxes_xyxy)]
    boxes_xyxy: list[list[float]] = kept.boxes_xyxy.tolist()
    return boxes_xyxy


def test_the_confidence_is_that_of_the_class_with_background_among_the_classes() -> None:
    """0.75 of an objectness of 0.4 is 0.3, which is enough; 0.75 of 0.375 is less."""
    part = RecordPart(record_of({"a": Image([Box(COW, objectness=0.5)])}, 2).to_table())
    assert confidences(part).tolist() == [0.375]
    boxes = [Box(COW, objectness=0.41, xyxy=(0, 0, 50, 50)), Box(COW, objectness=0.375)]
    assert kept_of(boxes) == [[0, 0, 50, 50]]


def test_small_boxes_do_not_count() -> None:
    """2 % of an image of 200 x 100: an area of 8 square pixels, whatever its shape."""
    boxes = [Box(COW, xyxy=(0, 0, 4, 2)), Box(COW, xyxy=(0, 0, 3, 2.5))]
    assert kept_of(boxes) == [[0, 0, 4, 2]]


def test_narrow_boxes_do_not_count() -> None:
    """Five to one is the limit, either way; a box without area is narrower than any."""
    boxes = [
        Box(COW, xyxy=(0, 0, 50, 10)),
        Box(COW, xyxy=(0, 0, 10, 51)),
        Box(COW, xyxy=(0, 0, 10, 0)),
    ]
    assert kept_of(boxes, min_side=0) == [[0, 0, 50, 10]]


def test_only_the_best_boxes_of_an_image_count() -> None:
    """Of three that count, the two of highest confidence, in the order of the record."""
    boxes = [
        Box(COW, objectness=0.8, xyxy=(0, 0, 10, 10)),
        Box(COW, objectness=1, xyxy=(0, 0, 1, 1)),  # too small
        Box(COW, objectness=0.7, xyxy=(0, 0, 20, 20)),
        Box(COW, objectness=0.9, xyxy=(0, 0, 30, 30)),
    ]
    assert kept_of(boxes, top=2) == [[0, 0, 10, 10], [0, 0, 30, 30]]


def test_other_columns_are_cut_alike() -> None:
    """What is kept of a detection belongs to it; what belongs to images stays."""
    boxes = [
        Box(COW, objectness=0.1, truth=0, iou=0.1, num_overlaps=1),
        Box([0.25, 0.75], truth=1, iou=0.5, num_overlaps=7, feature=(3.0, 4.0)),
    ]
    images = {"a": Image(boxes, truth_classes=(0, 1))}
    part = RecordPart(record_of(images, 2, with_truth=True).to_table())
    kept = ObjectBoxes().objects(part)
    assert kept.num_overlaps.tolist() == [7]
    assert kept.predicted.tolist() == [1]
    assert kept.box_features.tolist() == [[3, 4]]
    assert kept.ground_truth.box.tolist() == [1]
    assert kept.ground_truth.iou.tolist() == [0.5]
    assert kept.ground_truth.classes.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("box", "what"),
    [(Box([np.nan, 1]), "probabilities"), (Box(COW, objectness=np.nan), "objectness values")],
)
def test_a_number_that_is_not_finite_names_its_image(box: Box, what: str) -> None:
    """It would be left out without a word."""
    with pytest.raises(BadDataError, match=f"image 'a' has a detection whose {what}"):
        kept_of([box])
