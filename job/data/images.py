"""The one rule by which image bytes become pixels, at ingest and in every stage after it."""

from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from job.errors import BadDataError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
"""Pillow's names of the file formats that are read."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
"""How names of image files end, in lower or upper case."""

_TURNED = range(5, 9)
"""The orientations of EXIF that lay an image on its side."""


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
    return decode_at_least(data, None, name)[0]


def decode_at_least(
    data: bytes, side: int | None, name: str = ""
) -> tuple[Image.Image, tuple[int, int]]:
    """Decode as `decode_rgb` does, but a large JPEG only as large as is needed, which is faster.

    The decoder then gives a half, a quarter or an eighth of the pixels each way, averaged. All of
    the file is read all the same: what is broken is found.

    Args:
        data: As for `decode_rgb`.
        side: Width and height, in pixels, that are enough; None: all that there are.
        name: As for `decode_rgb`.

    Returns:
        The image, and its own width and height in pixels, upright.

    Raises:
        BadDataError: As for `decode_rgb`.
    """
    where = f"{name}: " if name else ""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if side is not None:
                image.draft(None, (side, side))
            image.load()
            upright, is_turned = _upright(image)
            return _to_rgb(upright), (height, width) if is_turned else (width, height)
    except UnidentifiedImageError as error:
        message = f"{where}no image: {len(data)} bytes that are none of {', '.join(FORMATS)}"
        raise BadDataError(message) from error
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on broken bytes
        message = f"{where}cannot be decoded: {str(error) or type(error).__name__}"
        raise BadDataError(message) from error


def _upright(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image as EXIF says that it is held; with it, whether width and height change places."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        if orientation == 1:
            return image, False
        return ImageOps.exif_transpose(image), orientation in _TURNED
    except Exception:  # noqa: BLE001 - the pixels are whole; viewers too ignore an EXIF they cannot read
        return image, False


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
