"""A test set of two images with drawn objects, and what a model finds in it."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from job.data.shards import LabelledImage
from job.detection.metrics.detections import Detections
from job.detection.metrics.error_kinds import explain
from job.records.annotation import Annotation
from job.report.errors.examples import Gallery

CLASSES = ("cow", "horse")
Box = tuple[float, float, float, float]
Found = tuple[Box, str, float]
COW: Box = (0, 0, 100, 100)
HORSE: Box = (300, 300, 400, 400)
FAR: Box = (600, 0, 640, 40)


def gallery(
    folder: Path, boxes: Sequence[Sequence[tuple[Box, str]]], found: Sequence[Sequence[Found]]
) -> Gallery:
    """What a model gets wrong in images of 640 by 480 pixels, `0`, `1` and so on.

    Args:
        folder: Where the images lie.
        boxes: The ground truth of each.
        found: What the model finds in each.
    """
    images = {str(number): _image(folder, str(number), each) for number, each in enumerate(boxes)}
    rows = [each for of_image in found for each in of_image]
    detections = Detections(
        ids=tuple(images),
        offsets=np.cumsum([0, *map(len, found)]),
        boxes_xyxy=np.array([box for box, _, _ in rows], np.float32).reshape(-1, 4),
        labels=np.array([CLASSES.index(name) for _, name, _ in rows], np.int64),
        scores=np.array([score for _, _, score in rows], np.float32),
    )
    truth = {image_id: image.annotation for image_id, image in images.items()}
    return Gallery(images, detections, explain(truth, detections, CLASSES), CLASSES)


def _image(folder: Path, image_id: str, boxes: Sequence[tuple[Box, str]]) -> LabelledImage:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "gray").save(file, "PNG")
    path = folder / image_id
    path.write_bytes(file.getvalue())
    none = (False,) * len(boxes)
    corners = np.array([box for box, _ in boxes], np.float32).reshape(-1, 4)
    names = tuple(name for _, name in boxes)
    annotation = Annotation(640, 480, corners, names, difficult=none, crowd=none)
    return LabelledImage(image_id, path, ".png", 0, len(file.getvalue()), annotation)
