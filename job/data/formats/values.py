"""Values as annotation tools write them: numbers as texts, sizes as floats, rotated boxes."""

import math

from job.errors import BadDataError
from job.runtime.names import given

Corners = tuple[float, float, float, float]

ROTATED = "have rotated boxes, of which the upright boxes around them were taken"
"""A remark on an image."""


def to_number(text: str) -> float:
    """Return the number that a text is; NaN and infinity are numbers here.

    Raises:
        ValueError: The text is not a number. `1_0` is one only to Python.
    """
    if "_" in text:
        message = f"not a number: {given(text)}"
        raise ValueError(message)
    return float(text)


def declared_side(value: object, name: str) -> float:
    """Return a width or height that an annotation declares, in pixels; 0 if it declares none.

    Tools write 640, 640.0 and "640". A side that is missing, empty, 0 or NaN declares nothing.

    Args:
        value: As it stands in the file.
        name: The side's name, for the message.

    Raises:
        BadDataError: There is a value, and it is not a number of pixels.
    """
    try:
        side = _to_float(value)
    except (ValueError, OverflowError):
        side = -1.0
    if side < 0 or math.isinf(side):
        message = f"the {name} of the image, {given(value)}, is not a number of pixels"
        raise BadDataError(message)
    return 0.0 if math.isnan(side) else side


def _to_float(value: object) -> float:
    """Return a number, or a number's text; 0 for nothing."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if value is None or value == "":
        return 0.0
    return to_number(str(value))


def rotation_degrees(value: object, where: str) -> float:
    """Return the rotation that an annotation declares for a box, in degrees.

    Raises:
        BadDataError: It is not a number. The message begins with `where`.
    """
    try:
        degrees = _to_float(value)
    except (ValueError, OverflowError):
        degrees = math.nan
    if not math.isfinite(degrees):
        message = f"{where}: rotation {given(value)} is not a number of degrees"
        raise BadDataError(message)
    return degrees


def enclose_rotated(corners_xyxy: Corners, degrees: float) -> Corners:
    """Return the upright box around a box that is rotated about its centre.

    Args:
        corners_xyxy: The box before it is rotated.
        degrees: Either way round, the box is the same.

    Returns:
        The box itself if it is inverted or empty, which ingest refuses.
    """
    left, top, right, bottom = corners_xyxy
    if not (left < right and top < bottom):
        return corners_xyxy
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    half_width = ((right - left) * cos + (bottom - top) * sin) / 2
    half_height = ((right - left) * sin + (bottom - top) * cos) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    return x - half_width, y - half_height, x + half_width, y + half_height
