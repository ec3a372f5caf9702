"""Scoring a pool, from shards to Parquet: al-voc, torchvision's loop, and the network alone."""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import first  # noqa: F401
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from bench.lines import Line, parser, say
from bench.timing import Samples, Seconds, in_turn
from measure import as_others
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

BATCH, FEW = 16, 128
KINDS = {
    "float32": ("float32", False),
    "bfloat16": ("bfloat16", False),
    "bfloat16, compiled": ("bfloat16", True),
}
"""Name -> precision, and whether the network is compiled."""
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
) -> Callable[[], Seconds]:
    """Return what times backbone and head, an image, on batches that are there, one a thread."""
    detector.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    fold_batch_norm(detector)
    pixels = torch.randint(0, 256, (BATCH, 3, 320, 320), dtype=torch.uint8, device=device)
    batches = 6 * threads

    @torch.inference_mode()
    def run(_: int = 0) -> None:
        with torch.autocast(device, torch.bfloat16, enabled=half):
            detector(pixels)

    if compiled:
        torch.set_num_threads(1)
        compile_network(detector, run)
        torch.set_num_threads(threads)

    def timed() -> Seconds:
        torch.set_num_threads(1)
        with ThreadPoolExecutor(threads) as pool:
            begun = time.perf_counter()
            list(pool.map(run, range(batches)))
            if device == "cuda":
                torch.cuda.synchronize()
            seconds = time.perf_counter() - begun
        torch.set_num_threads(threads)
        return Seconds(seconds / (BATCH * batches))

    return timed


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
            store.delete(ROUND.stage("score").done)
            with patch(
                "job.stages.score.load_model", lambda *_: fresh(config.detector, dataset.classes)
            ):
                started = time.perf_counter()
                run_stage(store, Plan(config), ROUND.stage("score"))
                return time.perf_counter() - started

        yield Pool(dataset, begun, score)


def main() -> None:
    """Measure, and print."""
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=640)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options.add_argument("--stock", type=Path, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    threads, device = arguments.threads, arguments.device
    if arguments.stock:
        print(time_stock(arguments.stock, threads, device))
        return
    with ExitStack() as stack:
        few, many = (
            stack.enter_context(pool_of(count, threads, device))
            for count in (FEW, arguments.images)
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_files(few.dataset, folder)
        functions = {
            "stock": lambda: Seconds(
                as_others(__file__, "--stock", folder, "--threads", threads, "--device", device)
            )
        } | dict(ours(few, many, arguments.images - FEW))
        functions |= dict(alone(many, threads, device))
        say(list(lines(in_turn(functions))), arguments)


def ours(few: Pool, many: Pool, more: int) -> Iterator[tuple[str, Callable[[], Seconds]]]:
    """Yield what times scoring: the seconds of a further image, so that starting is not in it."""
    for name, kind in KINDS.items():

        def timed(kind: tuple[str, bool] = kind) -> Seconds:
            seconds = (many.score(*kind) - few.score(*kind)) / more
            gc.collect()
            return Seconds(seconds)

        yield name, timed


def alone(pool: Pool, threads: int, device: str) -> Iterator[tuple[str, Callable[[], Seconds]]]:
    """Yield what times each kind's network."""
    for name, (precision, compiled) in KINDS.items():
        detector = fresh(pool.config.detector, pool.dataset.classes)
        half = precision == "bfloat16"
        yield (
            f"{name} alone",
            network_alone(detector, threads, device, half=half, compiled=compiled),
        )


def write_files(dataset: Stored, folder: Path) -> None:
    """Write a pool's images as files."""
    for image in dataset.iter_images("pool"):
        (folder / f"{image.id.replace('/', '-')}.jpg").write_bytes(image.data)


def time_stock(folder: Path, threads: int, device: str) -> float:
    """Seconds an image of the stock loop over a folder."""
    paths = sorted(folder.iterdir())
    settings = DetectorConfig(size=320, backbone="scratch")
    detector = fresh(settings, SyntheticSource().classes)
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as results:
        stock(detector, paths[:BATCH], Path(results) / "warm.parquet", threads, device)
        begun = time.perf_counter()
        stock(detector, paths, Path(results) / "stock.parquet", threads, device)
        return (time.perf_counter() - begun) / len(paths)


def lines(samples: Samples) -> Iterator[Line]:
    """Yield each kind beside torchvision's loop, beside its network, and beside the fastest one."""
    fastest = min((f"{name} alone" for name in KINDS), key=samples.typical)
    for name in KINDS:
        peers = {
            "torchvision's loop": "stock",
            "its network alone": f"{name} alone",
            "the fastest network alone": fastest,
        }
        for beside, peer in peers.items():
            yield samples.compare(f"score, 320 px, {name}", name, beside, peer, rate)


def rate(seconds: float) -> str:
    """A speed."""
    return f"{1 / seconds:.1f} images/s"


if __name__ == "__main__":
    main()
