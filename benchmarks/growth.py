"""Time and memory of ingest, score, select, report and status as the pool grows.

Each is measured in a process of its own. The last line says what an image more takes of each, from
the two largest pools: what a million images will take on paper.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import first  # noqa: F401
from measure import Repeated, peak_bytes

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.cli.status_table import status_table
from job.config import loading
from job.data.ingest.ingest import ingest
from job.keys import RoundRef
from job.plan import Plan
from job.report.build import update_report
from job.stages import run_stage
from job.standing import Progress
from job.storage.local import LocalStore

CONFIG = """
experiment: growth
dataset: {name: drawn}
rounds: 2
budget: {initial: 8, per_round: 100}
cold_start: {strategy: random}
arms: {entropy: {strategy: entropy}}
detector: {size: 64, width: 0.25, backbone: scratch}
train: {steps: 2, batch_size: 4}
score: {max_detections: 20}
runtime: {threads: 2, batch_size: 64, device: cpu}
"""


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    seconds: float
    """Of CPU time."""
    peak: float
    """Bytes of memory."""

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.peak / 1e6:,.0f} MB"

    def less(self, before: "Cost", images: int) -> str:
        """Return what each of so many images more took."""
        milliseconds = 1000 * (self.seconds - before.seconds) / images
        return f"{milliseconds:.3f} ms, {(self.peak - before.peak) / images:,.0f} bytes"


ROUND_0 = RoundRef("growth", 0, None, 0)
MEASURED = {
    "score": ROUND_0.stage("score"),
    "select": RoundRef("growth", 0, "entropy", 1).stage("select"),
}


def work(what: str, state: Path, num_images: int) -> None:
    """Do one thing, and print its CPU seconds and its peak memory in bytes."""
    store = LocalStore(state)
    source = Repeated(num_pool=num_images, size=64) if what == "ingest" else None
    begun = time.process_time()
    if source:
        ingest(store, source, "drawn")
    else:
        plan = Plan(load_experiment(store, "growth"))
        if what == "report":
            update_report(store, plan)
        elif what == "status":
            status_table(Progress(store, plan).look())
        else:
            run_stage(store, plan, MEASURED[what])
    print(time.process_time() - begun, peak_bytes())


def measure(what: str, state: Path, num_images: int) -> Cost:
    """Return what one thing takes."""
    command = [sys.executable, __file__, "--work", what, "--state", str(state)]
    ended = subprocess.run(  # noqa: S603
        [*command, "--images", str(num_images)], check=True, capture_output=True, text=True
    )
    seconds, size = map(float, ended.stdout.splitlines()[-1].split())
    return Cost(seconds, size)


def measured(num_images: int) -> list[Cost]:
    """Return what each thing takes with a pool of this size."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        costs = [measure("ingest", state, num_images)]
        store = LocalStore(state)
        begun = experiment.init(store, Plan(loading.parse(CONFIG, "growth")))
        for stage in ("select", "annotate", "train"):
            run_stage(store, begun, ROUND_0.stage(stage))
        costs += [measure(what, state, num_images) for what in MEASURED]
        experiment.run(store, begun.config)
        return costs + [measure(what, state, num_images) for what in ("report", "status")]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--state", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work, Path(arguments.state), arguments.images[0])
        return
    print("| images | ingest | score | select | report | status |")
    print("| --- | --- | --- | --- | --- | --- |")
    found: list[list[Cost]] = []
    for num_images in arguments.images:
        found.append(measured(num_images))
        print(f"| {num_images:,} | {' | '.join(map(str, found[-1]))} |", flush=True)
    if len(found) > 1:
        more = arguments.images[-1] - arguments.images[-2]
        slopes = [last.less(before, more) for before, last in zip(*found[-2:], strict=True)]
        print(f"| one more | {' | '.join(slopes)} |")


if __name__ == "__main__":
    main()
