"""How image bytes become pixels, at ingest and in every stage after it.

What is an image, and which way up, is one rule. Only how many of its pixels are decoded differs:
training has all of them, the other stages no more than they need.
"""

from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from job.errors import BadDataError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
"""Pillow's names of the file formats that are read."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
"""How names of image files end, in lower or upper case."""

_TURNED = (5, 6, 7, 8)
"""The orientations of EXIF by which width and height change places."""
_RIGHT_TO_LEFT = (2, 3, 6, 7)
"""Those by which what a file has last, in its rows or its columns, comes to the left."""
_BOTTOM_TO_TOP = (3, 4, 7, 8)
"""Those by which it comes to the top."""


class Decoded(NamedTuple):
    """An image decoded, perhaps with fewer pixels than it has; upright."""

    image: Image.Image
    """Of mode RGB, 8 bits a channel."""
    size_wh: tuple[int, int]
    """The width and height of the whole image, in its pixels."""
    frame: tuple[float, float, float, float]
    """Where the image lies in what was decoded, in pixels of that: left, top, width and height. A
    pixel at an edge may stand for less than 2, 4 or 8 of the image's, and so reach past it."""


def decode_rgb(data: bytes, name: str = "") -> Image.Image:
    """Decode an image wholly, upright and in RGB.

    EXIF orientation is applied. CMYK, gray and palette become RGB, 16 bits a channel become their
    upper 8, and what is transparent shows white behind it.

    Args:
        data: The bytes of a JPEG, PNG, WebP or BMP file, whatever its name says.
        name: Which image it is, for an error; empty where the caller says so itself.

    Returns:
        An image of mode RGB, 8 bits a channel.

    Raises:
        BadDataError: The bytes are no such image, or not all of one.
    """
    return decode_at_least(data, None, name).image


def decode_at_least(data: bytes, side: int | None, name: str = "") -> Decoded:
    """Decode as `decode_rgb` does, but a large JPEG only as large as is needed, which is faster.

    The decoder then gives a half, a quarter or an eighth of the pixels each way, averaged. All of
    the file is read all the same: what is broken is found.

    Args:
        data: As for `decode_rgb`.
        side: Width and height, in pixels, that are enough; None: all that there are.
        name: As for `decode_rgb`.

    Raises:
        BadDataError: As for `decode_rgb`.
    """
    where = f"{name}: " if name else ""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            size = image.size
            drafted = None if side is None else image.draft(None, (side, side))
            image.load()
            upright, orientation = _upright(image)
            width, height = drafted[1][2:] if drafted else size
            if orientation in _TURNED:
                size, width, height = size[::-1], height, width
            left = upright.width - width if orientation in _RIGHT_TO_LEFT else 0
            top = upright.height - height if orientation in _BOTTOM_TO_TOP else 0
            return Decoded(_to_rgb(upright), size, (left, top, width, height))
    except UnidentifiedImageError as error:
        message = f"{where}no image: {len(data)} bytes that are none of {', '.join(FORMATS)}"
        raise BadDataError(message) from error
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on broken bytes
        message = f"{where}cannot be decoded: {str(error) or type(error).__name__}"
        raise BadDataError(message) from error


def _upright(image: Image.Image) -> tuple[Image.Image, int]:
    """The image as EXIF says that it is held, and the orientation that was turned upright."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        return (image if orientation == 1 else ImageOps.exif_transpose(image)), orientation
    except Exception:  # noqa: BLE001 - the pixels are whole; viewers too ignore an EXIF they cannot read
        return image, 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """The image in RGB; Pillow alone would clip 16 bits to white and drop what alpha hides."""
    if image.mode.startswith("I"):
        upper_bits = np.asarray(image).astype(np.uint16) >> 8
        return Image.fromarray(upper_bits.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        overlay = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, overlay).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
