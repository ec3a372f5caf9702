"""The expected number of boxes of an image."""

from job.acquisition.features.expected_boxes import expected_boxes
from tests.unit.acquisition.records import Box, Image, Labels, candidates, labelled

COUNTS = {"cow": 1, "sheep": 1}
NOTHING = Labels(COUNTS)
TORN = [0.5, 0.5]


def test_expected_boxes_are_the_sum_of_objectness() -> None:
    """Where nothing is labelled; an image without detections is expected to have none."""
    images = {"b": Image([Box(TORN, objectness=0.5), Box(TORN, objectness=0.25)]), "a": Image()}
    ids, boxes = expected_boxes(candidates(images, 2), NOTHING.images)
    assert (ids, boxes.tolist()) == (["a", "b"], [0.0, 0.75])


def test_labelled_images_calibrate_them() -> None:
    """They have 3 true boxes where the detector sees 0.5 + 1 + 0.5 = 2: a factor of 1.5."""
    known = {
        "k": Image([Box(TORN, objectness=0.5), Box(TORN, objectness=1.0)], truth_classes=(0, 1, 1)),
        "l": Image([Box(TORN, objectness=0.5)]),
    }
    images = {"a": Image([Box(TORN, objectness=0.5)])}
    _, boxes = expected_boxes(candidates(images, 2), labelled(known, COUNTS).images)
    assert boxes.tolist() == [0.75]
