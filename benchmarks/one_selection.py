"""One process of `selection.py`: a strategy selects from a made-up record, or only reads it.

    python benchmarks/one_selection.py STRATEGY FOLDER BUDGET [--scan]

Prints seconds, CPU seconds and the peak memory of the process.
"""

import argparse
import json
import time
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
    (folder / "done").write_text(str(num_images))


def task_of(folder: Path, budget: int) -> Task:
    """Return what a strategy is asked about the record of a folder."""
    num_images = int((folder / "done").read_text())
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


def main() -> None:
    """Select, or only read, and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("budget", type=int)
    parser.add_argument("--scan", action="store_true")
    arguments = parser.parse_args()
    strategy = make_strategy(ArmConfig(**ARMS[arguments.arm]))
    task = task_of(arguments.folder, arguments.budget)
    begun, busy = time.perf_counter(), time.process_time()
    if arguments.scan:
        scan(arguments.folder, strategy)
    else:
        selection = strategy.select(task)
        assert len(selection.ids) == arguments.budget  # noqa: S101 - a check, not an input
    took = {"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - busy}
    print(json.dumps({**took, "bytes": peak_bytes()}))


if __name__ == "__main__":
    main()
