"""Labelled images made by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from job.data.shards import LabelledImage
from job.records.annotation import Annotation

Corners = tuple[float, float, float, float]
Marked = tuple[str, Corners, str]
"""A box's class, its corners, and "difficult", "crowd" or nothing."""

CLASSES = ("cat", "dog", "Eisbär")


def annotated(boxes: Sequence[Marked] = (), size: tuple[int, int] = (40, 30)) -> Annotation:
    """The annotation of an image of some width and height."""
    return Annotation(
        width=size[0],
        height=size[1],
        boxes_xyxy=np.array([corners for _, corners, _ in boxes], np.float32).reshape(-1, 4),
        labels=tuple(name for name, _, _ in boxes),
        difficult=tuple(mark == "difficult" for _, _, mark in boxes),
        crowd=tuple(mark == "crowd" for _, _, mark in boxes),
    )


def labelled(
    image_id: str,
    boxes: Sequence[Marked] = (),
    size: tuple[int, int] = (40, 30),
    suffix: str = ".jpg",
) -> LabelledImage:
    """A labelled image whose bytes nobody reads."""
    return LabelledImage(image_id, Path("none"), suffix, 0, 0, annotated(boxes, size))


def on_disk(
    folder: Path, image_id: str, data: bytes, annotation: Annotation, suffix: str = ".jpg"
) -> LabelledImage:
    """A labelled image with these bytes, which lie in a new file of a folder."""
    path = folder / f"{len(list(folder.iterdir()))}.bin"
    path.write_bytes(data)
    return LabelledImage(image_id, path, suffix, 0, len(data), annotation)
