# ruff: noqa: N803, N806 - shape suffixes
"""The rectangle of an image's plane that the network sees, and its pixels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.ops import clip_boxes_to_image


def unchanged(pixels: Tensor) -> Tensor:
    """Return pixels as they are: no distortion."""
    return pixels


@dataclass(frozen=True)
class View:
    """The rectangle of an image's plane that is stretched over the network's square.

    It may reach past the image; what lies there is filled with one colour.
    """

    left: float
    top: float
    width: float
    height: float
    """In pixels of the image."""
    size: int
    """Side of the square, in pixels."""
    flipped: bool = False

    @classmethod
    def whole(cls, size_wh: tuple[int, int], size: int) -> "View":
        """Return the view of a whole image of that width and height."""
        return cls(0, 0, *size_wh, size)

    def to_square(self, boxes_B4: Tensor) -> Tensor:
        """Return boxes in pixels of the square, clipped to it, from pixels of the image."""
        boxes = (boxes_B4 - self._origin) * self._scale
        if self.flipped:
            boxes = self._mirror(boxes)
        clipped: Tensor = clip_boxes_to_image(boxes, (self.size, self.size))
        return clipped

    def to_image(self, boxes_B4: Tensor) -> Tensor:
        """Return boxes in pixels of the image, from pixels of the square."""
        boxes = self._mirror(boxes_B4) if self.flipped else boxes_B4
        return boxes / self._scale.to(boxes.device) + self._origin.to(boxes.device)

    def render(
        self, image: Image.Image, fill: Tensor, distort: Callable[[Tensor], Tensor] = unchanged
    ) -> Tensor:
        """Return what the network sees: uint8 (3, size, size).

        Args:
            image: RGB.
            fill: The colour past the image's edges, uint8 (3,).
            distort: What to do to the colours of the image's own pixels.
        """
        sides = (self.left, self.width, image.width), (self.top, self.height, image.height)
        (x0, x1, columns), (y0, y1, rows) = (self._visible(*side) for side in sides)
        part = image.resize(
            (columns.stop - columns.start, rows.stop - rows.start),
            Image.Resampling.BILINEAR,
            box=(x0, y0, x1, y1),
            reducing_gap=3.0,
        )
        pixels = distort(torch.from_numpy(np.asarray(part).copy()).permute(2, 0, 1))
        square = fill.view(3, 1, 1).repeat(1, self.size, self.size)
        square[:, rows, columns] = pixels
        return square.flip(-1) if self.flipped else square

    @property
    def _origin(self) -> Tensor:
        return torch.tensor([self.left, self.top] * 2, dtype=torch.float32)

    @property
    def _scale(self) -> Tensor:
        return torch.tensor([self.size / self.width, self.size / self.height] * 2)

    def _mirror(self, boxes_B4: Tensor) -> Tensor:
        x0, y0, x1, y1 = boxes_B4.unbind(-1)
        return torch.stack([self.size - x1, y0, self.size - x0, y1], -1)

    def _visible(self, begin: float, length: float, limit: int) -> tuple[float, float, slice]:
        """Return the visible part of the image's side, and the square's pixels that show it."""
        low, high = max(begin, 0.0), min(begin + length, float(limit))
        scale = self.size / length
        first = min(round((low - begin) * scale), self.size - 1)
        last = max(round((high - begin) * scale), first + 1)
        return low, high, slice(first, last)


def scaled(image: Image.Image, size: int) -> Tensor:
    """Return all of an RGB image on the network's square: uint8 (3, size, size).

    The same as `View.whole(...).render(...)` but for rounding, a level or two. For images of up to
    twice the square's side it takes a third of the time. For larger ones it takes longer.
    """
    pixels_HWC = torch.from_numpy(np.array(image))
    resized: Tensor = interpolate(
        pixels_HWC.permute(2, 0, 1)[None], (size, size), mode="bilinear", antialias=True
    )
    return resized[0].contiguous()
