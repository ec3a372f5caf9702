"""Which boxes are accepted, which are clipped, and which are refused."""

import math

import numpy as np

from job.errors import BadDataError

Box = tuple[float, float, float, float]

TOLERANCE_PIXELS = 2.0
TOLERANCE_SHARE = 0.01
"""A box may overhang the image by the larger of these: pixels, or a share of its width or height.

Annotation tools round outwards, so real data sets overhang by a pixel or two. A larger overhang
means that the box belongs to another image, or to this image in another size.
"""

UNSEEN_PIXELS = 0.01
"""A smaller overhang is clipped, and not told: shares of an image are often rounded."""


def clip_box(box_xyxy: Box, width: int, height: int) -> tuple[Box, bool]:
    """Return a box clipped to its image, and whether it overhung the image visibly.

    Its coordinates are rounded to float32, the type in which they are stored.

    Args:
        box_xyxy: In pixels from the image's top-left corner.
        width: The image's width, in pixels.
        height: The image's height, in pixels.

    Raises:
        BadDataError: A coordinate is not finite, the box is inverted or empty, or it overhangs
            the image by more than the tolerance. The message does not say which box.
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
    overhangs = (max(-left, right - width), max(-top, bottom - height))
    for overhang, side in zip(overhangs, (width, height), strict=True):
        if overhang > max(TOLERANCE_PIXELS, TOLERANCE_SHARE * side):
            message = f"outside the image of {width} x {height} pixels by {overhang:g}"
            raise BadDataError(message)
    clipped = (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
    if clipped[2] <= clipped[0] or clipped[3] <= clipped[1]:
        message = f"outside the image of {width} x {height} pixels"
        raise BadDataError(message)
    return clipped, max(overhangs) > UNSEEN_PIXELS
