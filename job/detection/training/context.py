"""The arguments of `fit`: detector, samples, settings, device and processes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from PIL import Image

from job.config.train import TrainConfig
from job.detection.detectors.base import Detector
from job.detection.meter import Meter
from job.detection.training.process_group import Group
from job.records.annotation import Annotation


class Samples(Protocol):
    """Decoded images with their annotations, by index."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        """An RGB image and its annotation."""


@dataclass(frozen=True)
class TrainingContext:
    """All that decides which weights a training ends with, and the processes that compute it."""

    detector: Detector
    """It is trained in place."""
    samples: Samples
    """At least one. If there are fewer than a batch, a step draws some of them more than once."""
    config: TrainConfig
    """How to train."""
    steps: int
    """Optimizer steps in all, those before a checkpoint included."""
    seed: Sequence[int]
    """The order of the samples and their augmentation are a function of it."""
    device: torch.device
    """The device that computes."""
    workers: int = 0
    """Processes that decode and augment; 0: this process does it."""
    group: Group | None = None
    """The processes that train together, if there are several."""
    meter: Meter = field(default_factory=Meter)
    """Measures how fast it goes."""

    @property
    def rank_and_count(self) -> tuple[int, int]:
        """This process's number among those that train together, and how many they are."""
        return (self.group.rank, self.group.count) if self.group else (0, 1)
