"""Training: a function of the samples, the configuration and the seed, resumable at any step."""

import importlib.metadata
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from job.config.experiment import TrainConfig
from job.detection.detectors.base import Detector
from job.detection.training.checkpoint import HistoryRow, TrainingState
from job.detection.training.ema import WeightAverage
from job.detection.training.process_group import Group
from job.detection.training.sampler import Batch, Samples, TrainingDataset, batches
from job.detection.training.schedule import learning_rate
from job.errors import AlJobError, BadDataError, ConfigError, StopRequested, TemporaryError
from job.runtime import log

STEPS_PER_ROW = 20


def fit(  # noqa: PLR0913 - what a training depends on is more than five things
    detector: Detector,
    samples: Samples,
    config: TrainConfig,
    *,
    steps: int,
    seed: Sequence[int],
    device: torch.device,
    workers: int = 0,
    checkpoint: bytes | None = None,
    save_checkpoint: Callable[[bytes], None],
    stop: Callable[[], bool],
    group: Group | None = None,
) -> list[HistoryRow]:
    """Train a detector in place, and return how it went; afterwards it is set to infer.

    On a CPU, the same arguments give the same weights to the last bit: also with another number
    of workers, and also when the training was killed in between and went on from a checkpoint.

    Processes that train together call it with the same arguments, and end with the same weights.
    Each takes its share of every batch; the loss is that of the whole batch. Batch normalisation
    sees the whole batch on GPUs, and each process's share of it on CPUs.

    Args:
        detector: It is moved to `device`, and changed.
        samples: At least one; fewer than a batch are drawn more than once a step.
        config: How to train.
        steps: Optimizer steps in all, those before the checkpoint with them.
        seed: The order of the samples and their augmentation are a function of it.
        device: Where to compute.
        workers: Processes that decode and augment; 0: this one.
        checkpoint: What `save_checkpoint` got, from an earlier attempt with the same arguments
            and the same samples. One that is damaged, or from other settings or another version
            of the program, is not used.
        save_checkpoint: Called every `checkpoint_every_steps`, and before stopping.
        stop: Asked before each step; true: save a checkpoint and stop.
        group: The processes that train together, where there are several. They stop together
            when `stop` says so in one of them; only the first of them saves checkpoints.

    Raises:
        StopRequested: `stop` said so.
        BadDataError: The loss is not finite, there are no samples, or one is broken.
        ConfigError: Batches of one image, which batch normalisation cannot learn from, or
            bfloat16 on a CPU.
        TemporaryError: A worker process died, or shared memory is full; `LostError`: another
            process of the group is gone.
    """
    rank, count = (group.rank, group.count) if group else (0, 1)
    _check(detector, samples, config, device, count)
    if group:
        group.prepare(detector)
    detector.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    if config.freeze_backbone:
        detector.freeze_backbone()
    average = WeightAverage(detector, config.ema_decay) if config.ema_decay else None
    state = TrainingState(detector, _optimizer(detector, config), average)
    settings = {
        "version": importlib.metadata.version("al-voc"),
        "train": config.model_dump(mode="json"),
        "detector": detector.description,
        "steps": steps,
        "seed": list(seed),
        "samples": len(samples),
    }
    _resume(state, checkpoint, settings)

    def save() -> None:
        if rank == 0:
            save_checkpoint(state.to_bytes(settings))

    recorder = _Recorder(state, config.batch_size, steps)
    loader = batches(
        TrainingDataset(samples, detector, config, seed),
        batch_size=config.batch_size,
        first_step=state.step,
        steps=steps,
        workers=workers,
        pin=device.type == "cuda",
        share=(rank, count),
    )
    asked = group.agree(stop) if group else stop
    left = (steps - state.step) * config.batch_size
    with (
        log.progress("train", total=left, unit="images") as bar,
        # A process of a group cannot stop alone: the others would wait for it.
        _lost_workers(state, save, stop if not group else lambda: False),
    ):
        for batch in loader:
            if asked():
                save()
                message = f"training stopped at step {state.step} of {steps}; it can go on there"
                raise StopRequested(message)
            rate = learning_rate(config, state.step, steps)
            recorder.add(rate, _step(state, batch, config, rate, group))
            bar.advance(config.batch_size)
            if state.step % config.checkpoint_every_steps == 0 and state.step < steps:
                save()
        if asked():  # in the last step: what is left is to be done again from here
            save()
            message = f"training stopped after its last step, {steps}; it can go on there"
            raise StopRequested(message)
    if average:
        average.install()
    detector.eval()
    return state.history


def _check(
    detector: Detector, samples: Samples, config: TrainConfig, device: torch.device, count: int
) -> None:
    """Refuse what cannot be trained on."""
    if not len(samples):
        message = "train: there are no labelled images to train on"
        raise BadDataError(message)
    normalised = any(isinstance(module, nn.BatchNorm2d) for module in detector.modules())
    if config.batch_size == count and normalised:
        message = (
            f"train.batch_size: {count} is too few for batch normalisation: say {2 * count} or more"
        )
        if count > 1:
            message = f"{message}, or fewer runtime.processes"
        raise ConfigError(message)
    if config.precision == "bfloat16" and device.type == "cpu":
        # Seen with torch 2.15: now and then, the gradient of a depthwise convolution over a map of
        # one cell has a stray value of 1e18 or NaN.
        message = "train.precision: bfloat16 is for GPUs; on a CPU say auto or float32"
        raise ConfigError(message)


def _optimizer(detector: Detector, config: TrainConfig) -> torch.optim.Optimizer:
    """The optimizer, with no decay on biases, normalisation and other vectors."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for parameter in filter(lambda each: each.requires_grad, detector.parameters()):
        (decayed if parameter.ndim > 1 else free).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
    return torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum, fused=True)


def _resume(state: TrainingState, checkpoint: bytes | None, settings: dict[str, Any]) -> None:
    """Go on from a checkpoint, if there is one that fits."""
    if checkpoint is None:
        return
    try:
        state.restore(checkpoint, settings)
    except BadDataError as error:
        log.get().warning("train.checkpoint_ignored", reason=str(error))
    else:
        log.get().info("train.resumed", step=state.step)


@contextmanager
def _lost_workers(
    state: TrainingState, save: Callable[[], None], stop: Callable[[], bool]
) -> Iterator[None]:
    """Where a worker process dies or has no room for its batches, keep what is done."""
    try:
        yield
    except (RuntimeError, ConnectionError, EOFError) as error:
        # A worker's traceback comes before its message.
        reason = str(error).strip().rpartition("\n")[2] or type(error).__name__
        # It may die while its batch is handed over: then the connection to it breaks.
        is_known = reason.startswith("DataLoader worker (pid") or "shared memory(shm)" in reason
        if isinstance(error, RuntimeError) and not is_known:
            raise
        save()
        if stop():
            message = f"training stopped at step {state.step}; it can go on from its checkpoint"
            raise StopRequested(message) from error
        message = (
            f"train: a worker process failed at step {state.step} ({reason}): "
            "give the job more memory or more shared memory (/dev/shm), or lower runtime.workers"
        )
        raise TemporaryError(message) from error


def _step(
    state: TrainingState,
    batch: Batch | AlJobError,
    config: TrainConfig,
    rate: float,
    group: Group | None,
) -> tuple[float, float]:
    """Take one step, and return its classification and box loss."""
    if isinstance(batch, AlJobError):
        raise batch
    device = state.detector.device
    images, targets = batch
    for target in targets:
        target["boxes"] = target["boxes"].to(device, non_blocking=True)
        target["labels"] = target["labels"].to(device, non_blocking=True)
    with _autocast(config, device):
        losses = state.detector.losses(images.to(device, non_blocking=True), targets)
    state.optimizer.zero_grad()
    if group:
        losses = group.backward(state.detector, losses, targets)
    loss = losses["classification"] + losses["bbox_regression"]
    if not group:
        loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(state.detector.parameters(), config.max_grad_norm or math.inf)
    _refuse_nonfinite(state.step, config, loss, norm)
    for parameters in state.optimizer.param_groups:
        parameters["lr"] = rate
    state.optimizer.step()
    if state.average:
        state.average.update(state.step)
    state.step += 1
    return losses["classification"].item(), losses["bbox_regression"].item()


def _refuse_nonfinite(step: int, config: TrainConfig, loss: Tensor, norm: Tensor) -> None:
    """Stop before the weights are spoilt."""
    if math.isfinite(loss.item()) and math.isfinite(norm.item()):
        return
    message = (
        f"train: the loss is {loss.item()} and its gradient's norm {norm.item()} at step {step}: "
        f"lower train.learning_rate (now {config.learning_rate}), "
        f"lengthen train.warmup_steps (now {config.warmup_steps}), "
        f"or set train.max_grad_norm (now {config.max_grad_norm})"
    )
    raise BadDataError(message)


def _autocast(config: TrainConfig, device: torch.device) -> torch.autocast:
    """Bfloat16 where the configuration wants it, or leaves it open and the GPU has it."""
    wanted = config.precision != "float32" and device.type == "cuda"
    enabled = wanted and (config.precision == "bfloat16" or torch.cuda.is_bf16_supported())
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


class _Recorder:
    """Writes the history's rows."""

    def __init__(self, state: TrainingState, batch_size: int, steps: int) -> None:
        self._state, self._batch_size, self._steps = state, batch_size, steps
        self._begun, self._first_step = time.perf_counter(), state.step

    def add(self, rate: float, losses: tuple[float, float]) -> None:
        """Count a step's losses; with enough of them, add a row."""
        state = self._state
        state.recent.append(losses)
        if state.step % STEPS_PER_ROW and state.step < self._steps:
            return
        classification, bbox = (
            math.fsum(column) / len(state.recent) for column in zip(*state.recent, strict=True)
        )
        now = time.perf_counter()
        images = (state.step - self._first_step) * self._batch_size
        row = HistoryRow(
            step=state.step,
            loss=classification + bbox,
            classification_loss=classification,
            bbox_loss=bbox,
            learning_rate=rate,
            images_per_second=images / (now - self._begun),
        )
        state.history.append(row)
        state.recent.clear()
        self._begun, self._first_step = now, state.step
