"""Training: a function of the samples, the configuration and the seed, resumable at any step."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from job.config.train import TrainConfig
from job.detection.detectors.base import Detector
from job.detection.seeding import drawing
from job.detection.training.checkpoint import TrainingState
from job.detection.training.context import TrainingContext
from job.detection.training.ema import WeightAverage
from job.detection.training.history import HistoryRow
from job.detection.training.sampler import Batch, draw_batches
from job.detection.training.schedule import learning_rate
from job.detection.training.whole_batch import WholeBatch
from job.errors import AlJobError, BadDataError, ConfigError, StopRequested, TemporaryError
from job.runtime import log

STEPS_PER_ROW = 20


def fit(
    context: TrainingContext,
    *,
    save_checkpoint: Callable[[bytes], None],
    stop: Callable[[], bool],
    checkpoint: bytes | None = None,
) -> list[HistoryRow]:
    """Train a detector in place, and return how it went; afterwards it is set to infer.

    On a CPU, the same context gives the same weights to the last bit, also with another number of
    workers, and also if the training was killed in between and resumed from a checkpoint.

    Processes that train together call it with the same context but for their rank, and end with the
    same weights. Each takes an equal part of every batch; the loss is that of the whole batch.
    Batch normalisation sees the whole batch on GPUs, and each process's part of it on CPUs.

    Args:
        context: The training. Its detector is moved to its device, and changed.
        save_checkpoint: Called every `checkpoint_every_steps`, and before stopping; in a group,
            only in its first process.
        stop: Asked before each step; true: save a checkpoint and stop. The processes of a group
            stop together if it is true in one of them.
        checkpoint: What `save_checkpoint` got from an earlier attempt at the same training. One
            that is damaged, or of other settings or another version of the program, is not used.

    Raises:
        StopRequested: `stop` was true.
        BadDataError: The loss is not finite, there are no samples, or one is broken.
        ConfigError: Batches of one image, which batch normalisation cannot learn from, or
            bfloat16 on a CPU.
        TemporaryError: A worker process died, or shared memory is full; `LostError`: another
            process of the group is gone.
    """
    _check(context)
    config, steps, settings = context.config, context.steps, _settings(context)
    state = _prepare(context)
    _resume(state, checkpoint, settings)
    whole = WholeBatch(context.group, context.detector) if context.group else None

    def save() -> None:
        if context.rank_and_count[0] == 0:
            save_checkpoint(state.to_bytes(settings))

    recorder = _Recorder(state, config.batch_size, steps)
    asked = context.group.agree(stop) if context.group else stop
    left = (steps - state.step) * config.batch_size
    with (
        log.progress("train", total=left, unit="images") as bar,
        # A process of a group cannot stop alone: the others would wait for it.
        _lost_workers(state, save, stop if not context.group else lambda: False),
        closing(draw_batches(context, state.step)) as batches,
    ):
        for batch in context.meter.waiting(batches, config.batch_size):
            _stop_if(asked, save, f"at step {state.step} of {steps}")
            rate = learning_rate(config, state.step, steps)
            recorder.add(rate, _step(context, state, whole, batch, rate))
            bar.advance(config.batch_size)
            if state.step % config.checkpoint_every_steps == 0 and state.step < steps:
                save()
        _stop_if(asked, save, f"after its last step, {steps}")
    if state.average:
        state.average.install()
    context.detector.eval()
    return state.history


def _check(context: TrainingContext) -> None:
    """Refuse what cannot be trained on."""
    if not len(context.samples):
        message = "train: there are no labelled images to train on"
        raise BadDataError(message)
    _, count = context.rank_and_count
    normalised = any(isinstance(module, nn.BatchNorm2d) for module in context.detector.modules())
    if context.config.batch_size == count and normalised:
        message = (
            f"train.batch_size: {count} is too few for batch normalisation: set {2 * count} or more"
        )
        if count > 1:
            message = f"{message}, or fewer processes"
        raise ConfigError(message)
    if context.config.precision == "bfloat16" and context.device.type == "cpu":
        # Seen with torch 2.15: now and then, the gradient of a depthwise convolution over a map of
        # one cell has a stray value of 1e18 or NaN.
        message = "train.precision: bfloat16 is for GPUs; on a CPU set auto or float32"
        raise ConfigError(message)


def _settings(context: TrainingContext) -> dict[str, Any]:
    """Return what a checkpoint must agree with to be resumed."""
    return {
        "train": context.config.model_dump(mode="json"),
        "detector": context.detector.description,
        "steps": context.steps,
        "seed": list(context.seed),
        "samples": len(context.samples),
    }


def _prepare(context: TrainingContext) -> TrainingState:
    """Move the detector to its device, set it to train, and return the state before step 0."""
    detector, config = context.detector, context.config
    if context.group:
        context.group.prepare(detector)
    detector.to(context.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    if config.freeze != "none":
        detector.freeze(config.freeze)
    average = WeightAverage(detector, config.ema_decay) if config.ema_decay else None
    return TrainingState(detector, _optimizer(detector, config), average)


def _optimizer(detector: Detector, config: TrainConfig) -> torch.optim.Optimizer:
    """Return the optimizer; biases, normalisation and other vectors do not decay."""
    pretrained = detector.pretrained_names()
    members: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in detector.named_parameters():
        if parameter.requires_grad:
            factor = config.pretrained_rate_factor if name in pretrained else 1.0
            members.setdefault((factor, parameter.ndim > 1), []).append(parameter)
    groups: list[dict[str, Any]] = [
        {
            "params": parameters,
            "weight_decay": config.weight_decay if decays else 0.0,
            "rate_factor": factor,
        }
        for (factor, decays), parameters in members.items()
    ]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
    return torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum, fused=True)


def _resume(state: TrainingState, checkpoint: bytes | None, settings: dict[str, Any]) -> None:
    """Resume from a checkpoint, if there is one that fits."""
    if checkpoint is None:
        return
    try:
        state.restore(checkpoint, settings)
    except BadDataError as error:
        log.get().warning("train.checkpoint_ignored", reason=str(error))
    else:
        log.get().info("train.resumed", step=state.step)


def _stop_if(asked: Callable[[], bool], save: Callable[[], None], where: str) -> None:
    """Save and stop if that is asked for; what is left of the stage is done when it resumes."""
    if asked():
        save()
        message = f"training stopped {where}; run the same command to resume"
        raise StopRequested(message)


@contextmanager
def _lost_workers(
    state: TrainingState, save: Callable[[], None], stop: Callable[[], bool]
) -> Iterator[None]:
    """If a worker process dies or has no room for its batches, save what is done.

    Raises:
        TemporaryError: One did.
        StopRequested: One did, and `stop` is true: it may be for the same reason.
    """
    try:
        yield
    except (RuntimeError, OSError, EOFError) as error:
        # A worker's traceback comes before its message.
        reason = str(error).strip().rpartition("\n")[2] or type(error).__name__
        if not _is_of_lost_worker(error, reason):
            raise
        _stop_if(stop, save, f"at step {state.step}")
        save()
        message = (
            f"train: a worker process failed at step {state.step} ({reason}): "
            "give the job more memory or more shared memory (/dev/shm), or lower runtime.workers"
        )
        raise TemporaryError(message) from error


def _is_of_lost_worker(error: Exception, reason: str) -> bool:
    """Tell whether a worker process died, or had no room for its batches."""
    if isinstance(error, (ConnectionError, EOFError)):  # it died before it handed over a batch,
        return True
    if isinstance(error, OSError):  # or in the middle of it
        return reason == "got end of file during message"
    return reason.startswith("DataLoader worker (pid") or "shared memory(shm)" in reason


def _step(
    context: TrainingContext,
    state: TrainingState,
    whole: WholeBatch | None,
    batch: Batch | AlJobError,
    rate: float,
) -> tuple[float, float]:
    """Take one step, and return its classification and box loss."""
    if isinstance(batch, AlJobError):
        raise batch
    images, targets = batch
    for target in targets:
        target["boxes"] = target["boxes"].to(context.device, non_blocking=True)
        target["labels"] = target["labels"].to(context.device, non_blocking=True)
    draws = [*context.seed, state.step, context.rank_and_count[0]]
    with drawing(draws, context.device), _autocast(context.config, context.device):
        losses = (whole or context.detector).losses(images.to(context.device), targets)
    state.optimizer.zero_grad()
    if whole:
        losses = whole.backward(losses)
    loss = losses.total
    if not whole:
        loss.backward()  # type: ignore[no-untyped-call]
    max_norm = context.config.max_grad_norm or math.inf
    norm = nn.utils.clip_grad_norm_(context.detector.parameters(), max_norm)
    _refuse_nonfinite(state.step, context.config, loss, norm)
    for parameters in state.optimizer.param_groups:
        parameters["lr"] = rate * parameters["rate_factor"]
    state.optimizer.step()
    if state.average:
        state.average.update(state.step)
    state.step += 1
    return losses.classification.item(), losses.bbox_regression.item()


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
    """Return bfloat16 if the configuration says so, or if it says auto and the GPU has it."""
    wanted = config.precision != "float32" and device.type == "cuda"
    enabled = wanted and (config.precision == "bfloat16" or torch.cuda.is_bf16_supported())
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


class _Recorder:
    """Writes the history's rows."""

    def __init__(self, state: TrainingState, batch_size: int, steps: int) -> None:
        self._state, self._batch_size, self._steps = state, batch_size, steps
        self._begun, self._first_step = time.perf_counter(), state.step

    def add(self, rate: float, losses: tuple[float, float]) -> None:
        """Count a step's losses; every `STEPS_PER_ROW` steps, and at the end, add a row."""
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
