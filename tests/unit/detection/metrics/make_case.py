"""Ground truth and detections, by hand and at random."""

from collections.abc import Sequence

import numpy as np

from job.detection.metrics.detections import Detections
from job.records.annotation import Annotation
from job.records.arrays import Floats

Box = tuple[float, float, float, float]
Found = tuple[Box, str, float]
"""A detection: box, class, score."""

CLASSES = ("cat", "dog", "owl")
FAR: Box = (500, 500, 520, 520)


def truth(
    boxes: Sequence[Box],
    labels: Sequence[str] | None = None,
    difficult: Sequence[int] = (),
    crowd: Sequence[int] = (),
) -> Annotation:
    positions = range(len(boxes))
    return Annotation(
        width=1000,
        height=1000,
        boxes_xyxy=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        labels=tuple(labels or ["cat"] * len(boxes)),
        difficult=tuple(i in difficult for i in positions),
        crowd=tuple(i in crowd for i in positions),
    )


def found(per_image: dict[str, list[Found]]) -> Detections:
    every = [each for detections in per_image.values() for each in detections]
    return Detections(
        ids=tuple(per_image),
        offsets=np.cumsum([0, *(len(detections) for detections in per_image.values())]),
        boxes_xyxy=np.array([box for box, _, _ in every], dtype=np.float32).reshape(-1, 4),
        labels=np.array([CLASSES.index(name) for _, name, _ in every], dtype=np.int64),
        scores=np.array([score for _, _, score in every], dtype=np.float32),
    )


def near(rng: np.random.Generator, box: Floats) -> Box:
    left, top, right, bottom = (float(x) for x in np.round(box + rng.normal(0, 4, 4), 2))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def random_case(
    seed: int, crowd_share: float = 0.25
) -> tuple[dict[str, Annotation], dict[str, list[Found]]]:
    """Images with up to 6 boxes, and detections near them or not, with many equal scores."""
    rng = np.random.default_rng(seed)
    ground_truth: dict[str, Annotation] = {}
    detections: dict[str, list[Found]] = {}
    for image in range(12):
        num_boxes = int(rng.integers(0, 7)) if image % 4 else 0
        corners = rng.integers(0, 60, (num_boxes, 2)).astype(float)
        boxes = np.concatenate([corners, corners + rng.integers(8, 60, (num_boxes, 2))], 1)
        labels = [CLASSES[int(i)] for i in rng.integers(0, 3, num_boxes)]
        crowd = np.flatnonzero(rng.random(num_boxes) < crowd_share).tolist()
        image_id = f"{image:02d}"
        ground_truth[image_id] = truth([tuple(box) for box in boxes], labels, crowd=crowd)
        detections[image_id] = [
            (near(rng, box), name, float(rng.integers(1, 8)) / 8)
            for box, name in [*zip(boxes, labels, strict=True)] * 3
            if rng.random() < 0.8
        ]
        for _ in range(int(rng.integers(0, 5))):
            left, top = rng.integers(0, 60, 2)
            name = CLASSES[int(rng.integers(0, 3))]
            box = (float(left), float(top), float(left + 30), float(top + 20))
            detections[image_id].append((box, name, float(rng.integers(1, 8)) / 8))
    return ground_truth, detections
