"""How long a step and an image take here: measured for about a minute, with nothing written.

The detector has weights that are drawn, and the images are those of the pool with one made-up box
each. What a step takes depends on neither.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import cycle, islice

import numpy as np
from PIL import Image

from job.config.schema import Config
from job.data.dataset import Dataset
from job.data.decoding import decode_rgb
from job.data.formats.synthetic import SyntheticSource
from job.data.shards import EncodedImage
from job.data.versions import find_latest
from job.detection.detectors.base import Detector, build_detector
from job.detection.device import resolve_device, set_threads
from job.detection.inference.predict import Engine, detect_images, record_images
from job.detection.training.context import TrainingContext
from job.detection.training.loop import fit
from job.detection.training.process_group import num_processes
from job.errors import StopRequested
from job.estimate.device import threads_in_words
from job.estimate.rates import Kind, Rate, Rates
from job.records.annotation import Annotation
from job.runtime import log
from job.runtime.cpus import usable_cpus
from job.storage import Store

SECONDS = {"train": 30.0, "score": 15.0, "evaluate": 15.0}
"""How long each kind of stage is measured."""
NUM_IMAGES = 64
"""Images of the pool that are taken, again and again."""
FEWEST_STEPS = 4
"""So many steps of a training are measured, however long they take."""


def probe(store: Store, config: Config, kinds: Collection[Kind]) -> Rates:
    """Return the rates of training, scoring and evaluating here, as far as they are asked for.

    Raises:
        ConfigError: `runtime` wants a GPU, and there is none here.
    """
    wanted = [stage for stage in SECONDS if (stage,) in kinds]
    if not wanted:
        return {}
    seconds = sum(SECONDS[stage] for stage in {"train", *wanted})
    log.get().info("plan.probe", seconds=round(seconds))
    set_threads(config.runtime)
    classes, images = _images(store, config)
    detector = build_detector(config.detector, classes, seed=0)
    seconds_of_step = _train(config, detector, _Samples(images, classes[0]))
    source = _source(config.runtime.num_threads())
    rates = {("train",): Rate(seconds_of_step, source)}
    for stage, see in _see(config, detector).items():
        if stage in wanted:
            rates[stage,] = Rate(_seconds_of_image(see, images, SECONDS[stage]), source)
    return {kind: rate for kind, rate in rates.items() if kind in kinds}


def _source(threads: int) -> str:
    """Return what to say of the figures, and that other work slowed them down if there is any."""
    told = f"this machine, {threads_in_words(threads)}"
    load, cpus = os.getloadavg()[0], usable_cpus()
    return f"{told}; busy: a load of {load:.0f} on {cpus} CPUs" if load > cpus + threads else told


def _images(store: Store, config: Config) -> tuple[tuple[str, ...], Sequence[EncodedImage]]:
    """Return the classes, and images of the pool that are evenly spaced."""
    name, synthetic = config.dataset.name, config.dataset.synthetic
    if synthetic and find_latest(store, name) is None:
        source = SyntheticSource(**synthetic.model_dump())
        samples = [(each.id, each.load()) for each in islice(source.samples("pool"), NUM_IMAGES)]
        return source.classes, [EncodedImage(i, each.suffix, each.data) for i, each in samples]
    dataset = Dataset.open(store, name)
    ids = dataset.ids("pool")
    some = ids[:: max(len(ids) // NUM_IMAGES, 1)][:NUM_IMAGES]
    with closing(dataset.read_images("pool", some)) as images:
        return dataset.classes, list(images)


@dataclass(frozen=True)
class _Samples:
    """Images that are decoded when they are asked for, as in a training."""

    images: Sequence[EncodedImage]
    label: str

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        """Return an image, and a box around the middle of it."""
        image = decode_rgb(self.images[index].data, self.images[index].id)
        width, height = image.size
        box = np.array([[width / 4, height / 4, width * 3 / 4, height * 3 / 4]], np.float32)
        return image, Annotation(width, height, box, (self.label,), (False,), (False,))


@dataclass
class _Clock:
    """Is asked before every step of a training whether to stop, and notes when."""

    seconds: float
    """It stops after these, although steps are left."""
    asked: list[float] = field(default_factory=list)

    def __call__(self) -> bool:
        self.asked.append(time.perf_counter())
        return self.asked[-1] - self.asked[0] >= self.seconds

    @property
    def seconds_of_step(self) -> float:
        """The mean of the steps after the first one, which takes longer."""
        steps = np.diff(self.asked)
        return float(np.mean(steps[1:] if len(steps) > 1 else steps))


def _train(config: Config, detector: Detector, samples: _Samples) -> float:
    """Train a detector for a while, and return the seconds of a step.

    One of several processes is measured, with its part of a batch.
    """
    processes = num_processes(config.runtime, config.train.batch_size)
    runtime = config.runtime.fixed(processes, threads=None)
    batch_size = config.train.batch_size // processes
    train = config.train.model_copy(update={"batch_size": batch_size})
    device, workers = resolve_device(runtime), runtime.num_workers()

    def seconds_of_step(steps: int) -> float:
        clock = _Clock(2 * SECONDS["train"])
        context = TrainingContext(detector, samples, train, steps, (0, 0), device, workers)
        with suppress(StopRequested):
            fit(context, save_checkpoint=lambda _: None, stop=clock)
        return clock.seconds_of_step

    first = seconds_of_step(FEWEST_STEPS)
    return seconds_of_step(max(FEWEST_STEPS, round(SECONDS["train"] / first)))


def _see(config: Config, detector: Detector) -> dict[str, Callable[[Iterator[EncodedImage]], None]]:
    """Return what the stages do that only look at images."""
    runtime = config.runtime

    def score(images: Iterator[EncodedImage]) -> None:
        engine = Engine.of(runtime, compiled=runtime.compile)
        list(record_images(detector, [images], config.score, engine, seed=(0, 0)))

    def evaluate(images: Iterator[EncodedImage]) -> None:
        detect_images(detector, images, config.evaluate, Engine.of(runtime))

    return {"score": score, "evaluate": evaluate}


def _seconds_of_image(
    see: Callable[[Iterator[EncodedImage]], None], images: Sequence[EncodedImage], seconds: float
) -> float:
    """Let a stage look at images for a while, and return the seconds of one."""
    num_seen, begun = 0, time.perf_counter()

    def until_then() -> Iterator[EncodedImage]:
        nonlocal num_seen
        for image in cycle(images):
            yield image
            num_seen += 1
            if time.perf_counter() - begun >= seconds:
                return

    see(until_then())
    return (time.perf_counter() - begun) / num_seen
