"""Train the detector on everything labelled so far: read the labels, write the model."""

import hashlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from job.config import random_stream
from job.data.images import decode_rgb
from job.data.shards import LabelledImage, read_labelled
from job.detection.backbone import load_backbone
from job.detection.device import resolve_device, set_threads
from job.detection.models import Detector, build_detector, load_model, save_model
from job.detection.training import fit
from job.errors import ConfigError, MissingObjectError, StopRequested
from job.records import Annotation
from job.rounds import StageIO
from job.storage.cache import fetch


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
        return decode_rgb(image.read(), image.id), image.annotation


def run(io: StageIO) -> dict[str, object]:
    """Read the labelled shards and what training starts from. Write the model and its history."""
    set_threads(io.config.runtime)
    shards = io.labelled_shards()
    samples = LabelledImages(tuple(image for path in shards for image in read_labelled(path)))
    detector = _start(io)
    train = io.config.train
    warm = train.start == "previous" and io.earlier
    with _asked_to_stop() as stop:
        history = fit(
            detector,
            samples,
            train,
            steps=(train.steps_from_previous or train.steps) if warm else train.steps,
            seed=(io.ref.round.seed, io.ref.round.index),
            device=resolve_device(io.config.runtime),
            workers=io.config.runtime.workers,
            checkpoint=io.load_checkpoint(),
            save_checkpoint=io.save_checkpoint,
            stop=stop,
        )
    io.write("model.safetensors", save_model(detector))
    lines = "".join(json.dumps(asdict(row)) + "\n" for row in history)
    io.write("history.jsonl", lines.encode(), volatile=True)  # it holds images/s
    last = history[-1]
    return {
        "images": len(samples),
        "loss": round(last.loss, 4),
        "images_per_second": round(last.images_per_second, 1),
    }


def _start(io: StageIO) -> Detector:
    """Return the detector that training starts from: what the configuration says, nothing else."""
    config = io.config.detector
    if io.config.train.start == "previous" and io.earlier:
        return load_model(io.model(io.earlier[-1]), config)
    classes = io.dataset.classes
    # Round 0's stream also afresh in later rounds: rounds then differ by their images alone.
    seed = int(random_stream(io.ref.round.seed, "weights").integers(2**31))
    detector = build_detector(config, classes, seed)
    kind, place = config.backbone_place
    if kind == "hub":
        load_backbone(detector, "hub")
    elif kind == "file":
        load_backbone(detector, Path(place))
    elif kind == "store":
        load_backbone(detector, _fetch_weights(io, place))
    return detector


def _fetch_weights(io: StageIO, key: str) -> Path:
    try:
        digest = hashlib.sha256(io.store.read(key)).hexdigest()
    except MissingObjectError as error:
        message = f"detector.backbone: {io.store.url} holds no {key}; put the weights there"
        raise ConfigError(message) from error
    io.add_input(key, digest)
    return fetch(io.store, key, digest)


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Within, SIGTERM and Ctrl-C are a question that training answers after its step."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: asked.set()) for number in signals]
    try:
        yield asked.is_set
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
    if asked.is_set():
        message = "asked to stop; the same command goes on from here"
        raise StopRequested(message)
