"""Time and memory of ingest, score and select as the pool grows; each in a process of its own."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import first  # noqa: F401
from measure import Repeated, peak_bytes

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.config import loading
from job.data.ingest.ingest import ingest
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.stages import run_stage
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
ROUND_0 = RoundRef("growth", 0, None, 0)
MEASURED = {
    "score": ROUND_0.stage("score"),
    "select": RoundRef("growth", 0, "entropy", 1).stage("select"),
}


def work(what: str, state: Path, num_images: int) -> None:
    """Do one thing, and print its seconds and its peak memory in megabytes."""
    store = LocalStore(state)
    source = Repeated(num_pool=num_images, size=64) if what == "ingest" else None
    begun = time.perf_counter()
    if source:
        ingest(store, source, "drawn")
    else:
        stage: StageRef = MEASURED[what]
        run_stage(store, Plan(load_experiment(store, "growth")), stage)
    seconds = time.perf_counter() - begun
    print(seconds, peak_bytes() / 1e6)


def measure(what: str, state: Path, num_images: int) -> str:
    """One cell of the table."""
    command = [sys.executable, __file__, "--work", what, "--state", str(state)]
    ended = subprocess.run(  # noqa: S603
        [*command, "--images", str(num_images)], check=True, capture_output=True, text=True
    )
    seconds, megabytes = map(float, ended.stdout.splitlines()[-1].split())
    return f"{seconds:.1f} s, {megabytes:,.0f} MB"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--state", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work, Path(arguments.state), arguments.images[0])
        return
    print("| images | ingest | score | select |\n| --- | --- | --- | --- |")
    for num_images in arguments.images:
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder)
            cells = [measure("ingest", state, num_images)]
            store = LocalStore(state)
            begun = experiment.init(store, Plan(loading.parse(CONFIG, "growth")))
            for stage in ("select", "annotate", "train"):
                run_stage(store, begun, ROUND_0.stage(stage))
            cells += [measure(what, state, num_images) for what in MEASURED]
            print(f"| {num_images:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
