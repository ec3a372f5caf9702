"""The order of training samples, and their loader. Both depend on seed and step only."""

import signal
import threading
from collections.abc import Generator
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, get_worker_info

from job.detection.detectors.base import Target
from job.detection.detectors.raw_output import ImageBatch
from job.detection.training.augmentation import training_sample
from job.detection.training.context import TrainingContext
from job.errors import AlJobError
from job.runtime.rng import random_stream

Batch: TypeAlias = tuple[ImageBatch, list[Target]]
"""Images, and what each shows."""


class TrainingDataset(Dataset[Any]):
    """The samples in the order of training: random permutations of all of them, one after another.

    An item is found by its position, which counts from the training's first image.
    """

    def __init__(self, context: TrainingContext) -> None:
        detector = context.detector
        self._samples = context.samples
        self._class_index = {name: index for index, name in enumerate(detector.classes)}
        self._input_size, self._fill = detector.input_size, detector.fill
        self._augmentation = context.config.augmentation
        self._seed = tuple(context.seed)
        self._order = (-1, np.empty(0, np.int64))

    def index_at(self, position: int) -> int:
        """Return which sample the training sees at a position."""
        epoch, within = divmod(position, len(self._samples))
        if self._order[0] != epoch:
            stream = random_stream(*self._seed, "order", epoch)
            self._order = (epoch, stream.permutation(len(self._samples)))
        return int(self._order[1][within])

    def __getitem__(self, position: int) -> tuple[Tensor, Target] | AlJobError:
        # An error is returned: a worker process would wrap one that is raised into many lines.
        try:
            image, annotation = self._samples[self.index_at(position)]
            return training_sample(
                image,
                annotation,
                self._class_index,
                input_size=self._input_size,
                fill=self._fill,
                augmentation=self._augmentation,
                seed=[*self._seed, position],
            )
        except AlJobError as error:
            return error


def draw_batches(context: TrainingContext, first_step: int) -> Generator[Batch | AlJobError]:
    """Yield the batches of a training from a step on, or this process's part of each.

    When it ends or is closed, no worker process is left.

    Args:
        context: The processes of its group each get an equal part of every batch, in their order.
        first_step: The step of the first batch.

    Yields:
        A batch, or the error of a sample in place of its batch.

    Raises:
        RuntimeError: A worker process died, or there is no room in shared memory.
        OSError: A worker process died while it handed over a batch.
        EOFError: The same.
    """
    rank, count = context.rank_and_count
    batch_size = context.config.batch_size
    size = batch_size // count
    loader: DataLoader[Any] = DataLoader(
        TrainingDataset(context),
        batch_size=size,
        sampler=[
            step * batch_size + rank * size + place
            for step in range(first_step, context.steps)
            for place in range(size)
        ],
        num_workers=context.workers,
        collate_fn=partial(_collate, fill=context.detector.fill),
        pin_memory=context.device.type == "cuda",
        worker_init_fn=_ignore_signals,
        # Without a generator of its own, the loader would draw from the global stream.
        generator=torch.Generator(),
    )
    before = signal.getsignal(signal.SIGCHLD)
    batches: Any = iter(loader)
    if threading.current_thread() is threading.main_thread():
        # Torch's handler raises as soon as a worker dies, also in the middle of a step, from which
        # no training can resume. Without it, the loader finds out when it waits for a batch.
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)
    try:
        yield from batches
    finally:
        if context.workers:
            # An error of a worker refers to itself. If only the garbage collector finds the loader,
            # its workers are not told to end, and the program waits for them forever.
            batches._shutdown_workers()  # noqa: SLF001 - torch has no public way


def _collate(drawn: list[tuple[Tensor, Target] | AlJobError], fill: Tensor) -> Batch | AlJobError:
    """Make one batch, or pass on what went wrong."""
    samples = []
    for each in drawn:
        if isinstance(each, AlJobError):
            return each
        samples.append(each)
    images = ImageBatch.of([pixels for pixels, _ in samples], fill)
    batch = images, [target for _, target in samples]
    if get_worker_info():
        _share(batch)
    return batch


def _share(batch: Batch) -> None:
    """Put a worker's batch into shared memory.

    Torch would do so while sending it. If there is no room then, it prints that and drops the
    batch, and the training waits for ever.
    """
    images, targets = batch
    boxes, labels = [each["boxes"] for each in targets], [each["labels"] for each in targets]
    for tensor in (images.pixels_BCHW, *boxes, *labels):
        if tensor.numel():
            tensor.share_memory_()  # type: ignore[no-untyped-call]


def _ignore_signals(_worker: int) -> None:
    """Let the training's process end a worker, also if all processes get the signal."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
