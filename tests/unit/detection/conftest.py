"""Detectors to test with: a small one, and the large one built once."""

from typing import cast

import pytest
import torch

from job.config.detector import DetectorConfig
from job.detection.detectors.base import build_detector
from job.detection.detectors.ssd import SsdDetector

torch.set_num_threads(1)

CLASSES = ("disc", "square")


@pytest.fixture
def config() -> DetectorConfig:
    return DetectorConfig(size=64, width=0.25, backbone="scratch")


@pytest.fixture
def detector(config: DetectorConfig) -> SsdDetector:
    return cast("SsdDetector", build_detector(config, CLASSES, seed=0))


@pytest.fixture(scope="session")
def vgg() -> SsdDetector:
    large = DetectorConfig(model="ssd_vgg16", size=300)
    return cast("SsdDetector", build_detector(large, CLASSES, seed=0))
