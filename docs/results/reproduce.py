"""Run the trainings of a set of results that its table does not have yet.

A set is a folder beside this file, with `experiment.yaml`, `ingest` (the options of `al-job
ingest`) and `results.csv`, the table. A learning curve (one arm under one seed) that stands in the
table whole is left out; the rows of every other are added when it ends. Several processes may work
on one set, each on other seeds: `docs/results/reproduce fod-runs --data DIR --seeds 0 1`.
"""

import argparse
import csv
import fcntl
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from job import experiment
from job.artifacts.reader import Reader
from job.cli.output import say
from job.config import loading
from job.config.schema import Config
from job.plan import Subset
from job.report.analysis.results import Row, rows_of, show_metric, to_csv
from job.storage import open_store

HERE = Path(__file__).parent


def main() -> None:
    """Ingest the data if the store lacks it, and run one curve after the other."""
    args = _arguments()
    folder = HERE / args.set
    config = loading.load(str(folder / "experiment.yaml"))
    store = Path(args.store)
    for place in filter(None, (config.detector.backbone, config.detector.weights)):
        key = place.removeprefix("store:")
        if not (store / key).exists():
            (store / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy((args.weights or args.data / "../weights") / Path(key).name, store / key)
    if not (store / "datasets" / config.dataset.name / "dataset.json").exists():
        _ingest(folder, args.data, config.dataset.name, store)
    for seed in args.seeds or config.seeds:
        for arm in args.arms or config.arms:
            fill(folder / "results.csv", config, str(store), arm, seed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="docs/results/reproduce", description=__doc__)
    sets = sorted(path.parent.name for path in HERE.glob("*/ingest"))
    parser.add_argument("set", choices=sets)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--weights", type=Path, help="folder of the weights; default: ../weights")
    parser.add_argument("--store", default="state", help="where experiments go; default: ./state")
    parser.add_argument("--seeds", type=int, nargs="*", help="some of the seeds; default: all")
    parser.add_argument("--arms", nargs="*", help="some of the arms; default: all")
    return parser.parse_args()


def _ingest(folder: Path, data: Path, name: str, store: Path) -> None:
    """Run `al-job ingest`; where the data has a `pool.txt`, the pool is those images only."""
    with tempfile.TemporaryDirectory() as chosen:
        options = (folder / "ingest").read_text().format(data=data, chosen=chosen)
        if (pool := HERE / name / "pool.txt").exists():
            _choose(data / "voc-animals", pool, Path(chosen))
        command = ["-m", "job", "ingest", *shlex.split(options), "--name", name]
        command += ["--store", str(store)]
        subprocess.run([sys.executable, *command], check=True)  # noqa: S603 - options of a set


def _choose(root: Path, pool: Path, chosen: Path) -> None:
    """Make a folder of links in VOC's layout, whose list `train` has only the pool's images."""
    lists = chosen / "ImageSets/Main"
    lists.mkdir(parents=True)
    for name in ("JPEGImages", "Annotations"):
        (chosen / name).symlink_to((root / name).resolve())
    shutil.copy(pool, lists / "train.txt")
    shutil.copy(root / "ImageSets/Main/test.txt", lists)


def fill(table: Path, config: Config, store: str, arm: str, seed: int) -> None:
    """Run an arm under a seed and add its rows, unless the table has them all."""
    there = [row for row in _read(table) if (row["arm"], row["seed"]) == (arm, str(seed))]
    if len(there) == config.rounds:
        say(f"{config.experiment}: seed {seed}, {arm}: stands in the table")
        return
    rows = run_curve(config, store, arm, seed)
    with _locked(table):
        _add(table, rows, list(config.arms))
    say(f"{config.experiment}: seed {seed}, {arm}: mAP50 {show_metric(rows[-1].mAP)} at the end")


def run_curve(config: Config, store: str, arm: str, seed: int) -> list[Row]:
    """Run what is not done of an arm under a seed, and return its rows."""
    opened = open_store(store)
    outcome = experiment.run(opened, config, Subset((arm,), (seed,)))
    rows = rows_of(Reader(opened, outcome.markers), outcome.plan)
    return [row for row in rows if (row.arm, row.seed) == (arm, seed)]


@contextmanager
def _locked(table: Path) -> Iterator[None]:
    with table.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _add(table: Path, rows: list[Row], arms: list[str]) -> None:
    """Add rows to a table, in place of older ones of the same arm and seed; ordered."""
    header, *_ = lines = to_csv(rows).decode().splitlines()
    new = list(csv.DictReader(lines))
    curves = {(row["arm"], row["seed"]) for row in new}
    kept = [row for row in _read(table) if (row["arm"], row["seed"]) not in curves]
    ordered = sorted(
        [*kept, *new],
        key=lambda row: (int(row["seed"]), arms.index(row["arm"]), int(row["round"])),
    )
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, header.split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)


def _read(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
