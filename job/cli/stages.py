"""`al-job select`, `train` and so on: one stage of one round."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from job.cli.lazy import lazy
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    RoundOption,
    SeedOption,
    StoreOption,
)
from job.errors import UsageError
from job.keys import Stage
from job.storage import open_store

if TYPE_CHECKING:
    from job import experiment as experiments
    from job.cli import choose as choosing
else:
    experiments = lazy("job.experiment")
    choosing = lazy("job.cli.choose")

app = typer.Typer()


def _add_stage(stage: Stage, text: str) -> None:
    """Add the command of a stage."""

    def command(
        round_index: RoundOption,
        experiment: ExperimentOption = None,
        arm: ArmOption = None,
        seed: SeedOption = None,
        store: StoreOption = STATE,
    ) -> None:
        _run_stage(store, stage, round_index, experiment, arm, seed)

    app.command(stage, help=text)(command)


def _run_stage(
    store: str,
    stage: Stage,
    round_index: int,
    experiment: str | None,
    arm: str | None,
    seed: int | None,
    partition: tuple[int, int] = (0, 1),
) -> None:
    opened = open_store(store)
    plan = choosing.choose_experiment(opened, experiment)
    ref = choosing.choose_stage(plan, stage, round_index, arm, seed)
    experiments.run_once(opened, plan, ref, partition)


_add_stage("select", "Select the images to label in a round.")
_add_stage("annotate", "Label the selected images from the oracle, and count what it takes.")
_add_stage("train", "Train the detector on everything labelled so far.")
_add_stage("evaluate", "Measure the round's model on the test set.")


@app.command()
def score(
    round_index: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    partition: Annotated[
        str, typer.Option(envvar="AL_PARTITION", help="i/n: the i-th share of n, from 0.")
    ] = "0/1",
    store: StoreOption = STATE,
) -> None:
    """Score every unlabelled image with the round's model."""
    match = re.fullmatch(r"(\d+)/(\d+)", partition)
    if not match or int(match[1]) >= int(match[2]):
        message = f"--partition {partition}: expected i/n with 0 <= i < n, such as 0/4"
        raise UsageError(message)
    share = int(match[1]), int(match[2])
    _run_stage(store, "score", round_index, experiment, arm, seed, share)
