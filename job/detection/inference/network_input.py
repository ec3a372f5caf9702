"""What the network sees of an image: two transforms, of which a stage chooses one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias
from zlib import crc32

from torch import Tensor

from job.data.decoding import decode_at_least, decode_rgb
from job.data.shards import EncodedImage
from job.detection.detectors.base import Detector
from job.detection.inference.image_cache import IMAGE_CACHE
from job.detection.input_size import InputSize
from job.detection.training.augmentation import augmented_view
from job.detection.view import View, scaled


@dataclass(frozen=True)
class NetworkInput:
    """An image as the network sees it."""

    pixels: Tensor
    """uint8 (3, height, width), of the canvas."""
    size_wh: tuple[int, int]
    """The image's width and height, in pixels."""
    view: View
    """The rectangle of the image's plane that is seen."""


InputTransform: TypeAlias = Callable[[EncodedImage], NetworkInput]
"""A function of the image alone; several threads call it at once."""


class Network(Protocol):
    """What is known of a network's input: of a detector, or of an exported graph."""

    @property
    def input_size(self) -> InputSize:
        """How large it sees an image."""

    @property
    def fill(self) -> Tensor:
        """The colour past an image's edges, uint8 (3,), on the CPU."""


def resized(network: Network) -> InputTransform:
    """Return the transform that resizes the whole image to the network's canvas."""
    input_size, fill = network.input_size, network.fill

    def transform(image: EncodedImage) -> NetworkInput:
        render = partial(_resize, image, input_size, fill)
        pixels, size_wh = IMAGE_CACHE.get((image.id, input_size), render, _num_bytes)
        return NetworkInput(pixels, size_wh, View.whole(size_wh, input_size.canvas(size_wh)))

    return transform


def augmented(detector: Detector, seed: Sequence[int]) -> InputTransform:
    """Return the transform that augments each image as in training, by its id and `seed`."""
    input_size, fill = detector.input_size, detector.fill

    def transform(image: EncodedImage) -> NetworkInput:
        decoded = decode_rgb(image.data, image.id)
        seed_of_image = [*seed, crc32(image.id.encode())]
        pixels, view = augmented_view(decoded, input_size=input_size, fill=fill, seed=seed_of_image)
        return NetworkInput(pixels, decoded.size, view)

    return transform


def _num_bytes(value: tuple[Tensor, tuple[int, int]]) -> int:
    return value[0].numel()


def _resize(
    image: EncodedImage, input_size: InputSize, fill: Tensor
) -> tuple[Tensor, tuple[int, int]]:
    """Return the pixels of the canvas, and the image's width and height."""
    decoded, size_wh, frame, *_ = decode_at_least(image.data, input_size.min_side, image.id)
    canvas_wh = input_size.canvas(size_wh)
    if frame == (0, 0, *decoded.size) and max(decoded.size) <= 2 * max(canvas_wh):
        return scaled(decoded, canvas_wh), size_wh
    return View(*frame, canvas_wh).render(decoded, fill), size_wh
