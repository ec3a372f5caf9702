"""Scoring and training of each family of detectors, beside the loop of the library that it is from.

Torchvision: a `DataLoader`, `model(images)` with its own transform and post-processing. Hugging
Face transformers: a `DataLoader` with the model's processor, `model(**inputs)`, and its
`post_process_object_detection`. Both take what images and weights al-voc takes. Beside images/s
stands the CPU time of an image, which depends less on what else the machine does.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import first  # noqa: F401
import torch
from bench.lines import Line, as_table, parser, say
from bench.timing import Samples, Seconds, in_turn
from families import MODELS, SIZE, draw, settings_of, speaking
from libraries import Library, library_of
from measure import said_by_others
from torch.utils.data import DataLoader
from training import Drawn

from job.config.detector import DetectorConfig
from job.config.schema import ScoreConfig
from job.config.train import TrainConfig
from job.data.dataset import Dataset
from job.data.shards import EncodedImage, LabelledImage
from job.detection.detectors.base import Detector, build_detector
from job.detection.inference.predict import Engine, Precision, record_images
from job.detection.training.context import TrainingContext
from job.detection.training.inputs import LabelledImages
from job.detection.training.loop import fit
from job.storage.local import LocalStore

BATCH = 8


@dataclass(frozen=True)
class Speed:
    """How fast images were taken."""

    rate: float
    """Images/s."""
    cpu: float
    """CPU seconds an image, of all processes that took part."""

    @classmethod
    def since(cls, begun: tuple[float, float], num_images: int) -> "Speed":
        """Return the speed with which so many images were taken since `now()`."""
        (wall, cpu), (wall_before, cpu_before) = now(), begun
        return cls(num_images / (wall - wall_before), (cpu - cpu_before) / num_images)

    def __str__(self) -> str:
        return f"{self.rate:.2f} images/s, {1000 * self.cpu:.0f} ms CPU"


def now() -> tuple[float, float]:
    """Return the time, and the CPU time of this process and its workers so far, in seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    of_workers = 0.0
    for worker in multiprocessing.active_children():
        fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
        of_workers += (int(fields[11]) + int(fields[12])) / ticks
    return time.perf_counter(), sum(os.times()[:4]) + of_workers


def score(
    detector: Detector, paths: Sequence[Path], device: str, precision: Precision = "float32"
) -> Speed:
    """Return the speed of the score record."""
    config = ScoreConfig(precision=precision)
    engine = Engine(torch.device(device), BATCH)

    def run(some: Sequence[Path], name: str) -> None:
        # Under new ids: images that were seen would not be decoded again.
        images = (
            EncodedImage(f"{name}/{number}", ".jpg", path.read_bytes())
            for number, path in enumerate(some)
        )
        for _ in record_images(detector, [images], config, engine):
            pass

    run(paths[: 2 * BATCH], "warm")
    begun = now()
    run(paths, "timed")
    return Speed.since(begun, len(paths))


@torch.inference_mode()
def score_as_library(library: Library, paths: list[Path], workers: int) -> Speed:
    """Return the speed of the library's own loop."""
    library.network.eval()

    def run(some: list[Path]) -> None:
        loader: DataLoader[Any] = DataLoader(
            some,  # type: ignore[arg-type]
            BATCH,
            num_workers=workers,
            collate_fn=library.read,
        )
        for batch in loader:
            library.detect(batch)

    run(paths[: 2 * BATCH])
    begun = now()
    run(paths)
    return Speed.since(begun, len(paths))


class Timer:
    """Is asked before each step; the first two are not counted."""

    def __init__(self) -> None:
        self._times = list[tuple[float, float]]()

    def __call__(self) -> bool:
        """Note the time; training need not stop."""
        self._times.append(now())
        return False

    @property
    def speed(self) -> Speed:
        """The speed between the second step and the last."""
        (wall_before, cpu_before), (wall, cpu) = self._times[1], self._times[-1]
        num_images = (len(self._times) - 2) * BATCH
        return Speed(num_images / (wall - wall_before), (cpu - cpu_before) / num_images)


def train(
    detector: Detector,
    images: Sequence[LabelledImage],
    steps: int,
    device: str,
    workers: int = 0,
) -> Speed:
    """Return the speed of `fit`."""
    timer = Timer()
    run = TrainingContext(
        detector,
        LabelledImages(tuple(images)),
        TrainConfig(batch_size=BATCH, learning_rate=1e-4),
        steps=steps,
        seed=(0, 0),
        device=torch.device(device),
        workers=workers,
    )
    fit(run, save_checkpoint=lambda _: None, stop=timer)
    return timer.speed


def train_as_library(library: Library, drawn: Drawn, workers: int) -> Speed:
    """Return the speed of the library's own loop."""
    network, timer = library.network.train(), Timer()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)
    for batch in DataLoader(drawn, BATCH, num_workers=workers, collate_fn=library.collate):
        timer()
        loss = library.loss(batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()
    timer()
    return timer.speed


@dataclass(frozen=True)
class Bench:
    """A family, and the images that both loops take."""

    name: str
    folder: Path
    """The images as files, the data set, and the model's own files."""
    arguments: argparse.Namespace

    @property
    def config(self) -> DetectorConfig:
        """The settings of the detector."""
        return settings_of(self.name, self.folder)

    @property
    def paths(self) -> list[Path]:
        """The images to score."""
        return sorted((self.folder / "images").iterdir())

    @property
    def dataset(self) -> Dataset:
        """What is trained on."""
        return Dataset.open(LocalStore(self.folder), "drawn")

    def ours(self, kind: str) -> Speed:
        """Measure al-voc in this process."""
        options, classes = self.arguments, self.dataset.classes
        if kind == "score":
            detector = speaking(self.config, classes)
            return score(detector, self.paths, options.device, options.precision)
        detector = build_detector(self.config, classes, seed=0)
        return train(detector, self.dataset.test_images(), options.steps, options.device)

    def theirs(self, kind: str) -> Speed:
        """Measure the library in this process."""
        options, classes = self.arguments, self.dataset.classes
        if kind == "score":
            library = library_of(speaking(self.config, classes), self.config, options.device)
            return score_as_library(library, self.paths, options.threads)
        detector = build_detector(self.config, classes, seed=0)
        shown = [each for each in self.dataset.test_images() if each.annotation.labels]
        drawn = Drawn(shown, classes, options.steps * BATCH)
        library = library_of(detector, self.config, options.device)
        return train_as_library(library, drawn, options.threads)

    def line(self, kind: str) -> Iterator[Line]:
        """Measure both in turn; yield the line of their speeds, and that of their CPU time."""
        cpu: dict[str, list[float]] = {"ours": [], "theirs": []}

        def noted(whose: str, speed: Speed) -> Seconds:
            cpu[whose].append(speed.cpu)
            return Seconds(1 / speed.rate)

        samples = in_turn(
            {
                "ours": lambda: noted("ours", self.ours(kind)),
                "theirs": lambda: noted("theirs", self._theirs_alone(kind)),
            }
        )
        of_cpu = Samples({name: tuple(each[1:]) for name, each in cpu.items()}, samples.others)
        precision = f", {self.arguments.precision}" if kind == "score" else ""
        what, beside = f"{kind}, {SIZE} px, {self.name}{precision}", "the library's loop"
        yield samples.compare(
            what, "ours", beside, "theirs", lambda seconds: f"{1 / seconds:.2f} images/s"
        )
        yield of_cpu.compare(
            f"{what}: CPU time",
            "ours",
            beside,
            "theirs",
            lambda seconds: f"{1000 * seconds:.0f} ms an image",
        )

    def _theirs_alone(self, kind: str) -> Speed:
        """Measure the library in a process of its own, without our settings."""
        options = [
            f"--{name}={getattr(self.arguments, name)}" for name in ("threads", "device", "steps")
        ]
        said = said_by_others(
            __file__, "--peer", self.folder, "--families", self.name, "--kinds", kind, *options
        )
        return Speed(*map(float, said.split()[-2:]))


def main() -> None:
    """Measure, and print."""
    options = parser(__doc__)
    options.add_argument("--families", nargs="+", choices=MODELS, default=list(MODELS))
    options.add_argument(
        "--kinds", nargs="+", choices=("score", "train"), default=["score", "train"]
    )
    options.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    options.add_argument("--images", type=int, default=32, help="to score")
    options.add_argument("--steps", type=int, default=4, help="of training")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.peer:
        bench = Bench(arguments.families[0], arguments.peer, arguments)
        speed = bench.theirs(arguments.kinds[0])
        print(speed.rate, speed.cpu)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        draw(folder, arguments.images)
        benches = [Bench(name, folder, arguments) for name in arguments.families]
        lines: list[Line] = []
        for bench in benches:
            for kind in arguments.kinds:
                lines += bench.line(kind)
                print(as_table(lines[-2:]), flush=True)
        say(lines, arguments)


if __name__ == "__main__":
    main()
