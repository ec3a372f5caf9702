# ruff: noqa: N803, N806 - shape suffixes
"""One process of the comparison of `selection.py`: herding by this package, or by scikit-activeml.

    PYTHON benchmarks/herding.py FOLDER BUDGET ours|theirs

FOLDER has the embeddings of unlabelled and of labelled images, and the kernel's width. Prints
seconds, CPU seconds, the peak memory and the picks' rows. Theirs needs numpy and scikit-activeml
alone, so that the Python can be that of another environment.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def theirs(x_NE: Any, known_LE: Any, sigma: float, budget: int) -> Callable[[], list[int]]:
    """Return what asks `MaxHerding` of scikit-activeml."""
    # Only one of the two is installed.
    from skactiveml.pool import MaxHerding  # type: ignore[import-not-found]  # noqa: PLC0415

    everything = np.concatenate([known_LE, x_NE]).astype(np.float32)
    labels = np.full(len(everything), np.nan)
    labels[: len(known_LE)] = 0
    strategy = MaxHerding(metric_dict={"gamma": 1 / sigma**2}, random_state=0)

    def select() -> list[int]:
        picked = strategy.query(everything, labels, batch_size=budget)
        return [int(row) - len(known_LE) for row in picked]

    return select


def ours(x_NE: Any, known_LE: Any, sigma: float, budget: int) -> Callable[[], list[int]]:
    """Return what asks `herding`, with every image as a candidate and to be covered, as theirs."""
    from job.acquisition.registry import make_strategy  # noqa: PLC0415 - as above
    from job.acquisition.strategy import Task  # noqa: PLC0415
    from job.config.schema import ArmConfig  # noqa: PLC0415

    settings = {"candidate_share": 1.0, "max_references": len(x_NE), "sigma": sigma}
    strategy = make_strategy(ArmConfig(strategy="herding", **settings))
    task = Task(
        unlabelled=images_of(x_NE, "image"),
        labelled=images_of(known_LE, "labelled"),
        pool_ids=(),
        classes=("thing",),
        class_counts={"thing": 1},
        budget=budget,
        rng=np.random.default_rng(0),
    )
    return lambda: [int(each.rpartition("-")[2]) for each in strategy.select(task).ids]


def images_of(vectors_NE: Any, prefix: str) -> Any:
    """Return images in memory that have these embeddings."""
    import pyarrow as pa  # noqa: PLC0415 - as above

    from job.acquisition.strategy import Images, TableRecord  # noqa: PLC0415
    from job.records.arrays import rows  # noqa: PLC0415

    ids = [f"{prefix}-{row:07d}" for row in range(len(vectors_NE))]
    table = pa.table({"id": ids, "embedding": rows(vectors_NE, np.float16)})
    return Images(tuple(ids), TableRecord((table,)))


def main() -> None:
    """Select, and print what it took."""
    folder, budget, whose = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    x_NE, known_LE = np.load(folder / "x.npy"), np.load(folder / "known.npy")
    sigma = float(np.load(folder / "sigma.npy"))
    select = {"ours": ours, "theirs": theirs}[whose](x_NE, known_LE, sigma, budget)
    begun, busy = time.perf_counter(), time.process_time()
    picks = select()
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - busy
    (peak,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    result = {"seconds": seconds, "cpu_seconds": cpu_seconds, "bytes": int(peak) * 1024}
    print(json.dumps({**result, "picks": picks}))


if __name__ == "__main__":
    main()
