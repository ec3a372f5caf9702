"""Processes that train together: each takes a part of a batch, and all take the same step."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from job.config.runtime import RuntimeConfig
from job.detection.detectors.base import Detector
from job.detection.device import resolve_device
from job.detection.training.member_processes import LostError
from job.errors import ConfigError, TemporaryError
from job.runtime.place import Place


def num_processes(runtime: RuntimeConfig, batch_size: int) -> int:
    """Return how many processes train, as the configuration means it here.

    Raises:
        ConfigError: There are fewer GPUs, or the batch cannot be divided into equal parts.
    """
    gpus = _num_gpus(runtime)
    count = (gpus or 1) if runtime.processes == "auto" else runtime.processes
    if gpus is not None and count > gpus:
        message = f"runtime.processes: {count}, but torch sees {gpus} GPUs here: set auto"
        raise ConfigError(message)
    _refuse_unequal_parts("runtime.processes: ", count, batch_size)
    return count


def check_place(place: Place, runtime: RuntimeConfig, batch_size: int) -> None:
    """Refuse a place in which this machine cannot train.

    Raises:
        ConfigError: Its GPU is not there, or the batch cannot be divided into equal parts.
    """
    gpus = _num_gpus(runtime)
    if gpus is not None and place.local_rank >= gpus:
        message = f"LOCAL_RANK={place.local_rank}, but torch sees {gpus} GPUs here"
        raise ConfigError(message)
    _refuse_unequal_parts("WORLD_SIZE=", place.count, batch_size)


def _num_gpus(runtime: RuntimeConfig) -> int | None:
    return torch.cuda.device_count() if resolve_device(runtime).type == "cuda" else None


def _refuse_unequal_parts(setting: str, count: int, batch_size: int) -> None:
    if batch_size % count:
        fitting = max(n for n in range(1, count) if batch_size % n == 0)
        message = (
            f"{setting}{count} cannot take equal parts of train.batch_size "
            f"{batch_size}: set {fitting}, or make the batch size a multiple of {count}"
        )
        raise ConfigError(message)


_WORDS_OF_GLOO = ("gloo", "Application timeout caused pair closure")
"""What errors of its connections say: most name its source, and one does not."""


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
            return bool(self.total(torch.tensor(float(asked()), device=self.device)).item())

        return agreed

    def prepare(self, detector: Detector) -> None:
        """Let batch normalisation see the whole batch where torch can: on GPUs."""
        if self.device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(detector)  # type: ignore[no-untyped-call]

    def total(self, tensor: Tensor) -> Tensor:
        """Return a tensor's sum over the processes: the same bytes in all of them.

        Raises:
            LostError: Another process is gone.
        """
        result = tensor.clone()
        with self.watched():
            dist.all_reduce(result)
        return result

    def gather(self, known: object) -> list[Any]:
        """Return what each process knows, in the order of their ranks.

        Raises:
            LostError: Another process is gone.
        """
        found: list[Any] = [None] * self.count
        with self.watched():
            dist.all_gather_object(found, known)
        return found

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Within, an error of the connection means that another process is gone.

        Raises:
            LostError: There was one.
        """
        try:
            yield
        except RuntimeError as error:
            if not isinstance(error, dist.DistError) and not any(
                words in str(error) for words in _WORDS_OF_GLOO
            ):
                raise
            message = f"train: process {self.rank} lost the others ({_reason(error)})"
            raise LostError(message) from error


def _reason(error: RuntimeError) -> str:
    """Return what an error of torch's connections says, without the place in its source."""
    return str(error).partition("\n")[0].rpartition("] ")[2].partition(". This is")[0].rstrip(".")


def refuse_strangers(known: Sequence[Mapping[str, str]]) -> None:
    """Refuse to train together with processes that have read something else.

    Args:
        known: Of each process, in the order of their ranks: what it has read -> a digest of it.

    Raises:
        TemporaryError: One of them has.
    """
    for rank, other in enumerate(known):
        if different := [name for name, value in other.items() if value != known[0][name]]:
            message = (
                f"train: process {rank} does not have the {different[0]} that process 0 has: "
                "start all of them at the same store and with the same container image"
            )
            raise TemporaryError(message)


@contextmanager
def joined(
    rank: int, count: int, device: torch.device, seconds: int, meeting: Path | Place
) -> Iterator[Group]:
    """Meet the other processes, and leave them when all is done.

    Args:
        rank: This process's number, counted from 0.
        count: How many there are.
        device: A CPU, or GPUs: each process takes the one of its number on its node.
        seconds: How long it waits for the others, now and later.
        meeting: Where all find each other: a file of this machine that does not exist yet, or what
            the variables of torch.distributed say.

    Raises:
        LostError: The others are not there.
    """
    local_rank = meeting.local_rank if isinstance(meeting, Place) else rank
    gpu = torch.device("cuda", local_rank) if device.type == "cuda" else None
    if gpu:
        torch.cuda.set_device(gpu)
    where: dict[str, Any] = {"init_method": "env://"}
    if isinstance(meeting, Path):
        store = dist.FileStore(str(meeting), count)  # type: ignore[attr-defined]
        where = {"store": store, "rank": rank, "world_size": count}
    try:
        dist.init_process_group(
            "nccl" if gpu else "gloo", timeout=timedelta(seconds=seconds), device_id=gpu, **where
        )
    except RuntimeError as error:
        at = f" at {meeting.address}" if isinstance(meeting, Place) else ""
        message = f"train: process {rank} of {count} did not meet the others{at} ({_reason(error)})"
        raise LostError(message) from error
    yield Group(rank, count, gpu or device)
    # Not after an error: it would wait for a process that is stuck or gone.
    dist.destroy_process_group()
