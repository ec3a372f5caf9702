"""A picture of an image with the boxes that a model found in it."""

import io
from collections.abc import Sequence
from pathlib import PurePosixPath

from PIL import Image

from job.data.decoding import FORMATS, decode_rgb
from job.predict.found import Found
from job.report.drawing.boxes import draw_boxes

_LETTERS = 40
"""The longer side of a picture is so many times the height of a letter."""
_SMALLEST = 12
_QUALITY = 90


def picture(data: bytes, found: Found, classes: Sequence[str]) -> bytes:
    """Return an image with its boxes, in the format that its name says; the best box is on top.

    Args:
        data: The image's file.
        found: What was found in it.
        classes: The names of its labels.
    """
    drawn = decode_rgb(data, found.name)
    letter = max(_SMALLEST, max(drawn.size) // _LETTERS)
    words = [
        f"{classes[label]} {score:.2f}"
        for label, score in zip(found.labels, found.scores, strict=True)
    ]
    draw_boxes(drawn, found.boxes_xyxy[::-1], found.labels[::-1].tolist(), words[::-1], letter)
    file = io.BytesIO()
    drawn.save(file, _format_of(found.name), quality=_QUALITY)
    return file.getvalue()


def _format_of(name: str) -> str:
    """Return Pillow's format of a suffix, if images are read in it; of any other name JPEG's."""
    found = Image.registered_extensions().get(PurePosixPath(name).suffix.lower())
    return found if found in FORMATS else "JPEG"
