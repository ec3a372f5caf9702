# ruff: noqa: N803, N806 - shape suffixes
"""The rectangle of an image's plane that the network sees, and its pixels.

What the network sees of an image is its canvas, whose size `job.detection.input_size` decides.
"""

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
    """The rectangle of an image's plane that is stretched over the canvas.

    It may reach past the image; what lies there is filled with one colour.
    """

    left: float
    top: float
    width: float
    height: float
    """In pixels of the image."""
    canvas_wh: tuple[int, int]
    """Width and height of the canvas, in pixels."""
    flipped: bool = False

    @classmethod
    def whole(cls, size_wh: tuple[int, int], canvas_wh: tuple[int, int]) -> "View":
        """Return the view of a whole image of that width and height."""
        return cls(0, 0, *size_wh, canvas_wh)

    def to_canvas(self, boxes_B4: Tensor) -> Tensor:
        """Return boxes in pixels of the canvas, clipped to it, from pixels of the image."""
        boxes = (boxes_B4 - self._origin) * self._scale
        if self.flipped:
            boxes = self._mirror(boxes)
        clipped: Tensor = clip_boxes_to_image(boxes, self.canvas_wh[::-1])
        return clipped

    def to_image(self, boxes_B4: Tensor) -> Tensor:
        """Return boxes in pixels of the image, from pixels of the canvas."""
        boxes = self._mirror(boxes_B4) if self.flipped else boxes_B4
        return boxes / self._scale.to(boxes.device) + self._origin.to(boxes.device)

    def render(
        self, image: Image.Image, fill: Tensor, distort: Callable[[Tensor], Tensor] = unchanged
    ) -> Tensor:
        """Return what the network sees: uint8 (3, height, width).

        Args:
            image: RGB.
            fill: The colour past the image's edges, uint8 (3,).
            distort: What to do to the colours of the image's own pixels.
        """
        width, height = self.canvas_wh
        sides = (
            (self.left, self.width, image.width, width),
            (self.top, self.height, image.height, height),
        )
        (x0, x1, columns), (y0, y1, rows) = (_visible(*side) for side in sides)
        part = image.resize(
            (columns.stop - columns.start, rows.stop - rows.start),
            Image.Resampling.BILINEAR,
            box=(x0, y0, x1, y1),
            reducing_gap=3.0,
        )
        pixels = distort(torch.from_numpy(np.asarray(part).copy()).permute(2, 0, 1))
        canvas = fill.view(3, 1, 1).repeat(1, height, width)
        canvas[:, rows, columns] = pixels
        return canvas.flip(-1) if self.flipped else canvas

    @property
    def _origin(self) -> Tensor:
        return torch.tensor([self.left, self.top] * 2, dtype=torch.float32)

    @property
    def _scale(self) -> Tensor:
        width, height = self.canvas_wh
        return torch.tensor([width / self.width, height / self.height] * 2)

    def _mirror(self, boxes_B4: Tensor) -> Tensor:
        x0, y0, x1, y1 = boxes_B4.unbind(-1)
        return torch.stack([self.canvas_wh[0] - x1, y0, self.canvas_wh[0] - x0, y1], -1)


def _visible(begin: float, length: float, limit: int, size: int) -> tuple[float, float, slice]:
    """Return the visible part of the image's side, and the canvas's pixels that show it."""
    low, high = max(begin, 0.0), min(begin + length, float(limit))
    scale = size / length
    first = min(round((low - begin) * scale), size - 1)
    last = max(round((high - begin) * scale), first + 1)
    return low, high, slice(first, last)


def scaled(image: Image.Image, canvas_wh: tuple[int, int]) -> Tensor:
    """Return all of an RGB image on the canvas: uint8 (3, height, width).

    The same as `View.whole(...).render(...)` but for rounding, a level or two. For images of up to
    twice the canvas's sides it takes a third of the time. For larger ones it takes longer.
    """
    pixels_HWC = torch.from_numpy(np.array(image))
    resized: Tensor = interpolate(
        pixels_HWC.permute(2, 0, 1)[None], canvas_wh[::-1], mode="bilinear", antialias=True
    )
    return resized[0].contiguous()
