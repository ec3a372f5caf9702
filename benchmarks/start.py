"""How long commands take to begin: beside an empty program, and the same work in a warm process."""

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.lines import parser, say
from bench.timing import in_turn

from job.artifacts.experiment_file import load_experiment
from job.artifacts.stage_io import StageIO
from job.keys import RoundRef
from job.plan import Plan
from job.stages import select
from job.storage.local import LocalStore

NUM_IMAGES = 5000
CONFIG = f"""
experiment: start
dataset: {{name: drawn, synthetic: {{num_pool: {NUM_IMAGES}, num_test: 8, size: 32}}}}
rounds: 2
budget: {{initial: 8, per_round: 100}}
cold_start: {{strategy: random}}
arms: {{entropy: {{strategy: entropy}}}}
detector: {{size: 64, width: 0.25, backbone: scratch}}
train: {{steps: 2, batch_size: 4}}
runtime: {{threads: 1, batch_size: 64}}
"""


def call(*arguments: str) -> None:
    """Run a program to its end."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)  # noqa: S603


def al_job(*arguments: str) -> None:
    """Run the command line in a process of its own."""
    call("-m", "job", *arguments)


def main() -> None:
    """Measure, and print."""
    arguments = parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "start.yaml"
        path.write_text(CONFIG)
        state = f"{folder}/state"
        al_job("run", str(path), "--store", state)
        store = LocalStore(Path(state))
        config = load_experiment(store, "start")
        stage = RoundRef("start", 0, "entropy", 1).stage("select")

        def select_again() -> None:
            store.delete(stage.done)
            al_job("select", "--round", "1", "--arm", "entropy", "--store", state)

        def select_warm() -> None:
            select.run(StageIO(store, Plan(config), stage))

        samples = in_turn(
            {
                "help": lambda: al_job("--help"),
                "pass": lambda: call("-c", "pass"),
                "select": select_again,
                "warm": select_warm,
            }
        )
    what = f"`al-job select`, {NUM_IMAGES:,} images"
    warm = "the same in a warm process"
    lines = [
        samples.absolute("`al-job --help`", "help"),
        samples.compare("`al-job --help`", "help", "`python -c pass`", "pass", shown),
        samples.absolute(what, "select"),
        samples.compare(what, "select", warm, "warm", shown),
    ]
    say(lines, arguments)


def shown(seconds: float) -> str:
    """Seconds as a text."""
    return f"{seconds:.3f} s"


if __name__ == "__main__":
    main()
