"""A detector small enough for tests, and images with something to find."""

import numpy as np
import pytest
import torch
from PIL import Image

from job.config import DetectorConfig
from job.detection.models import Detector, build_detector
from job.records import Annotation

torch.set_num_threads(1)

CLASSES = ("disc", "square")


class ListSamples:
    """Samples held in memory."""

    def __init__(self, samples: list[tuple[Image.Image, Annotation]]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        return self.samples[index]


def annotate(
    image: Image.Image,
    boxes: list[list[float]],
    labels: list[str],
    *,
    difficult: tuple[bool, ...] | None = None,
    crowd: tuple[bool, ...] | None = None,
) -> Annotation:
    return Annotation(
        width=image.width,
        height=image.height,
        boxes_xyxy=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        labels=tuple(labels),
        difficult=difficult or (False,) * len(labels),
        crowd=crowd or (False,) * len(labels),
    )


def draw_sample(
    rng: np.random.Generator, width: int = 80, height: int = 60
) -> tuple[Image.Image, Annotation]:
    """Noise with one bright rectangle, 32 by 24 pixels."""
    pixels = rng.integers(0, 60, (height, width, 3), dtype=np.uint8)
    left, top = int(rng.integers(0, width - 32)), int(rng.integers(0, height - 24))
    pixels[top : top + 24, left : left + 32] = (250, 40, 40)
    image = Image.fromarray(pixels)
    return image, annotate(image, [[left, top, left + 32, top + 24]], ["square"])


@pytest.fixture
def config() -> DetectorConfig:
    return DetectorConfig(size=64, width=0.25, backbone="scratch")


@pytest.fixture
def detector(config: DetectorConfig) -> Detector:
    return build_detector(config, CLASSES, seed=0)


@pytest.fixture
def samples() -> ListSamples:
    rng = np.random.default_rng(0)
    return ListSamples([draw_sample(rng) for _ in range(5)])


@pytest.fixture(scope="session")
def vgg() -> Detector:
    return build_detector(DetectorConfig(model="ssd_vgg16", size=300), CLASSES, seed=0)
