"""Scoring a pool, from shards to Parquet: al-voc, torchvision's loop, and the network alone."""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import first  # noqa: F401
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from measure import Row, as_others, table
from PIL import Image
from post_processing import draw_logits
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from job import experiment
from job.config import loading
from job.config.detector import DetectorConfig
from job.config.schema import Config
from job.data.dataset import Dataset as Stored
from job.data.formats.synthetic import SyntheticSource
from job.detection.detectors.base import build_detector
from job.detection.detectors.ssd import SsdDetector
from job.detection.inference.compile import compile_network
from job.detection.inference.fold_batch_norm import fold_batch_norm
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore

BATCH, FEW = 16, 256
ROUND = RoundRef("scoring", 0, None, 0)
CONFIG = """
experiment: scoring
dataset: {{name: drawn, synthetic: {{num_pool: {num_images}, num_test: 8, size: 400}}}}
rounds: 1
budget: {{initial: 8}}
cold_start: {{strategy: random}}
arms: {{entropy: {{strategy: entropy}}}}
detector: {{size: 320, backbone: scratch}}
train: {{steps: 1, batch_size: 2}}
score: {{precision: {precision}}}
runtime: {{threads: {threads}, batch_size: 16, compile: {compiled}, device: {device}}}
"""


class Trained(nn.Module):
    """A head that says what a trained one may say: background nearly everywhere, a few objects."""

    def __init__(self, head: nn.Module, logits: torch.Tensor) -> None:
        super().__init__()
        self._head = head
        self._logits = nn.Parameter(logits, requires_grad=False)

    def forward(self, maps: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        """The head's outputs with those added."""
        outputs: dict[str, torch.Tensor] = self._head(maps)
        outputs["cls_logits"] = outputs["cls_logits"] + self._logits[: len(maps[0])]
        return outputs


def fresh(config: DetectorConfig, classes: tuple[str, ...]) -> SsdDetector:
    """Return a detector with a few dozen boxes to keep in each image."""
    detector = cast("SsdDetector", build_detector(config, classes, seed=0))
    detector.ssd.head = Trained(detector.ssd.head, draw_logits(detector))
    return detector.eval()


class Files(Dataset[Any]):
    """Image files, as a user of torchvision reads them."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])

    def __len__(self) -> int:
        """How many there are."""
        return len(self._paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        image: torch.Tensor = self._transform(Image.open(self._paths[index]).convert("RGB"))
        return image


def stock(
    detector: SsdDetector, paths: list[Path], target: Path, threads: int, device: str
) -> None:
    """What torchvision's reference evaluation does, and its outputs into one Parquet file."""
    ssd, rows = detector.ssd.to(device), []
    ssd.score_thresh, ssd.detections_per_img = 0.05, 100
    loader = DataLoader(Files(paths), BATCH, num_workers=threads, collate_fn=list)
    with torch.inference_mode():
        for images in loader:
            rows += [
                {k: v.flatten().tolist() for k, v in found.items()}
                for found in ssd([each.to(device) for each in images])
            ]
    pq.write_table(pa.Table.from_pylist(rows), target)


def network_alone(
    detector: SsdDetector, threads: int, device: str, *, half: bool, compiled: bool
) -> float:
    """Images/s of backbone and head on batches that are there, one in each thread."""
    detector.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    fold_batch_norm(detector)
    pixels = torch.randint(0, 256, (BATCH, 3, 320, 320), dtype=torch.uint8, device=device)

    @torch.inference_mode()
    def run(_: int = 0) -> None:
        with torch.autocast(device, torch.bfloat16, enabled=half):
            detector(pixels)

    torch.set_num_threads(1)
    if compiled:
        compile_network(detector, run)
    run()
    best, batches = 0.0, 6 * threads
    for _ in range(3):
        with ThreadPoolExecutor(threads) as pool:
            begun = time.perf_counter()
            list(pool.map(run, range(batches)))
            if device == "cuda":
                torch.cuda.synchronize()
            best = max(best, BATCH * batches / (time.perf_counter() - begun))
    torch.set_num_threads(threads)
    return best


@dataclass(frozen=True)
class Pool:
    """A drawn pool, scored at will."""

    dataset: Stored
    config: Config
    score: Callable[[str, bool], float]
    """The seconds of the `score` stage at a precision, compiled or not."""


@contextmanager
def pool_of(num_images: int, threads: int, device: str) -> Iterator[Pool]:
    """A drawn pool with a model."""
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))

        def make(precision: str, compiled: bool) -> Config:  # noqa: FBT001
            text = CONFIG.format(
                num_images=num_images,
                precision=precision,
                threads=threads,
                compiled=compiled,
                device=device,
            )
            return loading.parse(text, "scoring")

        begun = experiment.init(store, Plan(make("float32", False))).config  # noqa: FBT003
        for stage in ("select", "annotate", "train"):
            run_stage(store, Plan(begun), ROUND.stage(stage))
        dataset = Stored.open(store, "drawn")

        def score(precision: str, compiled: bool) -> float:  # noqa: FBT001
            settings = make(precision, compiled)
            config = begun.model_copy(update={"score": settings.score, "runtime": settings.runtime})
            with patch(
                "job.stages.score.load_model", lambda *_: fresh(config.detector, dataset.classes)
            ):
                started = time.perf_counter()
                run_stage(store, Plan(config), ROUND.stage("score"))
                return time.perf_counter() - started

        yield Pool(dataset, begun, score)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1792)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--stock", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stock:
        print(time_stock(arguments.stock, arguments.threads, arguments.device))
        return
    few, many, threads = FEW, arguments.images, arguments.threads
    device = arguments.device
    kinds = {
        "float32 (the default)": ("float32", False),
        "bfloat16": ("bfloat16", False),
        "bfloat16, compiled": ("bfloat16", True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for count in (few, many):
        with pool_of(count, threads, device) as pool:
            for name, kind in kinds.items():
                if kind[1] and count == few:
                    pool.score(*kind)  # what is compiled stays in a cache
                seconds[name].append(pool.score(*kind))
                gc.collect()
            dataset, config = pool.dataset, pool.config
            if count == few:
                peer = peer_of(dataset, threads, device)
    alone = {
        name: network_alone(
            fresh(config.detector, dataset.classes),
            threads,
            device,
            half=precision == "bfloat16",
            compiled=compiled,
        )
        for name, (precision, compiled) in kinds.items()
    }
    print(table(list(rows(seconds, many - few, few, peer, alone))))


def peer_of(dataset: Stored, threads: int, device: str) -> float:
    """Images/s of the stock loop over the same pool, as files, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for image in dataset.iter_images("pool"):
            (Path(folder) / f"{image.id.replace('/', '-')}.jpg").write_bytes(image.data)
        options = ("--threads", threads, "--device", device)
        return as_others(__file__, "--stock", folder, *options)


def time_stock(folder: Path, threads: int, device: str) -> float:
    """Images/s of the stock loop over a folder."""
    paths = sorted(folder.iterdir())
    settings = DetectorConfig(size=320, backbone="scratch")
    detector = fresh(settings, SyntheticSource().classes)
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as results:
        stock(detector, paths[:BATCH], Path(results) / "warm.parquet", threads, device)
        begun = time.perf_counter()
        stock(detector, paths, Path(results) / "stock.parquet", threads, device)
        return len(paths) / (time.perf_counter() - begun)


def rows(
    seconds: dict[str, list[float]], more: int, few: int, peer: float, alone: dict[str, float]
) -> Iterator[Row]:
    """The table; a rate is that of the further images, so that starting is not in it."""
    best = max(alone.values())
    for name, (short, long) in seconds.items():
        rate = more / max(long - short, 1e-9)
        start = short - few / rate
        yield Row(
            f"score, 320 px, {name}",
            f"{rate:.1f} images/s after {max(start, 0):.1f} s",
            f"torchvision's loop, as it comes, {peer:.1f}; our network alone {alone[name]:.1f}, "
            f"the fastest network alone {best:.1f}",
            f"{rate / peer:.1f}; {100 * rate / alone[name]:.0f} %, {100 * rate / best:.0f} %",
            "4 x; 85 %",
        )


if __name__ == "__main__":
    main()
