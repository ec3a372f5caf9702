"""The report's forecast held against curves that are known: from three budgets to the rest.

It reads every `results.csv` below the given folders. With `--publish` what came out is written to
where the report reads it, so that its coverage stands beside every forecast.
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from job.records.arrays import Float64s
from job.report.analysis.back_test import PUBLISHED, BackTest, Held, back_test, held_by_forecast
from job.report.analysis.curves import Curve
from job.report.analysis.power_laws import POWER_LAWS, Family
from job.storage.documents import dump_json
from job.tutorial.counts import unique_images
from job.tutorial.read import read_tutorial

FAMILIES = {
    "the report's": POWER_LAWS,
    "power laws with a bound": Family(tuple(np.geomspace(0.1, 2.0, 18))),
    "one law for all seeds": replace(POWER_LAWS, is_shared=True),
    "a logarithm": Family((1e-3,), highest=np.inf),
}
HEADER = (
    "| curves of | fitted | curves | later results | held, % | width | error | gains held, % |"
    " images held, % |"
)


def main() -> None:
    """Print a table of all sources and families, and publish that of the report's family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="with a results.csv or many below")
    parser.add_argument("--tutorial", type=Path, help="the raw results of the 2020 tutorial")
    parser.add_argument("--publish", action="store_true", help=f"write {PUBLISHED.name}")
    arguments = parser.parse_args()
    sources = dict(_sources(arguments.folders, arguments.tutorial))
    print(HEADER, "| --- " * HEADER.count("| ") + "|", sep="\n")
    for fitted, family in FAMILIES.items():
        held = {name: held_by_forecast(curves, family=family) for name, curves in sources.items()}
        everything = [each for of_source in held.values() for each in of_source]
        for name, of_source in (held | {"all": everything}).items():
            if found := back_test(of_source):
                print(_line(name, fitted, found))
        if arguments.publish and family is POWER_LAWS:
            _publish(everything)


def _sources(folders: list[Path], tutorial: Path | None) -> Iterator[tuple[str, list[Curve]]]:
    """The curves of each experiment, by its name."""
    if tutorial:
        found = read_tutorial(tutorial).runs.items()
        yield (
            "tutorial",
            [
                _curve(arm, seed, unique_images(run), run.metric)
                for arm, runs in found
                for seed, run in enumerate(runs)
            ],
        )
    for path in sorted(path for folder in folders for path in folder.rglob("results.csv")):
        with path.open() as file:
            rows = [row for row in csv.DictReader(file) if row["mAP"]]
        for name, group in groupby(sorted(rows, key=_experiment), key=_experiment):
            yield name, list(_curves(list(group)))


_experiment = itemgetter("experiment")


def _curves(rows: list[dict[str, str]]) -> Iterator[Curve]:
    """The curves of an experiment's rows, each in the order of its rounds."""
    key = itemgetter("arm", "seed")
    for (arm, seed), group in groupby(sorted(rows, key=key), key=key):
        ordered = sorted(group, key=lambda row: int(row["round"]))
        images, metric = (
            np.array([float(row[column]) for row in ordered]) for column in ("total_samples", "mAP")
        )
        yield _curve(arm, int(seed), images, metric)


def _curve(arm: str, seed: int, images: Float64s, metric: Float64s) -> Curve:
    return Curve(arm, seed, np.arange(len(metric)), metric, {"images": images})


def _line(name: str, fitted: str, found: BackTest) -> str:
    needs = f"{100 * found.need_coverage:.0f}" if found.need_coverage is not None else "-"
    return (
        f"| {name} | {fitted} | {found.num_curves} | {found.num_later} |"
        f" {100 * found.coverage:.0f} | {100 * found.width:.1f} | {100 * found.error:+.1f} |"
        f" {100 * found.gain_coverage:.0f} | {needs} of {found.num_needs} |"
    )


def _publish(held: list[Held]) -> None:
    found = back_test(held)
    if found:
        PUBLISHED.write_bytes(dump_json(asdict(found)))


if __name__ == "__main__":
    main()
