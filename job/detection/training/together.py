"""Training in several processes: what the one that starts them does, and what each member."""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import structlog

from job.detection.detectors.base import Detector, load_model, save_model
from job.detection.device import resolve_device, set_threads
from job.detection.training.inputs import Trained, TrainingInputs
from job.detection.training.member_processes import Exchange, run_together
from job.detection.training.process_group import joined
from job.detection.training.stopping import asked_to_stop
from job.runtime import log

_MEMBER = "job.detection.training.member"
# The files by which the processes tell each other things.
_INPUTS, _START, _RESUME, _LOG = (
    "inputs.json",
    "start.safetensors",
    "resume.safetensors",
    "log.json",
)
_STOP, _CHECKPOINT = "stop", "checkpoint.safetensors"
_MODEL, _HISTORY, _FIGURES = "trained.safetensors", "trained.jsonl", "figures.json"


def train_together(
    count: int,
    inputs: TrainingInputs,
    detector: Detector,
    checkpoint: bytes | None,
    save_checkpoint: Callable[[bytes], None],
) -> Trained:
    """Let several processes train, and keep what they save.

    Args:
        count: How many.
        inputs: What they train on.
        detector: What training starts from; it stays as it is.
        checkpoint: As for `fit`.
        save_checkpoint: As for `fit`; called in this process.

    Raises:
        AlJobError: What a process failed with: see `run_together`.
        StopRequested: This process was asked to stop.
    """
    with tempfile.TemporaryDirectory(prefix="al-voc-train-") as folder:
        exchange = Exchange(Path(folder))
        exchange.put(_INPUTS, inputs.to_json())
        exchange.put(_START, save_model(detector))
        if checkpoint is not None:
            exchange.put(_RESUME, checkpoint)
        exchange.put(_LOG, json.dumps(structlog.contextvars.get_contextvars()).encode())

        def keep_checkpoint() -> None:
            if exchange.has(_CHECKPOINT):
                save_checkpoint(exchange.take(_CHECKPOINT))

        # Told by the signal's own handler: this process may be uploading a checkpoint just then.
        with asked_to_stop(tell=(exchange.folder / _STOP).touch):
            run_together(_MEMBER, count, exchange, keep_checkpoint)
        return Trained(
            model=exchange.get(_MODEL),
            history=exchange.get(_HISTORY),
            figures=json.loads(exchange.get(_FIGURES)) | {"processes": count},
        )


def train_as_one(exchange: Exchange, rank: int, count: int) -> None:
    """Do what each of the processes does; the first one leaves the result."""
    log.configure(json=os.environ.get("AL_LOG") == "json" or None)
    log.console.quiet = rank > 0
    inputs = TrainingInputs.from_json(exchange.get(_INPUTS))
    set_threads(inputs.config.runtime)
    detector = load_model(exchange.get(_START), inputs.config.detector)
    device = resolve_device(inputs.config.runtime)
    with (
        log.bound(**json.loads(exchange.get(_LOG))),
        joined(rank, count, device, exchange.folder / "meeting") as group,
    ):
        trained = inputs.train(
            detector,
            exchange.get(_RESUME) if exchange.has(_RESUME) else None,
            lambda data: exchange.put(_CHECKPOINT, data),
            (exchange.folder / _STOP).exists,
            group,
        )
    if rank == 0:
        exchange.put(_MODEL, trained.model)
        exchange.put(_HISTORY, trained.history)
        exchange.put(_FIGURES, json.dumps(trained.figures).encode())
