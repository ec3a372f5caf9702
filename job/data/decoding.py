"""Decoding: how an image file becomes pixels, at ingest and in every stage after it.

What counts as an image, and its orientation, are the same everywhere. Only the number of decoded
pixels differs: training needs all of them, the other stages decode no more than they need.
"""

from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from job.errors import BadDataError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
"""Pillow's names of the file formats that are read."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
"""The suffixes of image files; upper case is accepted, too."""

MAX_PIXELS = 2**28 * 2 // 3
"""Larger images are refused: decoded, they take more than half a gigabyte each."""

# Pillow would print a warning of its own above half of that, as plain text in a log of JSON.
Image.MAX_IMAGE_PIXELS = None

_ORIENTATIONS = range(1, 9)
"""Those that EXIF defines; 1 is upright."""
_TURNED = (5, 6, 7, 8)
"""The EXIF orientations that swap width and height."""
_RIGHT_TO_LEFT = (2, 3, 6, 7)
"""The EXIF orientations that bring a file's last row or column to the left."""
_BOTTOM_TO_TOP = (3, 4, 7, 8)
"""The EXIF orientations that bring a file's last row or column to the top."""


class Decoded(NamedTuple):
    """A decoded image, upright, perhaps with fewer pixels than the file has."""

    image: Image.Image
    """In mode RGB, with 8 bits per channel."""
    size_wh: tuple[int, int]
    """The width and height of the whole image, in its pixels."""
    frame: tuple[float, float, float, float]
    """Left, top, width and height of the image within the decoded pixels. If the image was decoded
    smaller, a decoded pixel at an edge may reach past the image."""
    orientation: int = 1
    """By EXIF, of the image's file: 1 is upright."""
    has_16_bits: bool = False
    """Whether the file is gray with 16 bits, of which `image` has the upper 8."""


def decode_rgb(data: bytes, name: str = "") -> Image.Image:
    """Decode an image wholly, upright and in RGB.

    EXIF orientation is applied. CMYK, gray and palette images become RGB. Of 16 bits per channel,
    the upper 8 are kept. Transparent pixels show white.

    Args:
        data: The bytes of a JPEG, PNG, WebP or BMP file, whatever its name says.
        name: The image's name for messages; empty if the caller adds it.

    Returns:
        An image of mode RGB, with 8 bits per channel.

    Raises:
        BadDataError: The bytes are not such an image, or they are truncated.
    """
    return decode_at_least(data, None, name).image


def decode_at_least(data: bytes, side: int | None, name: str = "") -> Decoded:
    """Decode as `decode_rgb` does, but a large JPEG only as large as needed, which is faster.

    The decoder then averages pixels to a half, a quarter or an eighth of width and height. It reads
    the whole file all the same, so a broken file is found.

    Args:
        data: As for `decode_rgb`.
        side: The width and height that are enough, in pixels; None: all pixels.
        name: As for `decode_rgb`.

    Raises:
        BadDataError: As for `decode_rgb`.
    """
    where = f"{name}: " if name else ""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            size = image.size
            _check_pixels(size)
            drafted = None if side is None else image.draft(None, (side, side))
            image.load()
            upright, orientation = _upright(image)
            width, height = drafted[1][2:] if drafted else size
            if orientation in _TURNED:
                size, width, height = size[::-1], height, width
            left = upright.width - width if orientation in _RIGHT_TO_LEFT else 0
            top = upright.height - height if orientation in _BOTTOM_TO_TOP else 0
            frame = (left, top, width, height)
            has_16_bits = image.mode.startswith("I")
            return Decoded(_to_rgb(upright), size, frame, orientation, has_16_bits)
    except UnidentifiedImageError as error:
        message = (
            f"{where}not an image: {len(data)} bytes of none of the formats {', '.join(FORMATS)}"
        )
        raise BadDataError(message) from error
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on broken bytes
        message = f"{where}cannot be decoded: {str(error) or type(error).__name__}"
        raise BadDataError(message) from error


def _check_pixels(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        message = (
            f"{width} x {height} pixels are more than {MAX_PIXELS // 10**6} million; "
            "cut the image into tiles, or make it smaller"
        )
        raise BadDataError(message)


def exif_orientation(data: bytes) -> int:
    """Return by which EXIF orientation an image is turned: 1 if by none. No pixel is decoded."""
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        try:
            return _orientation(image)
        except Exception:  # noqa: BLE001 - as in `_upright`
            return 1


def _orientation(image: Image.Image) -> int:
    orientation: int = image.getexif().get(ExifTags.Base.Orientation, 1)
    return orientation if orientation in _ORIENTATIONS else 1  # some cameras write 0


def _upright(image: Image.Image) -> tuple[Image.Image, int]:
    """Return the image turned upright by EXIF orientation, and that orientation."""
    try:
        orientation = _orientation(image)
        return (image if orientation == 1 else ImageOps.exif_transpose(image)), orientation
    except Exception:  # noqa: BLE001 - the pixels are whole; viewers ignore broken EXIF too
        return image, 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """Return the image in RGB. Pillow alone clips 16 bits to white and shows what alpha hides."""
    if image.mode.startswith("I"):
        upper_bits = np.asarray(image).astype(np.uint16) >> 8
        return Image.fromarray(upper_bits.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        overlay = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, overlay).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
