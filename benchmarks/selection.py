# ruff: noqa: N806 - shape suffixes
"""Time and memory of every strategy on a large synthetic score record, beside the bare limits.

    python benchmarks/selection.py [--images 1000000] [--budget 1000] [--strategies brust,ppal]
    python benchmarks/selection.py --strategies herding --boxes 0 --max-mb 2000
    python benchmarks/selection.py --peers PYTHON [--peer-images 10000] [--peer-budget 100]

Makes the record once (20 boxes an image, 20 classes, a 256-d embedding, 64-d box features, parts of
512 images; 2,000 labelled images with their truth) and keeps it in `--record`. Each strategy then
selects in a fresh process; beside it, another fresh process only reads the columns that it needs.
Prints seconds, CPU seconds, the ratio of the first to those of the reading, and the peak memory of
the process; above `--max-mb` it ends with an error.

`--peers` names a Python that has scikit-activeml (`pip install scikit-activeml`): its `MaxHerding`
and `herding` then select from the same embeddings, with the same kernel, in fresh processes.
"""

import argparse
import json
import os
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

from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.k_center import squared_to_nearest
from job.acquisition.numerics.max_coverage import SIGMA
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
    "herding": {"strategy": "herding"},
    "uherding": {"strategy": "uherding"},
    "balanced_herding": {"strategy": "balanced_herding"},
    "object_coverage": {"strategy": "object_coverage"},
    "presence": {"strategy": "presence"},
    "diverse": {"strategy": "diverse", "of": {"strategy": "entropy"}},
    "cost_aware": {"strategy": "cost_aware", "of": {"strategy": "entropy"}},
    "near_duplicate_filter": {"strategy": "near_duplicate_filter", "of": {"strategy": "entropy"}},
    "random_share": {"strategy": "random_share", "of": {"strategy": "entropy"}},
    "product": {
        "strategy": "product",
        "objectives": [{"of": {"strategy": "brust"}}, {"of": {"strategy": "entropy"}}],
    },
}


def embeddings(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return embeddings around 100 centres."""
    centres = np.random.default_rng(0).normal(size=(100, EMBEDDING))
    near = centres[rng.integers(100, size=count)]
    return (near + rng.normal(scale=0.5, size=near.shape)).astype(np.float16)


def draw(
    rng: np.random.Generator, first: int, count: int, boxes: int, *, labelled: bool
) -> ScoreRecord:
    """Return the record of some images, with unsure boxes."""
    num_boxes = count * boxes
    weights = rng.standard_exponential((num_boxes, CLASSES), np.float32) ** 4
    prefix = "labelled" if labelled else "image"
    return ScoreRecord(
        ids=np.array([f"{prefix}-{number:07d}" for number in range(first, first + count)]),
        sizes_wh=np.full((count, 2), 500),
        offsets=np.arange(count + 1) * boxes,
        boxes_xyxy=rng.random((num_boxes, 4), np.float32),
        probabilities=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float16),
        objectness=rng.random(num_boxes, np.float32),
        num_overlaps=rng.integers(1, 30, num_boxes),
        embeddings=embeddings(rng, count),
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


def make(folder: Path, num_images: int, boxes: int) -> None:
    """Write the record, unless it is there."""
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for kind, number in (("part", num_images), ("labelled", NUM_LABELLED)):
        for first in range(0, number, PART):
            count = min(PART, number - first)
            record = draw(rng, first, count, boxes, labelled=kind == "labelled")
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
        begun, busy = time.perf_counter(), time.process_time()
        scan(folder, strategy)
    else:
        task = task_of(folder, arguments.images, arguments.budget)
        begun, busy = time.perf_counter(), time.process_time()
        selection = strategy.select(task)
        assert len(selection.ids) == arguments.budget  # noqa: S101 - a check, not an input
    took = {"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - busy}
    print(json.dumps({**took, "bytes": peak_bytes()}))


def measure(arguments: argparse.Namespace, arm: str, *, only_scan: bool) -> dict[str, float]:
    """Return seconds and peak bytes of a fresh process."""
    command = [sys.executable, __file__, "--measure", arm]
    command += ["--images", str(arguments.images), "--budget", str(arguments.budget)]
    command += ["--record", str(arguments.record), "--boxes", str(arguments.boxes)]
    return run(command + (["--scan"] if only_scan else []))


def run(command: list[str]) -> dict[str, Any]:
    """Return what a process prints."""
    ended = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if ended.returncode:
        sys.exit(ended.stderr)
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table's lines, each as soon as it is measured."""
    yield "| strategy | seconds | CPU | reading its columns alone: seconds | ratio | peak memory |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for arm in arguments.strategies.split(",") if arguments.strategies else ARMS:
        bare = measure(arguments, arm, only_scan=True)  # also brings the files into memory
        bare = measure(arguments, arm, only_scan=True)
        ours = measure(arguments, arm, only_scan=False)
        reads = bare["seconds"] > 0.01  # noqa: PLR2004 - a strategy without columns reads nothing
        ratio = f"{ours['seconds'] / bare['seconds']:.2f}" if reads else "-"
        yield (
            f"| {arm} | {ours['seconds']:.1f} | {ours['cpu_seconds']:.1f} | "
            f"{bare['seconds']:.1f} | {ratio} | {ours['bytes'] / 1e6:,.0f} MB |"
        )
        if arguments.max_mb and ours["bytes"] > arguments.max_mb * 1e6:
            sys.exit(f"{arm} took more memory than {arguments.max_mb:,} MB")


def beside(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table's lines of `herding` beside that of scikit-activeml."""
    rng = np.random.default_rng(1)
    everything = embeddings(rng, arguments.peer_images + NUM_LABELLED).astype(np.float32)
    everything -= everything.mean(axis=0)  # as `herding` does, and theirs does not
    x_NE, known_LE = np.split(everything, [arguments.peer_images])
    points_NE = unit(x_NE)
    yield f"{len(x_NE):,} images, {len(known_LE):,} labelled, budget {arguments.peer_budget:,}:\n"
    yield "| herding | seconds | CPU | peak memory | mean coverage |"
    yield "| --- | --- | --- | --- | --- |"
    with tempfile.TemporaryDirectory() as folder:
        for name, values in (("x", x_NE), ("known", known_LE), ("sigma", SIGMA)):
            np.save(Path(folder) / f"{name}.npy", values)
        script = [str(Path(__file__).with_name("herding.py")), folder, str(arguments.peer_budget)]
        for python, whose in ((sys.executable, "ours"), (arguments.peers, "theirs")):
            took = run([python, *script, whose])
            centres = np.concatenate([unit(known_LE), points_NE[took["picks"]]])
            covered = np.exp(-squared_to_nearest(points_NE, centres) / SIGMA**2).mean()
            yield (
                f"| {whose} | {took['seconds']:.1f} | {took['cpu_seconds']:.1f} | "
                f"{took['bytes'] / 1e6:,.0f} MB | {covered:.5f} |"
            )


def folder_of(arguments: argparse.Namespace) -> Path:
    """Return where the record of this size lies."""
    return Path(arguments.record) / f"{arguments.images}-{arguments.boxes}"


def main() -> None:
    """Make the record, measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--strategies", default="", help="Some of them, separated by commas.")
    parser.add_argument(
        "--boxes", type=int, default=BOXES, help="Of each image; embeddings need none."
    )
    parser.add_argument("--max-mb", type=int, help="The most memory that a strategy may take.")
    parser.add_argument("--peers", help="A Python that has scikit-activeml.")
    parser.add_argument("--peer-images", type=int, default=10_000)
    parser.add_argument("--peer-budget", type=int, default=100)
    parser.add_argument("--record", default=str(Path(tempfile.gettempdir()) / "al-voc-record"))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--scan", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measured(arguments)
        return
    if not arguments.peers:
        make(folder_of(arguments), arguments.images, arguments.boxes)
    for line in beside(arguments) if arguments.peers else lines(arguments):
        print(line, flush=True)
    print(f"\n{os.cpu_count()} CPU cores; load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
