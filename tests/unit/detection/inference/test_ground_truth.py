"""Which true boxes detections are of."""

import numpy as np

from job.detection.inference.ground_truth import match_to_ground_truth
from job.records.annotation import Annotation
from job.records.record_part import RecordPart
from job.records.score_record import ScoreRecord

CLASSES = ("cow", "sheep")


def annotation(boxes: list[list[float]], labels: list[str], crowd: list[bool]) -> Annotation:
    boxes_xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return Annotation(96, 96, boxes_xyxy, tuple(labels), (False,) * len(labels), tuple(crowd))


def record_of(boxes: list[list[list[float]]]) -> ScoreRecord:
    lengths = [len(each) for each in boxes]
    total = sum(lengths)
    return ScoreRecord(
        ids=np.array([str(row) for row in range(len(boxes))]),
        sizes_wh=np.full((len(boxes), 2), 96),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        boxes_xyxy=np.array([box for each in boxes for box in each], np.float32).reshape(-1, 4),
        probabilities=np.full((total, 2), 0.5, np.float16),
        objectness=np.ones(total, np.float32),
        num_overlaps=np.ones(total, np.int64),
        embeddings=np.zeros((len(boxes), 2), np.float16),
    )


def test_each_detection_has_the_true_box_that_it_overlaps_most() -> None:
    """10 x 10 boxes: one shifted by 5 shares 50 of 150 pixels, one that coincides all of them."""
    record = record_of([[[5, 0, 15, 10], [0, 0, 10, 10], [50, 50, 60, 60]]])
    true = annotation([[0, 0, 10, 10], [9, 0, 19, 10]], ["sheep", "cow"], [False, False])
    truth = match_to_ground_truth(record, [true], CLASSES)
    # The first shares 60 of 140 pixels with the second true box, and only 50 of 150 with the first.
    assert truth.box.tolist() == [1, 0, -1]
    np.testing.assert_allclose(truth.iou, [60 / 140, 1.0, 0.0], rtol=1e-6)
    assert truth.classes.tolist() == [1, 0]
    assert truth.offsets.tolist() == [0, 2]


def test_a_crowd_region_is_no_true_box() -> None:
    """Boxes are counted without it, as training and the accounts count them."""
    record = record_of([[[0, 0, 10, 10]], [[0, 0, 10, 10]]])
    true = [
        annotation([[0, 0, 10, 10], [0, 0, 8, 10]], ["cow", "cow"], [True, False]),
        annotation([[0, 0, 10, 10]], ["cow"], [True]),
    ]
    truth = match_to_ground_truth(record, true, CLASSES)
    assert truth.box.tolist() == [0, -1]
    np.testing.assert_allclose(truth.iou, [0.8, 0.0], rtol=1e-6)
    assert truth.offsets.tolist() == [0, 1, 1]
    assert truth.rows(RecordPart(record.to_table()).image_of_detection).tolist() == [0, -1]


def test_images_without_detections_or_without_truth() -> None:
    """Neither shifts what belongs to the others."""
    record = record_of([[], [[0, 0, 10, 10]], [[0, 0, 10, 10]]])
    true = [
        annotation([[0, 0, 10, 10]], ["cow"], [False]),
        annotation([], [], []),
        annotation([[0, 0, 10, 10]], ["sheep"], [False]),
    ]
    truth = match_to_ground_truth(record, true, CLASSES)
    assert truth.box.tolist() == [-1, 0]
    assert truth.classes.tolist() == [0, 1]
    assert truth.rows(RecordPart(record.to_table()).image_of_detection).tolist() == [-1, 1]


def test_no_images() -> None:
    """An empty part has empty columns of the right kinds."""
    truth = match_to_ground_truth(record_of([]), [], CLASSES)
    assert truth.offsets.tolist() == [0]
    assert (truth.box.dtype, truth.iou.dtype) == (np.dtype(np.int64), np.dtype(np.float32))
