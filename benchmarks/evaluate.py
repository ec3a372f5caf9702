"""Average precision of detections: al-voc, pycocotools and, where it is, faster-coco-eval."""

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from bench.lines import parser, say
from bench.timing import in_turn
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from job.detection.metrics.average_precision import evaluate
from job.detection.metrics.detections import Detections
from job.records.annotation import Annotation

CLASSES = tuple(f"class {number}" for number in range(20))


def draw(num_images: int, most: int) -> tuple[dict[str, Annotation], Detections]:
    """Draw images with a few boxes each, and detections near them and anywhere."""
    rng = np.random.default_rng(0)
    truth, boxes, labels = {}, [], []
    for number in range(num_images):
        count = int(rng.integers(1, 8))
        corner = rng.uniform(0, 400, (count, 2))
        true = np.concatenate([corner, corner + rng.uniform(20, 100, (count, 2))], 1)
        kinds = rng.integers(len(CLASSES), size=count)
        names = tuple(CLASSES[kind] for kind in kinds)
        flags = (False,) * count
        truth[f"{number:06d}"] = Annotation(500, 500, true.astype(np.float32), names, flags, flags)
        near = rng.integers(count, size=most)
        jitter = rng.normal(0, 12, (most, 4))
        boxes.append(np.sort((true[near] + jitter).reshape(-1, 2, 2), axis=1).reshape(-1, 4))
        is_right = rng.integers(2, size=most) == 0
        labels.append(np.where(is_right, kinds[near], rng.integers(20, size=most)))
    scores = rng.random(num_images * most).astype(np.float32)
    return truth, Detections(
        ids=tuple(truth),
        offsets=np.arange(num_images + 1) * most,
        boxes_xyxy=np.concatenate(boxes).astype(np.float32),
        labels=np.concatenate(labels),
        scores=scores,
    )


def as_coco(truth: dict[str, Annotation], found: Detections) -> tuple[dict[str, Any], list[Any]]:
    """Return the same as COCO's JSON has it."""

    def wide(box: Any) -> list[float]:
        x0, y0, x1, y1 = map(float, box)
        return [x0, y0, x1 - x0, y1 - y0]

    annotations: list[dict[str, Any]] = []
    for image, annotation in enumerate(truth.values()):
        for box, name in zip(annotation.boxes_xyxy, annotation.labels, strict=True):
            x, y, w, h = wide(box)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image + 1,
                    "category_id": CLASSES.index(name) + 1,
                    "bbox": [x, y, w, h],
                    "area": w * h,
                    "iscrowd": 0,
                }
            )
    content = {
        "images": [{"id": number + 1} for number in range(len(truth))],
        "annotations": annotations,
        "categories": [{"id": number + 1, "name": name} for number, name in enumerate(CLASSES)],
    }
    rows = zip(
        found.image_of_detection.tolist(),
        found.labels.tolist(),
        found.boxes_xyxy,
        found.scores.tolist(),
        strict=True,
    )
    detections = [
        {"image_id": image + 1, "category_id": label + 1, "bbox": wide(box), "score": score}
        for image, label, box, score in rows
    ]
    return content, detections


def peer(kind: Any, evaluation: Any, content: Any, detections: list[Any]) -> Callable[[], float]:
    """Return what evaluates by COCO's own API, from loaded annotations to AP."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = kind()
        truth.dataset = content
        truth.createIndex()
        results = truth.loadRes(detections)

    def run() -> float:
        with contextlib.redirect_stdout(io.StringIO()):
            each = evaluation(truth, results, "bbox")
            each.params.areaRng, each.params.areaRngLbl = [[0, 1e10]], ["all"]
            each.evaluate()
            each.accumulate()
        precision = each.eval["precision"][:, :, :, 0, -1]
        return float(precision[precision > -1].mean())

    return run


def main() -> None:
    """Measure, compare, and print."""
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=5000)
    options.add_argument("--detections", type=int, default=100)
    arguments = options.parse_args()
    truth, found = draw(arguments.images, arguments.detections)
    content, detections = as_coco(truth, found)
    functions: dict[str, Callable[[], object]] = {
        "ours": lambda: evaluate(truth, found, CLASSES),
        "pycocotools": peer(COCO, COCOeval, content, detections),
    }
    with contextlib.suppress(ImportError):
        from faster_coco_eval import COCO as FastCOCO  # noqa: N811, PLC0415
        from faster_coco_eval import COCOeval_faster  # noqa: PLC0415

        functions["faster-coco-eval"] = peer(FastCOCO, COCOeval_faster, content, detections)
    ours = evaluate(truth, found, CLASSES).map_coco
    theirs = peer(COCO, COCOeval, content, detections)()
    assert ours is not None  # noqa: S101 - a check, not an input
    assert abs(ours - theirs) < 1e-6, (ours, theirs)  # noqa: S101, PLR2004
    samples = in_turn(functions)
    what = f"AP of {arguments.images:,} images x {arguments.detections} detections, equal results"
    lines = [
        samples.compare(what, "ours", name, name, lambda seconds: f"{seconds:.2f} s")
        for name in functions
        if name != "ours"
    ]
    say(lines, arguments)


if __name__ == "__main__":
    main()
