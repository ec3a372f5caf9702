"""Which boxes are taken, which are clipped, and which are refused."""

import math

import numpy as np

from job.errors import BadDataError

Box = tuple[float, float, float, float]

TOLERANCE_PIXELS = 2.0
TOLERANCE_SHARE = 0.01
"""A box may overhang the image by the larger of these: pixels, or a share of its width or height.

Annotation tools round outwards, so data sets in use overhang by a pixel or two. More than that
says that the box belongs to another image, or to another size of this one.
"""


def fit(box_xyxy: Box, width: int, height: int) -> tuple[Box, bool]:
    """Return a box within its image, and whether it had to be clipped for that.

    Its coordinates are rounded to float32, as which they are stored.

    Args:
        box_xyxy: In pixels, counted from 0 at the image's left and upper edge.
        width: The image's, in pixels.
        height: The image's, in pixels.

    Raises:
        BadDataError: A coordinate is not finite, the box is inverted or empty, or it overhangs
            the image by more than the tolerance; the caller adds where.
    """
    with np.errstate(over="ignore"):
        rounded = np.array(box_xyxy, dtype=np.float64).astype(np.float32).tolist()
    if not all(math.isfinite(x) for x in rounded):
        message = "a coordinate is not a finite number"
        raise BadDataError(message)
    left, top, right, bottom = rounded
    if right <= left or bottom <= top:
        message = "inverted or empty"
        raise BadDataError(message)
    for low, high, side in ((left, right, width), (top, bottom, height)):
        overhang = max(-low, high - side)
        if overhang > max(TOLERANCE_PIXELS, TOLERANCE_SHARE * side):
            message = f"outside the image of {width} x {height} pixels by {overhang:g}"
            raise BadDataError(message)
    fitted = (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
    if fitted[2] <= fitted[0] or fitted[3] <= fitted[1]:
        message = f"outside the image of {width} x {height} pixels"
        raise BadDataError(message)
    return fitted, fitted != (left, top, right, bottom)
