"""How large the network sees an image. No torch."""

from dataclasses import dataclass
from typing import Protocol


class InputSize(Protocol):
    """A rule for the size of the canvas on which the network sees an image."""

    @property
    def min_side(self) -> int:
        """So many pixels of an image's shorter side are enough: none of the canvas is longer."""

    def canvas(self, size_wh: tuple[int, int]) -> tuple[int, int]:
        """Return width and height, in pixels, of what the network sees.

        Args:
            size_wh: Width and height of the image, in pixels.
        """


@dataclass(frozen=True)
class Square:
    """Every image is stretched to a square."""

    size: int
    """Its side, in pixels."""

    @property
    def min_side(self) -> int:
        """The side."""
        return self.size

    def canvas(self, size_wh: tuple[int, int]) -> tuple[int, int]:  # noqa: ARG002 - as for all
        """Return the square."""
        return self.size, self.size


@dataclass(frozen=True)
class Fit:
    """Every image keeps its aspect ratio, as in torchvision's detectors and in DETR."""

    shorter: int
    """The shorter side, in pixels, unless the longer one is at its limit."""
    longer: int
    """The longer side has at most so many."""
    step: int = 1
    """Both sides are rounded down to a multiple of it."""

    @property
    def min_side(self) -> int:
        """The shorter side."""
        return self.shorter

    def canvas(self, size_wh: tuple[int, int]) -> tuple[int, int]:
        """Return the image's size times one factor, rounded down, but at least a step a side."""
        short, long = sorted(size_wh)
        # Of whole numbers: a product that is a whole step too little by rounding would lose it.
        is_wide = self.shorter * long > self.longer * short
        limit, side = (self.longer, long) if is_wide else (self.shorter, short)
        width, height = (max(each * limit // (side * self.step), 1) * self.step for each in size_wh)
        return width, height
