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
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bench.lines import Line, as_table, parser, say
from bench.timing import Seconds, in_turn
from made_up_record import ARMS, BOXES, NUM_LABELLED, Sizes, embeddings, make

from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.k_center import squared_to_nearest
from job.acquisition.numerics.max_coverage import SIGMA


def run(command: list[str]) -> dict[str, Any]:
    """Return what a process prints."""
    ended = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if ended.returncode:
        sys.exit(ended.stderr)
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


READING = tuple(arm for arm in ARMS if arm != "random")
"""All strategies that read the record."""


def lines_of(arm: str, arguments: argparse.Namespace) -> Iterator[Line]:
    """Yield the lines of a strategy: beside its scan, and its memory."""
    script = str(Path(__file__).with_name("one_selection.py"))
    command = [sys.executable, script, arm, str(folder_of(arguments)), str(arguments.budget)]
    peaks: list[float] = []

    def select() -> Seconds:
        took = run(command)
        peaks.append(took["bytes"])
        return Seconds(took["seconds"])

    def scan() -> Seconds:
        return Seconds(run([*command, "--scan"])["seconds"])

    samples = in_turn({"ours": select, "scan": scan})
    what, beside = f"select, {arm}, {arguments.images:,} images", "reading its columns alone"
    line = samples.slower(what, "ours", beside, "scan", lambda seconds: f"{seconds:.2f} s")
    yield replace(line, ours=f"{line.ours}, {max(peaks) / 1e6:,.0f} MB")
    if arguments.max_mb and max(peaks) > arguments.max_mb * 1e6:
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
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=1_000_000)
    options.add_argument("--budget", type=int, default=1000)
    options.add_argument("--strategies", default="", help="Some of them, separated by commas.")
    options.add_argument(
        "--boxes", type=int, default=BOXES, help="Of each image; embeddings need none."
    )
    options.add_argument("--max-mb", type=int, help="The most memory that a strategy may take.")
    options.add_argument("--peers", help="A Python that has scikit-activeml.")
    options.add_argument("--peer-images", type=int, default=10_000)
    options.add_argument("--peer-budget", type=int, default=100)
    options.add_argument("--record", default=str(Path(tempfile.gettempdir()) / "al-voc-record"))
    arguments = options.parse_args()
    if arguments.peers:
        for line in beside(arguments):
            print(line, flush=True)
        return
    make(folder_of(arguments), arguments.images, Sizes(boxes=arguments.boxes))
    found: list[Line] = []
    for arm in arguments.strategies.split(",") if arguments.strategies else READING:
        found += lines_of(arm, arguments)
        print(as_table(found[-1:]).splitlines()[-1], flush=True)
    say(found, arguments)


if __name__ == "__main__":
    main()
