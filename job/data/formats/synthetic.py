"""A drawn data set: shapes on textured ground, for trying everything out in minutes.

Active learning has something to find in it: classes of unequal frequency whose colours overlap (an
orange disc is as orange as an orange ring), objects of many sizes, some of them faint or partly
hidden, images with many objects and images without any. A small detector learns it from scratch
within minutes. Each image has its own random stream.
"""

import colorsys
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from job.config.dataset import SyntheticConfig
from job.data.formats.base import LoadedSample, Sample, Source, SourceBox
from job.keys import Split
from job.records.arrays import Floats
from job.runtime.rng import random_stream

Pixels = NDArray[np.uint8]
Place = tuple[int, int, Floats]
"""Left and top in pixels, and the share of each pixel that is covered."""


@dataclass(frozen=True)
class Shape:
    """A class of objects."""

    name: str
    share: float
    """The share of all objects that are of this class."""
    hue: float
    """The mean, in turns of the colour wheel."""


SHAPES = (
    Shape("disc", 0.28, 0.00),
    Shape("ring", 0.14, 0.14),
    Shape("square", 0.22, 0.66),
    Shape("cross", 0.10, 0.51),
    Shape("triangle", 0.18, 0.34),
    Shape("star", 0.08, 0.84),
)
HUE_DEVIATION = 0.04
NUM_OBJECTS_SHARES = (0.06, 0.28, 0.30, 0.22, 0.10, 0.04)
"""The shares of images that have 0, 1, 2, ... objects."""
SIDES = (0.26, 0.58)
"""The smallest and the largest side of an object before it is turned, as shares of the image's."""
LARGEST_HIDDEN = 0.3
"""The share of an object that others may cover. With more hidden, its box would not be fair."""
NUM_ATTEMPTS = 10
"""The number of places tried for an object before it is left out."""
FAINT_SHARE = 0.1
"""The share of objects that the ground shows through."""
NOISE_DEVIATION = 4.0
"""The standard deviation of each pixel's noise; pixels are from 0 to 255."""
OVERSAMPLING = 4
"""Shapes are drawn this much larger and scaled down, for smooth edges."""
JPEG_QUALITY = 90


class SyntheticSource(SyntheticConfig, Source):
    """A drawn data set."""

    kind: ClassVar[str] = "synthetic"
    may_be_bad: ClassVar[bool] = False

    @property
    def classes(self) -> tuple[str, ...]:
        """The shapes' names."""
        return tuple(shape.name for shape in SHAPES)

    def identity(self) -> dict[str, str | int]:
        """Return the settings, from which everything follows."""
        return self.model_dump()

    def num_images(self, split: Split) -> int:
        """Return the number of images that the settings name."""
        return self.num_pool if split == "pool" else self.num_test

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield images numbered from 0 through the pool and on through the test set."""
        first = 0 if split == "pool" else self.num_pool
        for index in range(self.num_images(split)):
            image_id = f"{first + index:06d}"
            yield Sample(image_id, partial(self._load, split, index, image_id))

    def _load(self, split: Split, index: int, image_id: str) -> LoadedSample:
        rng = random_stream(self.seed, "synthetic", split, index)
        pixels, boxes = draw(self.size, rng)
        file = BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY)
        where = f"synthetic image {image_id}"
        return LoadedSample(
            data=file.getvalue(),
            suffix=".jpg",
            image_file=where,
            annotation_file=where,
            boxes=tuple(boxes),
        )


def draw(size: int, rng: np.random.Generator) -> tuple[Pixels, list[SourceBox]]:
    """Draw one image.

    Args:
        size: Its width and height, in pixels.
        rng: The random stream that decides everything.

    Returns:
        The image, uint8 (size, size, 3), and a box around the whole of each object, including
        its hidden parts.
    """
    canvas = _ground(size, rng)
    scene = Scene(size)
    boxes: list[SourceBox] = []
    for _ in range(rng.choice(len(NUM_OBJECTS_SHARES), p=NUM_OBJECTS_SHARES)):
        shape = SHAPES[rng.choice(len(SHAPES), p=[shape.share for shape in SHAPES])]
        place = scene.find_place(_cover(shape, size, rng), rng)
        if place is None:
            continue
        left, top, cover = place
        height, width = cover.shape
        _paint(canvas[top : top + height, left : left + width], cover, shape, rng)
        corners = (float(left), float(top), float(left + width), float(top + height))
        boxes.append(SourceBox(corners, shape.name, f"object {len(boxes) + 1} {shape.name!r}"))
    noise = rng.normal(0, NOISE_DEVIATION, canvas.shape)
    return np.clip(canvas + noise, 0, 255).astype(np.uint8), boxes


class Scene:
    """Which object each pixel shows, so that no object is hidden too far."""

    def __init__(self, size: int) -> None:
        self._owner = np.full((size, size), -1)
        self._areas: list[int] = []

    def find_place(self, cover: Floats, rng: np.random.Generator) -> Place | None:
        """Put an object in front, where it hides no other one too far.

        Returns:
            The place, or None if there is none after `NUM_ATTEMPTS`.
        """
        height, width = cover.shape
        inside = cover > 0.5  # noqa: PLR2004 - half a pixel
        for _ in range(NUM_ATTEMPTS):
            top = int(rng.integers(self._owner.shape[0] - height + 1))
            left = int(rng.integers(self._owner.shape[1] - width + 1))
            owner = self._owner.copy()
            owner[top : top + height, left : left + width][inside] = len(self._areas)
            if self._all_visible(owner):
                self._owner = owner
                self._areas.append(int(inside.sum()))
                return left, top, cover
        return None

    def _all_visible(self, owner: NDArray[np.int64]) -> bool:
        visible = np.bincount(owner[owner >= 0], minlength=len(self._areas))
        return all(
            seen >= (1 - LARGEST_HIDDEN) * area
            for seen, area in zip(visible, self._areas, strict=False)
        )


def _ground(size: int, rng: np.random.Generator) -> Floats:
    """Return clouds of two grain sizes on a dull colour: float (size, size, 3), from 0 to 255."""
    ground = np.full((size, size, 3), rng.uniform(90, 150) + rng.normal(0, 6, 3))
    for num_cells, deviation in ((4, 14), (16, 8)):
        cells = rng.normal(0, deviation, (num_cells, num_cells))
        cloud = Image.fromarray(cells.astype(np.float32)).resize(
            (size, size), Image.Resampling.BICUBIC
        )
        ground += np.asarray(cloud)[..., None]
    return ground


def _cover(shape: Shape, size: int, rng: np.random.Generator) -> Floats:
    """Draw the share of each pixel that an object covers: (height, width), cut to the object."""
    smallest, largest = np.log(SIDES)
    radius = math.exp(rng.uniform(smallest, largest)) * size * OVERSAMPLING / 2
    center = math.ceil(radius) + 1
    mask = Image.new("L", (2 * center, 2 * center))
    pen = ImageDraw.Draw(mask)
    if shape.name in {"disc", "ring"}:
        pen.circle((center, center), radius, fill=255)
        if shape.name == "ring":
            pen.circle((center, center), radius * rng.uniform(0.35, 0.6), fill=0)
    else:
        turn = rng.uniform(-math.pi / 10, math.pi / 10)
        pen.polygon(
            [
                (center + radius * r * math.sin(a + turn), center - radius * r * math.cos(a + turn))
                for r, a in _outline(shape.name, rng)
            ],
            fill=255,
        )
    whole = mask.crop(mask.getbbox())
    width, height = (max(1, side // OVERSAMPLING) for side in whole.size)
    return np.asarray(whole.resize((width, height), Image.Resampling.BOX)) / 255


def _outline(name: str, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return a shape's corners in the unit circle, as (radius, angle clockwise from the top)."""
    eighth = math.pi / 4
    if name == "square":
        return [(1.0, eighth + 2 * eighth * corner) for corner in range(4)]
    if name == "cross":
        half_arm = math.atan(
            rng.uniform(0.3, 0.5)
        )  # tan: half of an arm's width divided by its length
        notch = math.sqrt(2) * math.sin(half_arm)
        return [
            (radius, 2 * eighth * arm + angle)
            for arm in range(4)
            for radius, angle in ((1.0, -half_arm), (1.0, half_arm), (notch, eighth))
        ]
    if name == "triangle":
        return [(1.0, 2 * math.pi * corner / 3) for corner in range(3)]
    inner = rng.uniform(0.42, 0.6)
    return [(inner if tip % 2 else 1.0, math.pi * tip / 5) for tip in range(10)]


def _paint(canvas: Floats, cover: Floats, shape: Shape, rng: np.random.Generator) -> None:
    """Lay an object's colour over a part of the canvas, lighter towards one side."""
    hue = rng.normal(shape.hue, HUE_DEVIATION) % 1
    colour = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.7, 0.95), rng.uniform(0.7, 0.95)))
    faint = rng.random() < FAINT_SHARE
    opacity = rng.uniform(0.35, 0.6) if faint else rng.uniform(0.8, 1.0)
    left, right = rng.permutation([0.75, 1.15])
    light = np.linspace(left, right, cover.shape[1])
    share = (opacity * cover)[..., None]
    canvas += share * (255 * colour * light[:, None] - canvas)
