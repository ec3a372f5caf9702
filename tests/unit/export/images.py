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


def labelled(  # noqa: PLR0913 - each test sets another one of these
    image_id: str,
    boxes: Sequence[Marked] = (),
    *,
    size: tuple[int, int] = (40, 30),
    suffix: str = ".jpg",
    path: Path = Path("none"),
    num_bytes: int = 0,
) -> LabelledImage:
    """A labelled image, whose bytes are the first of a file."""
    annotation = Annotation(
        width=size[0],
        height=size[1],
        boxes_xyxy=np.array([corners for _, corners, _ in boxes], np.float32).reshape(-1, 4),
        labels=tuple(name for name, _, _ in boxes),
        difficult=tuple(mark == "difficult" for _, _, mark in boxes),
        crowd=tuple(mark == "crowd" for _, _, mark in boxes),
    )
    return LabelledImage(image_id, path, suffix, 0, num_bytes, annotation)


def on_disk(folder: Path, image_id: str, data: bytes, **settings: object) -> LabelledImage:
    """A labelled image with these bytes."""
    path = folder / f"{len(list(folder.iterdir()))}.bin"
    path.write_bytes(data)
    return labelled(image_id, path=path, num_bytes=len(data), **settings)  # type: ignore[arg-type]
