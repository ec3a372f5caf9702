"""The driver at the size of a study: its memory, its start, its status, and a look at that.

    PYTHONPATH=. python benchmarks/driver.py [--arms 10] [--seeds 5] [--rounds 30] [--running 16]

Makes up the markers of an experiment of which all but the last `--left` stages are done, in a
directory of its own. A fresh process then drives it to its end, with the clients of the store and
of the cluster loaded, on a platform that writes a stage's marker as soon as it is asked for. Each
request to the store takes 20 ms. Prints the seconds until the first look, the most anonymous memory
(what a limit on memory counts and cannot reclaim), the largest status, and the requests of one
`al-job status --store` after the end, in whose listing each 1,000 objects are a request. While the
driver lives there is no listing.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Thread

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.driver import drive
from job.plan import Plan
from job.runtime.process_setup import prepare_process
from job.standing import Progress
from job.storage.local import LocalStore
from tests.driving import Room, SlowStore
from tests.made_up import SCORE_PARTS, finish, study

SECONDS_A_REQUEST = 0.02
OBJECTS_A_PAGE = 1000
OBJECTS_A_STAGE = 4
"""Marker, log and outputs, beside the parts of a scoring."""


def anonymous_mib() -> float:
    """Return the anonymous memory of this process, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [line] = [line for line in lines if line.startswith("RssAnon:")]
    return int(line.split()[1]) / 1024


def measured(root: Path, running: int) -> dict[str, float]:
    """Drive an experiment to its end in this process, and return the figures."""
    import boto3  # noqa: PLC0415 - a driver has loaded both clients
    from kubernetes import client  # noqa: PLC0415

    clients = boto3.client("s3", region_name="us-east-1"), client.ApiClient()
    prepare_process()
    peak, ended = [anonymous_mib()], Event()

    def sample() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], anonymous_mib())

    thread = Thread(target=sample)
    thread.start()
    store, room = SlowStore(root, SECONDS_A_REQUEST), Room(LocalStore(root), running)
    begun = anonymous_mib()
    num_run = drive(store, load_experiment(store, "study"), room)
    ended.set()
    thread.join()
    del clients
    return {
        "stages run": num_run,
        "MiB before": round(begun),
        "MiB at most": round(peak[0]),
        "seconds to the first look": round(room.first_look or 0, 1),
        "bytes of the largest status": room.largest,
    }


def requests_of_a_status(root: Path, plan: Plan) -> dict[str, float]:
    """Return the requests of one look at the whole experiment, and its seconds."""
    store = SlowStore(root, SECONDS_A_REQUEST)
    begun = time.monotonic()
    Progress(store, plan).look()
    stages = list(plan.stages())
    num_scored = sum(ref.stage == "score" for ref in stages)
    objects = OBJECTS_A_STAGE * len(stages) + SCORE_PARTS * num_scored
    pages = -(-objects // OBJECTS_A_PAGE) * store.counts["list"]
    return {
        "reads of a status": store.counts["read"],
        "pages of listings of a status": pages,
        "seconds of a status": round(time.monotonic() - begun, 1),
    }


def main() -> None:
    """Print the figures of one size."""
    parser = argparse.ArgumentParser()
    for name, default in {"arms": 10, "seeds": 5, "rounds": 30, "running": 16, "left": 85}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.root:
        print(json.dumps(measured(options.root, options.running)))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store, plan = LocalStore(root), Plan(study(options.arms, options.seeds, options.rounds))
        plan = experiment.init(store, plan)
        stages = list(plan.stages())
        finish(store, plan, stages[: -options.left])
        command = [sys.executable, __file__, f"--running={options.running}", f"--root={root}"]
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ours
        print(f"{len(stages)} stages, {options.running} at a time")
        figures = json.loads(ended.stdout.splitlines()[-1]) | requests_of_a_status(root, plan)
        for name, value in figures.items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
