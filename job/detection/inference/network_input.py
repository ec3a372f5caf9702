"""What the network sees of an image: two transforms, of which a stage chooses one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias
from zlib import crc32

from torch import Tensor

from job.data.decoding import decode_at_least, decode_rgb
from job.data.shards import EncodedImage
from job.detection.detectors.base import Detector
from job.detection.inference.image_cache import IMAGE_CACHE
from job.detection.training.augmentation import augmented_view
from job.detection.view import View, scaled


@dataclass(frozen=True)
class NetworkInput:
    """An image as the network sees it."""

    pixels: Tensor
    """uint8 (3, size, size)."""
    size_wh: tuple[int, int]
    """The image's width and height, in pixels."""
    view: View
    """The rectangle of the image's plane that is seen."""


InputTransform: TypeAlias = Callable[[EncodedImage], NetworkInput]
"""A function of the image alone; several threads call it at once."""


def resized(detector: Detector) -> InputTransform:
    """Return the transform that resizes the whole image to the network's square."""
    size, fill = detector.size, detector.fill

    def transform(image: EncodedImage) -> NetworkInput:
        render = partial(_resize, image, size, fill)
        pixels, size_wh = IMAGE_CACHE.get((image.id, size), render, 3 * size * size)
        return NetworkInput(pixels, size_wh, View.whole(size_wh, size))

    return transform


def augmented(detector: Detector, seed: Sequence[int]) -> InputTransform:
    """Return the transform that augments each image as in training, by its id and `seed`."""
    size, fill = detector.size, detector.fill

    def transform(image: EncodedImage) -> NetworkInput:
        decoded = decode_rgb(image.data, image.id)
        seed_of_image = [*seed, crc32(image.id.encode())]
        pixels, view = augmented_view(decoded, size=size, fill=fill, seed=seed_of_image)
        return NetworkInput(pixels, decoded.size, view)

    return transform


def _resize(image: EncodedImage, size: int, fill: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """Return the pixels of the square, and the image's width and height."""
    decoded, size_wh, frame, *_ = decode_at_least(image.data, size, image.id)
    if frame == (0, 0, *decoded.size) and max(decoded.size) <= 2 * size:
        return scaled(decoded, size), size_wh
    return View(*frame, size).render(decoded, fill), size_wh
