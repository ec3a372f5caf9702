import contextlib
import io
import json
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from job.artifacts.metrics import dump_metrics
from job.detection.metrics.average_precision import Metrics, evaluate
from job.detection.metrics.detections import Detections
from job.errors import BadDataError
from job.records.annotation import Annotation
from job.records.arrays import Floats
from tests.unit.detection.metrics.make_case import (
    CLASSES,
    FAR,
    Box,
    Found,
    found,
    random_case,
    truth,
)


def cats(annotation: Annotation, detections: Sequence[tuple[Box, float]]) -> Metrics:
    """The metrics of one image with cats."""
    return evaluate(
        {"a": annotation}, found({"a": [(box, "cat", score) for box, score in detections]}), ["cat"]
    )


A: Box = (0, 0, 100, 100)
B: Box = (200, 0, 300, 100)
HALF_OF_A: Box = (0, 0, 100, 50)  # IoU with A: 0.5
ALMOST_HALF_OF_A: Box = (0, 0, 100, 49)


def test_area_and_11_points_by_hand() -> None:
    """Hit, miss, hit on two boxes: recall 1/2, 1/2, 1 at precision 1, 1/2, 2/3.

    The area is 1/2 * 1 + 1/2 * 2/3 = 5/6; recalls 0 to 0.5 have 1 and the other five 2/3.
    COCO's 101 recalls have 1 up to 0.5 (51 of them) and 2/3 after, at each threshold.
    """
    metrics = cats(truth([A, B]), [(A, 0.9), (FAR, 0.8), (B, 0.7)])
    assert metrics.map50_area == pytest.approx(5 / 6)
    assert metrics.map50_11point == pytest.approx((6 * 1 + 5 * 2 / 3) / 11)
    assert metrics.map_coco == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_recall_of_exactly_three_tenths_reaches_the_point_at_0_3() -> None:
    """Three of ten boxes found: four of the eleven points have precision 1."""
    boxes: list[Box] = [(200.0 * i, 0, 200.0 * i + 50, 50) for i in range(10)]
    metrics = cats(truth(boxes), [(box, 0.9) for box in boxes[:3]])
    assert metrics.map50_11point == pytest.approx(4 / 11)
    assert metrics.map50_area == pytest.approx(0.3)


@pytest.mark.parametrize(("box", "expected"), [(HALF_OF_A, 1.0), (ALMOST_HALF_OF_A, 0.0)])
def test_an_overlap_of_half_is_a_hit(box: Box, expected: float) -> None:
    """IoU 0.5 is enough, 0.49 is not."""
    assert cats(truth([A]), [(box, 0.9)]).map50_area == expected


def test_coco_counts_the_thresholds_that_an_overlap_reaches() -> None:
    """IoU 0.75 reaches 0.5, 0.55, 0.6, 0.65, 0.7 and 0.75: six of ten."""
    assert cats(truth([A]), [((0, 0, 100, 75), 0.9)]).map_coco == pytest.approx(0.6)


def test_the_second_detection_of_a_box_is_a_miss() -> None:
    """Two detections of A before one of B: precision 1, 1/2, 2/3."""
    metrics = cats(truth([A, B]), [(A, 0.9), ((0, 0, 100, 99), 0.8), (B, 0.7)])
    assert metrics.map50_area == pytest.approx(5 / 6)


def test_difficult_boxes_are_neither_hit_nor_miss() -> None:
    """B is difficult: finding it changes nothing, missing it neither, twice finding it neither."""
    annotation = truth([A, B], difficult=[1])
    for detections in ([(A, 0.5)], [(B, 0.9), (A, 0.5)], [(B, 0.9), (B, 0.8), (A, 0.5)]):
        metrics = cats(annotation, detections)
        assert metrics.map50_area == 1.0
        assert metrics.map50_11point == 1.0
        assert metrics.num_boxes == 1


def test_detections_in_a_crowd_are_not_counted() -> None:
    """Any number of boxes that half lie within a crowd region changes nothing; others do."""
    annotation = truth([A, (200, 0, 400, 100)], crowd=[1])
    within: list[tuple[Box, float]] = [((210.0 + i, 0, 230.0 + i, 20), 0.9) for i in range(5)]
    half = [((180.0, 0.0, 220.0, 20.0), 0.9)]
    outside = [((179.0, 0.0, 219.0, 20.0), 0.9)]
    for detections, expected in ((within, 1.0), (half, 1.0), (outside, 0.5)):
        metrics = cats(annotation, [*detections, (A, 0.5)])
        assert metrics.map50_area == pytest.approx(expected)
        assert metrics.num_boxes == 1
    assert cats(annotation, [*within, (A, 0.5)]).map_coco == pytest.approx(1.0)


def test_a_class_that_the_test_set_lacks_is_left_out() -> None:
    """It has no average precision, and does not pull the mean down; in JSON it is null."""
    metrics = evaluate(
        {"a": truth([A, B], ["cat", "dog"])},
        found({"a": [(A, "cat", 0.9), (FAR, "owl", 0.9)]}),
        CLASSES,
    )
    assert metrics.classes["cat"].ap50_area == 1.0
    assert metrics.classes["dog"].ap50_area == 0.0
    assert metrics.classes["owl"].ap50_area is None
    assert metrics.map50_area == 0.5
    content = json.loads(dump_metrics(metrics))
    assert content["classes"]["owl"] == {
        "ap50_area": None,
        "ap50_11point": None,
        "ap_coco": None,
        "num_boxes": 0,
    }
    assert (content["num_images"], content["num_boxes"]) == (1, 2)


def test_a_class_with_difficult_boxes_alone_has_no_average_precision() -> None:
    """Nothing there can be hit."""
    assert cats(truth([A], difficult=[0]), [(A, 0.9)]).map50_area is None


def test_images_without_detections_have_boxes_to_miss() -> None:
    """An image that the detections do not name counts as one where nothing was found."""
    ground_truth = {"a": truth([A]), "b": truth([A])}
    metrics = evaluate(ground_truth, found({"b": [(A, "cat", 0.9)]}), ["cat"])
    assert metrics.map50_area == 0.5
    assert evaluate(ground_truth, found({}), ["cat"]).map50_area == 0.0


def test_detections_in_unknown_images_are_refused() -> None:
    """They are from another test set."""
    with pytest.raises(BadDataError, match="not in the test set: b"):
        evaluate({"a": truth([A])}, found({"b": []}), ["cat"])


# ---- random detections against independent implementations ----


def xywh(box: Floats) -> list[float]:
    x0, y0, x1, y1 = (float(x) for x in box)
    return [x0, y0, x1 - x0, y1 - y0]


def pycocotools_ap(
    ground_truth: dict[str, Annotation], detections: Detections
) -> dict[str, float | None]:
    """Each class's average precision, by the reference implementation."""
    annotations = [
        {
            "id": 1000 * image + i + 1,
            "image_id": image,
            "category_id": CLASSES.index(name),
            "bbox": xywh(annotation.boxes_xyxy[i]),
            "area": xywh(annotation.boxes_xyxy[i])[2] * xywh(annotation.boxes_xyxy[i])[3],
            "iscrowd": int(annotation.crowd[i]),
        }
        for image, annotation in enumerate(ground_truth.values())
        for i, name in enumerate(annotation.labels)
    ]
    results = [
        {
            "image_id": int(image),
            "category_id": int(label),
            "bbox": xywh(box),
            "score": float(score),
        }
        for image, label, box, score in zip(
            detections.image_of_detection,
            detections.labels,
            detections.boxes_xyxy,
            detections.scores,
            strict=True,
        )
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": image} for image in range(len(ground_truth))],
            "annotations": annotations,
            "categories": [{"id": i, "name": name} for i, name in enumerate(CLASSES)],
            "info": {},
        }
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
    precision_TRK = run.eval["precision"][:, :, :, 0, -1]  # noqa: N806 - shape: area all, 100 boxes
    means = [precision_TRK[:, :, k] for k in range(len(CLASSES))]
    return {
        name: None if (values < 0).all() else float(values.mean())
        for name, values in zip(CLASSES, means, strict=True)
    }


@pytest.mark.parametrize("seed", range(12))
def test_coco_is_pycocotools(seed: int) -> None:
    """With crowds, equal scores, duplicates and empty images, each class's value is the same."""
    ground_truth, per_image = random_case(seed)
    detections = found(per_image)
    metrics = evaluate(ground_truth, detections, CLASSES)
    for name, expected in pycocotools_ap(ground_truth, detections).items():
        assert metrics.classes[name].ap_coco == pytest.approx(expected, abs=1e-9)


def test_coco_looks_at_100_detections_of_an_image_and_class() -> None:
    """The 101st is not seen, as in pycocotools; VOC sees all."""
    misses: list[Found] = [((i, 900.0, i + 5.0, 950.0), "cat", 0.9) for i in range(100)]
    detections = found({"00": [*misses, (A, "cat", 0.5)]})
    ground_truth = {"00": truth([A])}
    metrics = evaluate(ground_truth, detections, CLASSES)
    assert metrics.classes["cat"].ap_coco == pycocotools_ap(ground_truth, detections)["cat"] == 0
    assert metrics.classes["cat"].ap50_area == pytest.approx(1 / 101)


def overlap(box: Floats, other: Floats, *, crowd: bool) -> float:
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    own = (box[2] - box[0]) * (box[3] - box[1])
    theirs = float((other[2] - other[0]) * (other[3] - other[1]))
    return float(width * height / (own if crowd else own + theirs - width * height))


def plain_voc(
    ground_truth: dict[str, Annotation], per_image: dict[str, list[Found]], name: str
) -> float:
    """VOC's area under the curve in plain loops."""
    ranked = sorted(
        (
            (score, image, box)
            for image, all_ in per_image.items()
            for box, n, score in all_
            if n == name
        ),
        key=lambda each: -each[0],
    )
    taken: set[tuple[str, int]] = set()
    curve: list[bool] = []
    for _, image, exact in ranked:
        box: Floats = np.array(exact, dtype=np.float32).astype(np.float64)
        annotation = ground_truth[image]
        mine = [i for i, label in enumerate(annotation.labels) if label == name]
        singles = [i for i in mine if not annotation.crowd[i]]
        ious = [overlap(box, annotation.boxes_xyxy[i], crowd=False) for i in singles]
        best = singles[int(np.argmax(ious))] if ious else -1
        if ious and max(ious) >= 0.5 and (image, best) not in taken:
            taken.add((image, best))
            curve.append(True)
        elif not any(
            annotation.crowd[i] and overlap(box, annotation.boxes_xyxy[i], crowd=True) >= 0.5
            for i in mine
        ):
            curve.append(False)
    total = sum(
        label == name and not crowd
        for annotation in ground_truth.values()
        for label, crowd in zip(annotation.labels, annotation.crowd, strict=True)
    )
    precisions = [sum(curve[: i + 1]) / (i + 1) for i in range(len(curve))]
    return sum(max(precisions[i:]) for i, hit in enumerate(curve) if hit) / total


@pytest.mark.parametrize("seed", range(8))
def test_voc_is_what_plain_loops_give(seed: int) -> None:
    """On the same random cases, the area is that of a loop over detections."""
    ground_truth, per_image = random_case(seed)
    metrics = evaluate(ground_truth, found(per_image), CLASSES)
    for name in CLASSES:
        expected = plain_voc(ground_truth, per_image, name)
        assert metrics.classes[name].ap50_area == pytest.approx(expected)


def test_a_crowded_image_does_not_cost_memory_in_the_others() -> None:
    """Compared are an image's own detections and boxes: 50 x 500 here, and else 50 x 1.

    All 20,000 detections with room for 500 boxes would be 80 MB for the overlaps alone.
    """
    crowded: list[Box] = [(2.0 * i, 0, 2.0 * i + 1, 1) for i in range(500)]
    ground_truth = {str(i): truth([A] if i else crowded) for i in range(400)}
    detections = found({image_id: [(A, "cat", 0.5)] * 50 for image_id in ground_truth})
    tracemalloc.start()
    try:
        metrics = evaluate(ground_truth, detections, ["cat"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert metrics.num_boxes == 899
    assert peak < 40e6
