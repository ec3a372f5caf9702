"""Time and memory of every strategy on a large synthetic score record, beside the bare limits.

    python benchmarks/selection.py [--images 1000000] [--budget 1000] [--strategies brust,ppal]

Makes the record once (20 boxes an image, 20 classes, a 256-d embedding, 64-d box features, parts of
512 images; 2,000 labelled images with their truth) and keeps it in `--record`. Each strategy then
selects in a fresh process; beside it, another fresh process only reads the columns that it needs.
Prints seconds, the ratio of the two, and the peak memory of the process.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from measure import peak_bytes

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Images, Strategy, Task
from job.config.schema import ArmConfig
from job.records.score_record import GroundTruthMatches, ScoreRecord
from job.selection import StoredRecord

BOXES, CLASSES, EMBEDDING, FEATURE = 20, 20, 256, 64
PART, NUM_LABELLED = 512, 2000
ARMS: dict[str, dict[str, Any]] = {
    "random": {"strategy": "random"},
    "brust": {"strategy": "brust", "class_weights": True},
    "entropy": {"strategy": "entropy"},
    "entropy top 5": {"strategy": "entropy", "top_m": 5},
    "enms_divproto": {"strategy": "enms_divproto"},
    "ppal": {"strategy": "ppal"},
    "pal": {"strategy": "pal"},
    "coreset": {"strategy": "coreset"},
    "uwe": {"strategy": "uwe"},
    "cost_aware": {"strategy": "cost_aware", "of": {"strategy": "entropy"}},
    "near_duplicate_filter": {"strategy": "near_duplicate_filter", "of": {"strategy": "entropy"}},
    "random_share": {"strategy": "random_share", "of": {"strategy": "entropy"}},
    "product": {
        "strategy": "product",
        "objectives": [{"of": {"strategy": "brust"}}, {"of": {"strategy": "entropy"}}],
    },
}


def draw(rng: np.random.Generator, first: int, count: int, *, labelled: bool) -> ScoreRecord:
    """Return the record of some images: unsure boxes, and embeddings around 100 centres."""
    centres = np.random.default_rng(0).normal(size=(100, EMBEDDING))
    near = centres[rng.integers(100, size=count)]
    num_boxes = count * BOXES
    weights = rng.standard_exponential((num_boxes, CLASSES), np.float32) ** 4
    prefix = "labelled" if labelled else "image"
    return ScoreRecord(
        ids=np.array([f"{prefix}-{number:07d}" for number in range(first, first + count)]),
        sizes_wh=np.full((count, 2), 500),
        offsets=np.arange(count + 1) * BOXES,
        boxes_xyxy=rng.random((num_boxes, 4), np.float32),
        probabilities=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float16),
        objectness=rng.random(num_boxes, np.float32),
        num_overlaps=rng.integers(1, 30, num_boxes),
        embeddings=(near + rng.normal(scale=0.5, size=near.shape)).astype(np.float16),
        box_features=rng.standard_normal((num_boxes, FEATURE), np.float32).astype(np.float16),
        ground_truth=GroundTruthMatches(
            offsets=np.arange(count + 1) * 3,
            classes=rng.integers(CLASSES, size=count * 3),
            box=rng.integers(-1, 3, num_boxes),
            iou=rng.random(num_boxes, np.float32),
        )
        if labelled
        else None,
    )


def make(folder: Path, num_images: int) -> None:
    """Write the record, unless it is there."""
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for kind, number in (("part", num_images), ("labelled", NUM_LABELLED)):
        for first in range(0, number, PART):
            count = min(PART, number - first)
            record = draw(rng, first, count, labelled=kind == "labelled")
            pq.write_table(record.to_table(), folder / f"{kind}-{first // PART:05d}.parquet")
    (folder / "done").touch()


def task_of(folder: Path, num_images: int, budget: int) -> Task:
    """Return what a strategy is asked."""
    ids = tuple(f"image-{number:07d}" for number in range(num_images))
    counts = {f"class {number}": 10 * number for number in range(CLASSES)}
    labelled = tuple(f"labelled-{number:07d}" for number in range(NUM_LABELLED))
    return Task(
        unlabelled=Images(ids, StoredRecord(tuple(sorted(folder.glob("part-*"))))),
        labelled=Images(labelled, StoredRecord(tuple(sorted(folder.glob("labelled-*"))))),
        pool_ids=ids,
        classes=tuple(counts),
        class_counts=counts,
        budget=budget,
        rng=np.random.default_rng(0),
    )


def scan(folder: Path, strategy: Strategy) -> None:
    """Read the columns that a strategy needs, and nothing else."""
    kinds = (("part", strategy.reads), ("labelled", strategy.reads_labelled))
    for kind, columns in kinds:
        for path in sorted(folder.glob(f"{kind}-*")) if columns else ():
            pq.read_table(path, columns=["id", *sorted(columns)])


def measured(arguments: argparse.Namespace) -> None:
    """In a process of its own: select, or only read."""
    strategy = make_strategy(ArmConfig(**ARMS[arguments.measure]))
    folder = folder_of(arguments)
    if arguments.scan:
        begun = time.perf_counter()
        scan(folder, strategy)
    else:
        task = task_of(folder, arguments.images, arguments.budget)
        begun = time.perf_counter()
        selection = strategy.select(task)
        assert len(selection.ids) == arguments.budget  # noqa: S101 - a check, not an input
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "bytes": peak_bytes()}))


def measure(arguments: argparse.Namespace, arm: str, *, only_scan: bool) -> dict[str, float]:
    """Return seconds and peak bytes of a fresh process."""
    command = [sys.executable, __file__, "--measure", arm]
    command += ["--images", str(arguments.images), "--budget", str(arguments.budget)]
    command += ["--record", str(arguments.record)] + (["--scan"] if only_scan else [])
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    result: dict[str, float] = json.loads(ended.stdout)
    return result


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table's lines, each as soon as it is measured."""
    yield "| strategy | seconds | reading its columns alone: seconds | ratio | peak memory |"
    yield "| --- | --- | --- | --- | --- |"
    for arm in arguments.strategies.split(",") if arguments.strategies else ARMS:
        bare = measure(arguments, arm, only_scan=True)  # also brings the files into memory
        bare = measure(arguments, arm, only_scan=True)
        ours = measure(arguments, arm, only_scan=False)
        reads = bare["seconds"] > 0.01  # noqa: PLR2004 - a strategy without columns reads nothing
        ratio = f"{ours['seconds'] / bare['seconds']:.2f}" if reads else "-"
        yield (
            f"| {arm} | {ours['seconds']:.1f} | {bare['seconds']:.1f} | {ratio} | "
            f"{ours['bytes'] / 1e6:,.0f} MB |"
        )


def folder_of(arguments: argparse.Namespace) -> Path:
    """Return where the record of this size lies."""
    return Path(arguments.record) / f"{arguments.images}"


def main() -> None:
    """Make the record, measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--strategies", default="", help="Some of them, separated by commas.")
    parser.add_argument("--record", default=str(Path(tempfile.gettempdir()) / "al-voc-record"))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--scan", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measured(arguments)
        return
    make(folder_of(arguments), arguments.images)
    for line in lines(arguments):
        print(line, flush=True)


if __name__ == "__main__":
    main()
