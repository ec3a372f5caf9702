"""Training in several processes: what the one that starts them does, and what each member."""

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import structlog

from job.detection.detectors.base import Detector, load_model, save_model
from job.detection.device import resolve_device, set_threads
from job.detection.training.inputs import Trained, TrainingInputs
from job.detection.training.member_processes import Exchange, run_together
from job.detection.training.process_group import Group, joined, refuse_strangers
from job.detection.training.stopping import asked_to_stop
from job.errors import StopRequested
from job.records.pace import Pace
from job.runtime import log
from job.runtime.place import Place
from job.runtime.signals import INTERRUPTED

_MEMBER = "job.detection.training.member"
# The files by which the processes tell each other things.
_INPUTS, _START, _RESUME, _LOG = (
    "inputs.json",
    "start.safetensors",
    "resume.safetensors",
    "log.json",
)
_PLACE, _JOINED = "place.json", "joined"
_STOP, _CHECKPOINT = "stop", "checkpoint.safetensors"
_MODEL, _HISTORY, _FIGURES = "trained.safetensors", "trained.jsonl", "figures.json"


def train_together(
    group: int | Place,
    inputs: TrainingInputs,
    detector: Detector,
    checkpoint: bytes | None,
    save_checkpoint: Callable[[bytes], None],
) -> Trained | None:
    """Let several processes train, and keep what they save.

    Args:
        group: How many to start here; or this process's place among those that others started. Then
            the training is done by one process that is started here, as it is by theirs.
        inputs: What they train on.
        detector: What training starts from; it stays as it is.
        checkpoint: As for `fit`.
        save_checkpoint: As for `fit`; called in this process, if process 0 is started here.

    Returns:
        None if process 0 was started elsewhere.

    Raises:
        AlJobError: What a process failed with: see `run_together`.
        StopRequested: This process was asked to stop, or one of the others was.
    """
    place, count = (None, group) if isinstance(group, int) else (group, group.count)
    with tempfile.TemporaryDirectory(prefix="al-voc-train-") as folder:
        exchange = Exchange(Path(folder))
        exchange.put(_INPUTS, inputs.to_json())
        exchange.put(_START, save_model(detector))
        if checkpoint is not None:
            exchange.put(_RESUME, checkpoint)
        if place:
            exchange.put(_PLACE, json.dumps(asdict(place)).encode())
        exchange.put(_LOG, json.dumps(structlog.contextvars.get_contextvars()).encode())

        def look() -> None:
            if exchange.has(_CHECKPOINT):
                save_checkpoint(exchange.take(_CHECKPOINT))
            if exchange.has(_STOP) and not exchange.has(_JOINED):
                raise StopRequested(INTERRUPTED)

        # Told by the signal's own handler: this process may be uploading a checkpoint just then.
        with asked_to_stop(tell=(exchange.folder / _STOP).touch):
            run_together(_MEMBER, count, exchange, look, place)
        if place and place.is_follower:
            return None
        figures = json.loads(exchange.get(_FIGURES))
        pace = Pace(**figures.pop("pace"))
        return Trained(
            model=exchange.get(_MODEL),
            history=exchange.get(_HISTORY),
            figures=figures | {"processes": count},
            pace=pace,
            processes=count,
            nodes=figures.get("nodes", 1),
        )


def train_as_one(exchange: Exchange, rank: int, count: int) -> None:
    """Do what each of the processes does; the first one leaves the result."""
    log.configure(json=os.environ.get("AL_LOG") == "json" or None)
    log.console.quiet = rank > 0
    inputs = TrainingInputs.from_json(exchange.get(_INPUTS))
    runtime = inputs.config.runtime
    set_threads(runtime)
    detector = load_model(exchange.get(_START), inputs.config.detector)
    checkpoint = exchange.get(_RESUME) if exchange.has(_RESUME) else None
    place = Place(**json.loads(exchange.get(_PLACE))) if exchange.has(_PLACE) else None
    meeting = place or exchange.folder / "meeting"
    with (
        log.bound(**json.loads(exchange.get(_LOG))),
        joined(rank, count, resolve_device(runtime), runtime.peer_seconds, meeting) as group,
    ):
        exchange.put(_JOINED, b"")
        nodes = {"nodes": _meet_nodes(group, place, inputs, checkpoint)} if place else {}
        trained = inputs.train(
            detector,
            checkpoint,
            lambda data: exchange.put(_CHECKPOINT, data),
            (exchange.folder / _STOP).exists,
            group,
        )
    if rank == 0:
        exchange.put(_MODEL, trained.model)
        exchange.put(_HISTORY, trained.history)
        figures = trained.figures | nodes | {"pace": asdict(trained.pace)}
        exchange.put(_FIGURES, json.dumps(figures).encode())


def _meet_nodes(
    group: Group, place: Place, inputs: TrainingInputs, checkpoint: bytes | None
) -> int:
    """Return on how many nodes the processes are, all of which have to have read the same.

    Raises:
        TemporaryError: One of them has not.
    """
    read = {
        "version of the program": version("al-voc"),
        "labels, weights and settings": inputs.digest,
        "checkpoint": sha256(checkpoint or b"").hexdigest(),
    }
    found = group.gather((read, place.local_rank))
    refuse_strangers([each for each, _ in found])
    return sum(local_rank == 0 for _, local_rank in found)
