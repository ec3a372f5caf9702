"""What a file says of an image, before it is known which image it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from job.annotation.answers import Answer, DrawnBox
from job.annotation.batch import PickedImage
from job.data.formats.base import SourceBox

DECIMALS = 6
"""A corner in shares becomes pixels with so many decimals: 0.3 of 100 is 30, not 29.999999999."""


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
        """Return the answer for an image, in pixels."""
        if not self.in_shares:
            return replace(self.answer, image_id=image.id)
        sides = (*image.size_wh, *image.size_wh)
        boxes = tuple(
            replace(box, corners_xyxy=_scaled(box.corners_xyxy, sides)) for box in self.answer.boxes
        )
        return replace(self.answer, image_id=image.id, boxes=boxes)


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


def whole(width: float | None, height: float | None) -> tuple[int, int] | None:
    """Return a size in pixels; None if a file declares none."""
    return (round(width), round(height)) if width and height else None
