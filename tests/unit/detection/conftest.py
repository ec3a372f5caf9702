"""Detectors to test with: a small one, and the large one built once."""

import pytest
import torch

from job.config.experiment import DetectorConfig
from job.detection.detectors.ssd import Detector, build_detector

torch.set_num_threads(1)

CLASSES = ("disc", "square")


@pytest.fixture
def config() -> DetectorConfig:
    return DetectorConfig(size=64, width=0.25, backbone="scratch")


@pytest.fixture
def detector(config: DetectorConfig) -> Detector:
    return build_detector(config, CLASSES, seed=0)


@pytest.fixture(scope="session")
def vgg() -> Detector:
    return build_detector(DetectorConfig(model="ssd_vgg16", size=300), CLASSES, seed=0)
