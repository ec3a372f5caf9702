"""One process: a strategy selects from a made-up record, or only reads it.

    python benchmarks/one_selection.py STRATEGY FOLDER BUDGET [--scan] [--images 10000000]

Prints seconds, CPU seconds and the peak memory of the process.
"""

import argparse
import json
import time
from pathlib import Path

import pyarrow.parquet as pq
from made_up_record import ARMS, task_of
from measure import peak_bytes

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Strategy
from job.config.schema import ArmConfig


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
    parser.add_argument("--images", type=int, help="of a record that comes again and again")
    arguments = parser.parse_args()
    strategy = make_strategy(ArmConfig(**ARMS[arguments.arm]))
    task = task_of(arguments.folder, arguments.budget, arguments.images)
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
