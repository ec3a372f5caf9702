"""Small labelled images of several sizes, drawn from a seed: what detectors are tested on."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from job.data.shards import EncodedImage
from job.records.annotation import Annotation

CLASSES = ("red", "green", "blue")
_COLOURS = ((240, 40, 40), (40, 220, 40), (40, 40, 240))
_SIZES_WH = ((96, 72), (72, 96), (80, 80), (128, 64))


@dataclass(frozen=True)
class DrawnImages:
    """Noise with two coloured rectangles in each image; they are samples for a training, too."""

    images: tuple[Image.Image, ...]
    annotations: tuple[Annotation, ...]

    @classmethod
    def draw(cls, num_images: int, seed: int = 0) -> "DrawnImages":
        """Return images of four sizes in turn."""
        rng = np.random.default_rng(seed)
        sizes = [_SIZES_WH[number % len(_SIZES_WH)] for number in range(num_images)]
        drawn = [_draw(rng, *size) for size in sizes]
        return cls(tuple(image for image, _ in drawn), tuple(told for _, told in drawn))

    def __len__(self) -> int:
        """How many there are."""
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        """Return an image and its annotation."""
        return self.images[index], self.annotations[index]

    def part(self, numbers: Sequence[int]) -> "DrawnImages":
        """Return some of the images."""
        return DrawnImages(
            tuple(self.images[each] for each in numbers),
            tuple(self.annotations[each] for each in numbers),
        )

    def without_boxes(self) -> "DrawnImages":
        """Return the same images as if they showed nothing."""
        nothing = np.empty((0, 4), np.float32)
        sizes = [image.size for image in self.images]
        return DrawnImages(self.images, tuple(Annotation(*s, nothing, (), (), ()) for s in sizes))

    def files(self) -> list[EncodedImage]:
        """Return the images as files, with ids that count from 0."""
        files = []
        for number, image in enumerate(self.images):
            file = BytesIO()
            image.save(file, "PNG")
            files.append(EncodedImage(f"image-{number}", ".png", file.getvalue()))
        return files


def _draw(rng: np.random.Generator, width: int, height: int) -> tuple[Image.Image, Annotation]:
    image = Image.fromarray(rng.integers(60, 120, (height, width, 3), dtype=np.uint8))
    labels = rng.choice(len(CLASSES), 2, replace=False)
    boxes = []
    for number, label in enumerate(labels):
        half = width // 2  # one rectangle in each half
        sides = rng.integers((half // 2, height // 3), (half, 2 * height // 3))
        left, top = rng.integers(0, np.array((half, height)) - sides + 1)
        left += number * half
        boxes.append((left, top, left + sides[0], top + sides[1]))
        ImageDraw.Draw(image).rectangle(
            (left, top, left + sides[0] - 1, top + sides[1] - 1), _COLOURS[label]
        )
    names, no = tuple(CLASSES[label] for label in labels), (False, False)
    return image, Annotation(width, height, np.array(boxes, np.float32), names, no, no)
