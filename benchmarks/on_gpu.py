"""Scoring and training on a GPU: how fast, how busy it is, how much memory, and what a CPU says.

One prepared script, which takes less than five minutes. Without a GPU, `--device cpu --images 32
--steps 3` tries it out.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import first  # noqa: F401
import torch
from detectors import BATCH, Speed, score, train
from families import MODELS, SIZE, draw, settings_of, speaking
from measure import machine
from torchvision.ops import box_iou

from job.config.schema import ScoreConfig
from job.data.dataset import Dataset
from job.data.shards import EncodedImage
from job.detection.detectors.base import build_detector
from job.detection.inference.predict import Engine, record_images
from job.records.score_record import ScoreRecord
from job.storage.local import LocalStore

FAMILIES = ("ssdlite_mobilenet_v2", "retinanet")
DRAWN = 256
"""Images that are drawn; they come again until there are as many as are asked for."""
COMPARED = 32
"""Images whose records of both devices are compared."""
SAME_IOU = 0.9
"""Boxes of one class that overlap by so much are the same."""
SECONDS = 240
"""After so long no further measurement begins."""


@dataclass
class Watch:
    """What a GPU did meanwhile."""

    busy: list[float] = field(default_factory=list)
    """Percent of the time in which it computed, several times a second."""
    memory_bytes: int = 0
    """The most that torch held."""

    def __str__(self) -> str:
        busy = f"{fmean(self.busy):.0f} %" if self.busy else "-"
        return f"{busy} | {self.memory_bytes / 1e6:,.0f} MB"


@contextmanager
def watched(device: str) -> Iterator[Watch]:
    """Watch a GPU; of a CPU nothing is known."""
    watch = Watch()
    if device == "cpu":
        yield watch
        return
    torch.cuda.reset_peak_memory_stats()
    query = ("--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--loop-ms=200")
    with subprocess.Popen(["nvidia-smi", *query], stdout=subprocess.PIPE, text=True) as asked:  # noqa: S603, S607
        try:
            yield watch
        finally:
            asked.terminate()
            said = asked.communicate()[0].split()
    watch.busy = [float(each) for each in said if each.isdigit()]
    watch.memory_bytes = torch.cuda.max_memory_allocated()


@dataclass(frozen=True)
class Bench:
    """A family and its images."""

    name: str
    folder: Path
    arguments: argparse.Namespace

    def score(self) -> tuple[Speed, Watch]:
        """Measure the score record."""
        options, config = self.arguments, settings_of(self.name, self.folder)
        drawn = sorted((self.folder / "images").iterdir())
        paths = [drawn[number % len(drawn)] for number in range(options.images)]
        detector = speaking(config, self._dataset.classes)
        with watched(options.device) as watch:
            speed = score(detector, paths, options.device)
        return speed, watch

    def train(self) -> tuple[Speed, Watch]:
        """Measure training."""
        options, config = self.arguments, settings_of(self.name, self.folder)
        detector = build_detector(config, self._dataset.classes, seed=0)
        workers = options.threads if options.device == "cuda" else 0
        images = self._dataset.test_images()
        with watched(options.device) as watch:
            speed = train(detector, images, options.steps, options.device, workers)
        return speed, watch

    def agreement(self) -> str:
        """Return how much of what a CPU sees the device sees too."""
        on_cpu, on_device = (self._record(device) for device in ("cpu", self.arguments.device))
        return compared(on_cpu, on_device)

    def _record(self, device: str) -> ScoreRecord:
        detector = speaking(settings_of(self.name, self.folder), self._dataset.classes)
        paths = sorted((self.folder / "images").iterdir())[:COMPARED]
        images = [EncodedImage(path.stem, ".jpg", path.read_bytes()) for path in paths]
        engine = Engine(torch.device(device), BATCH)
        (record,) = record_images(detector, [images], ScoreConfig(), engine)
        return record

    @property
    def _dataset(self) -> Dataset:
        return Dataset.open(LocalStore(self.folder), "drawn")


def compared(ours: ScoreRecord, others: ScoreRecord) -> str:
    """Return how many boxes of a record another one has, and how far their scores differ."""
    found, differences = 0, [0.0]
    for image in range(len(ours.ids)):
        mine, theirs = (slice(*each.offsets[image : image + 2].tolist()) for each in (ours, others))
        iou = box_iou(
            torch.from_numpy(ours.boxes_xyxy[mine]), torch.from_numpy(others.boxes_xyxy[theirs])
        )
        labels, other_labels = (
            torch.from_numpy(each.probabilities[rows]).argmax(-1)
            for each, rows in ((ours, mine), (others, theirs))
        )
        iou[labels[:, None] != other_labels] = 0
        if not iou.numel():
            continue
        best, where = iou.max(1)
        is_same = best >= SAME_IOU
        found += int(is_same.sum())
        scores = torch.from_numpy(ours.objectness[mine])[is_same]
        apart = scores - torch.from_numpy(others.objectness[theirs])[where[is_same]]
        differences += apart.abs().tolist()
    return (
        f"{found} of {len(ours.boxes_xyxy)} boxes of the CPU's, which has "
        f"{len(others.boxes_xyxy)}; objectness differs by up to {max(differences):.1e}"
    )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--families", nargs="+", choices=MODELS, default=FAMILIES)
    parser.add_argument("--images", type=int, default=4096, help="to score")
    parser.add_argument("--steps", type=int, default=100, help="of training")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    begun = time.monotonic()
    print(f"{machine()}\n")
    print("| what | speed | GPU busy | memory |\n| --- | --- | --- | --- |")
    agreements = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        draw(folder, min(DRAWN, arguments.images))
        for name in arguments.families:
            bench = Bench(name, folder, arguments)
            for kind in (bench.score, bench.train):
                if time.monotonic() - begun > SECONDS:
                    print(f"| {kind.__name__}, {name} | not begun after {SECONDS} s | | |")
                    continue
                speed, watch = kind()
                print(f"| {kind.__name__}, {SIZE} px, {name} | {speed} | {watch} |", flush=True)
            agreements.append(f"- {name}: {arguments.device} has {bench.agreement()}.")
    print("\n".join(["", *agreements, f"\n{time.monotonic() - begun:.0f} s."]))


if __name__ == "__main__":
    main()
