"""Which image is trained on when: a function of the seed and the step, whoever computes it."""

import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, get_worker_info

from job.config.experiment import TrainConfig
from job.detection.detectors.base import Detector, Target
from job.detection.training.augmentation import training_sample
from job.errors import AlJobError
from job.records.annotation import Annotation
from job.runtime.rng import random_stream

Batch: TypeAlias = tuple[Tensor, list[Target]]
"""Images, uint8 (B, 3, S, S), and what each shows."""


class Samples(Protocol):
    """Decoded images with their annotations, by index."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        """An RGB image and its ground truth."""


class TrainingDataset(Dataset[Any]):
    """The samples in the order of training: one random order of all of them after another."""

    def __init__(
        self, samples: Samples, detector: Detector, config: TrainConfig, seed: Sequence[int]
    ) -> None:
        self._samples = samples
        self._class_index = {name: index for index, name in enumerate(detector.classes)}
        self._size, self._fill = detector.size, detector.fill
        self._augmentation = config.augmentation
        self._seed = tuple(seed)
        self._order = (-1, np.empty(0, np.int64))

    def index_at(self, position: int) -> int:
        """Return which sample the training sees at a position, counted from its first image."""
        epoch, within = divmod(position, len(self._samples))
        if self._order[0] != epoch:
            stream = random_stream(*self._seed, "order", epoch)
            self._order = (epoch, stream.permutation(len(self._samples)))
        return int(self._order[1][within])

    def __getitem__(self, position: int) -> tuple[Tensor, Target] | AlJobError:
        # A worker process would wrap an error that it raises into another, of many lines.
        try:
            image, annotation = self._samples[self.index_at(position)]
            return training_sample(
                image,
                annotation,
                self._class_index,
                size=self._size,
                fill=self._fill,
                augmentation=self._augmentation,
                seed=[*self._seed, position],
            )
        except AlJobError as error:
            return error


def _collate(drawn: list[tuple[Tensor, Target] | AlJobError]) -> Batch | AlJobError:
    """Make one batch, or pass on what went wrong."""
    samples = []
    for each in drawn:
        if isinstance(each, AlJobError):
            return each
        samples.append(each)
    batch = torch.stack([pixels for pixels, _ in samples]), [target for _, target in samples]
    if get_worker_info():
        _share(batch)
    return batch


def _share(batch: Batch) -> None:
    """Put a worker's batch into shared memory.

    Torch would do so while sending it; where there is no room then, it prints that, drops the
    batch, and the training waits for ever.
    """
    images, targets = batch
    boxes, labels = [each["boxes"] for each in targets], [each["labels"] for each in targets]
    for tensor in (images, *boxes, *labels):
        if tensor.numel():
            tensor.share_memory_()  # type: ignore[no-untyped-call]


def _ignore_signals(_worker: int) -> None:
    """Leave it to the training's process to end a worker, also where all get the signal."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def batches(  # noqa: PLR0913 - each says another thing, and one place calls it
    draws: TrainingDataset,
    *,
    batch_size: int,
    first_step: int,
    steps: int,
    workers: int,
    pin: bool,
    share: tuple[int, int] = (0, 1),
) -> Iterator[Batch | AlJobError]:
    """Return the batches of the steps from `first_step` on; each a `Batch` or an error to raise.

    Args:
        draws: What to draw.
        batch_size: Images in a step.
        first_step: Steps done already.
        steps: Steps in all.
        workers: Processes that draw; 0: this one. The batches are the same.
        pin: Whether to put them into memory that a GPU can copy from.
        share: Of each batch only the i-th of n equal shares, as (i, n) with 0 <= i < n.

    Raises:
        RuntimeError: When the next batch is asked for: a worker process died, or has no room in
            shared memory.
    """
    index, count = share
    size = batch_size // count
    loader: DataLoader[Any] = DataLoader(
        draws,
        batch_size=size,
        sampler=[
            step * batch_size + index * size + place
            for step in range(first_step, steps)
            for place in range(size)
        ],
        num_workers=workers,
        collate_fn=_collate,
        pin_memory=pin,
        worker_init_fn=_ignore_signals,
        # Without one of its own, the loader would draw from the global stream.
        generator=torch.Generator(),
    )
    before = signal.getsignal(signal.SIGCHLD)
    drawn: Iterator[Batch | AlJobError] = iter(loader)
    if threading.current_thread() is threading.main_thread():
        # Torch's handler would tell of a worker's death at once, within a step too, and half a
        # step is nothing to go on from. Without it, the loader finds out when it has to wait.
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)
    return drawn
