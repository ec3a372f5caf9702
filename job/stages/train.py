"""Train the detector on everything labelled so far: read the labels, write the model."""

import json
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from PIL import Image

from job.artifacts import names
from job.artifacts.stage_io import StageIO
from job.config.experiment import Config
from job.data.decoding import decode_rgb
from job.data.shards import LabelledImage, read_labelled
from job.detection.detectors.base import Detector, load_model, save_model
from job.detection.detectors.weights import new_detector
from job.detection.device import resolve_device, set_threads
from job.detection.training.checkpoint import threads_of
from job.detection.training.fit import fit
from job.detection.training.process_group import Group, joined, num_processes
from job.detection.training.workers import SIGNALS, Exchange, run_together, take_part
from job.errors import StopRequested
from job.records.annotation import Annotation
from job.runtime import log


@dataclass(frozen=True)
class LabelledImages:
    """The labelled images of all rounds, decoded when asked for."""

    images: tuple[LabelledImage, ...]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        """Return an RGB image and its ground truth."""
        image = self.images[index]
        return decode_rgb(image.read().data, image.id), image.annotation


@dataclass(frozen=True)
class Task:
    """What a training is of, the detector aside; JSON, so that other processes can be told."""

    config: Config
    shards: tuple[Path, ...]
    """Local files of the labelled images."""
    steps: int
    seed: tuple[int, int]

    def to_json(self) -> bytes:
        """The task in words that `from_json` understands."""
        content = {
            "config": self.config.model_dump(mode="json"),
            "shards": [str(path.absolute()) for path in self.shards],
            "steps": self.steps,
            "seed": self.seed,
        }
        return json.dumps(content).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Task":
        """The task that `to_json` was asked for."""
        content = json.loads(data)
        return cls(
            config=Config.model_validate(content["config"]),
            shards=tuple(map(Path, content["shards"])),
            steps=content["steps"],
            seed=tuple(content["seed"]),
        )


@dataclass(frozen=True)
class Trained:
    """What a training gives."""

    model: bytes
    history: bytes
    figures: dict[str, object]


def run(io: StageIO) -> dict[str, object]:
    """Read the labelled shards and what training starts from. Write the model and its history."""
    config, train = io.config, io.config.train
    set_threads(config.runtime)
    processes = num_processes(config.runtime, train.batch_size)
    shards = tuple(io.labelled_shards())
    detector = _start(io)
    steps = (train.warm_start_steps or train.steps) if io.arm.warm_start else train.steps
    checkpoint = io.load_checkpoint()
    runtime = config.runtime.fixed(processes, threads_of(checkpoint) if checkpoint else None)
    set_threads(runtime)
    io.threads = runtime.num_threads()
    config = config.model_copy(update={"runtime": runtime})
    task = Task(config, shards, steps, (io.ref.round.seed, io.ref.round.index))
    if processes > 1:
        trained = _train_together(processes, task, detector, checkpoint, io.save_checkpoint)
    else:
        with _asked_to_stop() as stop:
            trained = _train(task, detector, checkpoint, io.save_checkpoint, stop)
    io.write(names.MODEL, trained.model)
    io.write(names.HISTORY, trained.history, volatile=True)  # it holds images/s
    return trained.figures


def _train(  # noqa: PLR0913, PLR0917 - all that a training depends on
    task: Task,
    detector: Detector,
    checkpoint: bytes | None,
    save_checkpoint: Callable[[bytes], None],
    stop: Callable[[], bool],
    group: Group | None = None,
) -> Trained:
    """Train, alone or as one of a group."""
    samples = LabelledImages(tuple(image for path in task.shards for image in read_labelled(path)))
    history = fit(
        detector,
        samples,
        task.config.train,
        steps=task.steps,
        seed=task.seed,
        device=resolve_device(task.config.runtime),
        workers=task.config.runtime.num_workers(),
        checkpoint=checkpoint,
        save_checkpoint=save_checkpoint,
        stop=stop,
        group=group,
    )
    last = history[-1]
    return Trained(
        model=save_model(detector),
        history="".join(json.dumps(asdict(row)) + "\n" for row in history).encode(),
        figures={
            "images": len(samples),
            "loss": round(last.loss, 4),
            "images_per_second": round(last.images_per_second, 1),
        },
    )


def _train_together(
    count: int,
    task: Task,
    detector: Detector,
    checkpoint: bytes | None,
    save_checkpoint: Callable[[bytes], None],
) -> Trained:
    """Let several processes train, and keep what they save."""
    with tempfile.TemporaryDirectory(prefix="al-voc-train-") as folder:
        exchange = Exchange(Path(folder))
        exchange.put("task.json", task.to_json())
        exchange.put("start.safetensors", save_model(detector))
        if checkpoint is not None:
            exchange.put("resume.safetensors", checkpoint)
        exchange.put("log.json", json.dumps(structlog.contextvars.get_contextvars()).encode())

        def keep_checkpoint() -> None:
            if exchange.has("checkpoint.safetensors"):
                save_checkpoint(exchange.take("checkpoint.safetensors"))

        # Told by the signal's own handler: a checkpoint may just be on its way to the store.
        with _asked_to_stop(tell=(exchange.folder / "stop").touch):
            run_together("job.stages.train", count, exchange, keep_checkpoint)
        return Trained(
            model=exchange.get("trained.safetensors"),
            history=exchange.get("trained.jsonl"),
            figures=json.loads(exchange.get("figures.json")) | {"processes": count},
        )


def _train_as_one(exchange: Exchange, rank: int, count: int) -> None:
    """What each of those processes does."""
    log.configure(json=os.environ.get("AL_LOG") == "json" or None)
    log.console.quiet = rank > 0
    task = Task.from_json(exchange.get("task.json"))
    set_threads(task.config.runtime)
    detector = load_model(exchange.get("start.safetensors"), task.config.detector)
    device = resolve_device(task.config.runtime)
    with (
        log.bound(**json.loads(exchange.get("log.json"))),
        joined(rank, count, device, exchange.folder / "meeting") as group,
    ):
        trained = _train(
            task,
            detector,
            exchange.get("resume.safetensors") if exchange.has("resume.safetensors") else None,
            lambda data: exchange.put("checkpoint.safetensors", data),
            (exchange.folder / "stop").exists,
            group,
        )
    if rank == 0:
        exchange.put("trained.safetensors", trained.model)
        exchange.put("trained.jsonl", trained.history)
        exchange.put("figures.json", json.dumps(trained.figures).encode())


def _start(io: StageIO) -> Detector:
    """Return the detector that training starts from: what the configuration says, nothing else."""
    config = io.config.detector
    if io.arm.warm_start:
        return load_model(io.model(io.earlier[-1]), config)
    return new_detector(config, io.dataset.classes, io.ref.round.seed, io.weights)


@contextmanager
def _asked_to_stop(tell: Callable[[], None] = lambda: None) -> Iterator[Callable[[], bool]]:
    """Within, SIGTERM and Ctrl-C are a question that training answers after its step.

    Args:
        tell: Also called when they come.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()

    def ask(*_: object) -> None:
        asked.set()
        tell()

    before = [signal.signal(number, ask) for number in SIGNALS]
    try:
        yield asked.is_set
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if asked.is_set():
        message = "asked to stop; the same command goes on from here"
        raise StopRequested(message)


if __name__ == "__main__":
    take_part(_train_as_one)
