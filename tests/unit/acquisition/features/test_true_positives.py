"""Which detections are true positives."""

from job.acquisition.features.true_positives import is_true_positive
from job.records.record_part import RecordPart
from tests.unit.acquisition.records import Box, Image, record_of

COW, SHEEP = [1.0, 0.0], [0.0, 1.0]


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
    part = RecordPart(record_of(images, 2, with_truth=True).to_table())
    right = is_true_positive(part, 0.5)
    assert right.tolist() == [True, False, False, False, False, True]
