"""What a file says of an image, before it is known which image it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from job.annotation.answers import Answer, DrawnBox
from job.annotation.batch import PickedImage
from job.data.formats.base import SourceBox
from job.data.formats.values import declared_side
from job.errors import BadDataError

DECIMALS = 6
"""Corners have so many decimals of a pixel: 0.3 of 100 is 30, not 29.999999999."""
SIDES = ("width", "height")
NOWHERE = "a box with a corner that is not a number"


@dataclass(frozen=True)
class Found:
    """An answer in a file."""

    name: str
    """How the file calls the image: its file, or its key."""
    where: str
    """For messages."""
    answer: Answer
    """Without the id of the image."""
    in_shares: bool = False
    """Whether corners are shares of the image's width and height, and not pixels."""
    is_silent: bool = False
    """Whether it has no boxes in a layout that cannot say if somebody has looked at the image."""

    def of(self, image: PickedImage) -> Answer:
        """Return the answer for an image, in pixels. A box without a place is a problem."""
        sides = (*image.size_wh, *image.size_wh) if self.in_shares else (1, 1, 1, 1)
        boxes = [
            replace(box, corners_xyxy=_scaled(box.corners_xyxy, sides))
            for box in self.answer.boxes
            if all(map(isfinite, box.corners_xyxy))
        ]
        nowhere = (NOWHERE,) if len(boxes) < len(self.answer.boxes) else ()
        problems = (*self.answer.problems, *nowhere)
        return replace(self.answer, image_id=image.id, boxes=tuple(boxes), problems=problems)


def _scaled(
    corners: tuple[float, float, float, float], sides: tuple[int, int, int, int]
) -> tuple[float, float, float, float]:
    xmin, ymin, xmax, ymax = (
        round(share * side, DECIMALS) for share, side in zip(corners, sides, strict=True)
    )
    return xmin, ymin, xmax, ymax


def silent_or(answer: Answer) -> bool:
    """Return whether an answer says nothing, unless its layout does so by itself."""
    return not (answer.boxes or answer.problems or answer.is_refused)


def drawn(boxes: Iterable[SourceBox]) -> tuple[DrawnBox, ...]:
    """Return boxes of a data set's file as those that somebody drew."""
    return tuple(DrawnBox(box.label, box.corners_xyxy) for box in boxes)


def size_of(values: Sequence[object], where: str) -> tuple[int, int] | None:
    """Return the width and height that a file declares, in pixels; None if it declares none.

    Raises:
        BadDataError: One is not a number of pixels.
    """
    try:
        sides = [declared_side(value, name) for value, name in zip(values, SIDES, strict=True)]
    except BadDataError as error:
        message = f"{where}: {error}"
        raise BadDataError(message) from error
    return (round(sides[0]), round(sides[1])) if all(sides) else None
