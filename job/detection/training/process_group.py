"""Processes that train together: each takes a part of a batch, and all take the same step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from job.config.runtime import RuntimeConfig
from job.detection.detectors.base import Detector, Losses
from job.detection.device import resolve_device
from job.detection.training.member_processes import LostError
from job.errors import ConfigError


def num_processes(runtime: RuntimeConfig, batch_size: int) -> int:
    """Return how many processes train, as the configuration means it here.

    Raises:
        ConfigError: There are fewer GPUs, or the batch cannot be divided into equal parts.
    """
    gpus = torch.cuda.device_count() if resolve_device(runtime).type == "cuda" else None
    count = (gpus or 1) if runtime.processes == "auto" else runtime.processes
    if gpus is not None and count > gpus:
        message = f"runtime.processes: {count}, but torch sees {gpus} GPUs here: set auto"
        raise ConfigError(message)
    if batch_size % count:
        fitting = max(n for n in range(1, count) if batch_size % n == 0)
        message = (
            f"runtime.processes: {count} cannot take equal parts of train.batch_size "
            f"{batch_size}: set {fitting}, or make the batch size a multiple of {count}"
        )
        raise ConfigError(message)
    return count


@dataclass(frozen=True)
class Group:
    """One of several processes that train the same detector, with equal weights at every step."""

    rank: int
    """This process's number. 0 is the one that saves and shows progress."""
    count: int
    device: torch.device

    def agree(self, asked: Callable[[], bool]) -> Callable[[], bool]:
        """Return a function that is true in all processes if `asked` is true in one of them."""

        def agreed() -> bool:
            answers = torch.tensor([float(asked())], device=self.device)
            self._sum(answers)
            return bool(answers.item())

        return agreed

    def prepare(self, detector: Detector) -> None:
        """Let batch normalisation see the whole batch where torch can: on GPUs."""
        if self.device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(detector)  # type: ignore[no-untyped-call]

    def backward(self, detector: Detector, losses: Losses) -> Losses:
        """Leave the gradient of the whole batch's loss in every parameter.

        A loss is a mean over `Losses.weight` things. Both are added up over the
        processes, so the loss is the whole batch's, and not a mean of its parts.

        Args:
            detector: What is trained. The running statistics of its batch normalisation become
                the mean of what the processes have.
            losses: Of this process's part of the batch.

        Returns:
            The losses of the whole batch, without their graph.

        Raises:
            LostError: Another process is gone.
        """
        positives = torch.as_tensor(losses.weight, dtype=torch.float32, device=self.device)
        sums = torch.stack([losses.classification, losses.bbox_regression]) * positives.clamp(min=1)
        sums.sum().backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad for p in detector.parameters() if p.grad is not None]
        statistics = [
            buffer
            for module in detector.modules()
            for name, buffer in module.named_buffers(recurse=False)
            if module.training and name.startswith("running_")
        ]
        whole = [*gradients, *statistics, sums.detach(), positives.view(1)]
        # In one piece: many small messages take longer than one of the same size.
        flat = torch.cat([tensor.reshape(-1) for tensor in whole])
        self._sum(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in whole])
        divisor = parts[-1].clamp(min=1)
        for tensor, part in zip(gradients, parts, strict=False):
            tensor.copy_(part.view(tensor.shape) / divisor)
        for tensor, part in zip(statistics, parts[len(gradients) :], strict=False):
            tensor.copy_(part.view(tensor.shape) / self.count)
        classification, bbox_regression = parts[-2] / divisor
        return Losses(classification, bbox_regression, divisor)

    def _sum(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over the processes: the same bytes in all of them."""
        try:
            dist.all_reduce(tensor)
        except RuntimeError as error:
            message = f"train: process {self.rank} lost the others ({error})"
            raise LostError(message) from error


@contextmanager
def joined(rank: int, count: int, device: torch.device, meeting: Path) -> Iterator[Group]:
    """Meet the other processes of this machine, and leave them when all is done.

    Args:
        rank: This process's number, counted from 0.
        count: How many there are.
        device: A CPU, or GPUs: each process takes the one of its number.
        meeting: A file that does not exist yet, by which all find each other.
    """
    gpu = torch.device("cuda", rank) if device.type == "cuda" else None
    if gpu:
        torch.cuda.set_device(gpu)
    dist.init_process_group(
        "nccl" if gpu else "gloo",
        store=dist.FileStore(str(meeting), count),  # type: ignore[attr-defined]
        rank=rank,
        world_size=count,
        device_id=gpu,
    )
    yield Group(rank, count, gpu or device)
    # Not after an error: it would wait for a process that is stuck or gone.
    dist.destroy_process_group()
