"""`al-job select`, `annotate`, `train`, `evaluate` and `score`: one stage of one round."""

import os
import re
from collections.abc import Callable
from typing import Annotated

import typer

from job.cli.choose import choose_experiment, choose_stage
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    RoundOption,
    SeedOption,
    SetOption,
    StoreOption,
)
from job.errors import UsageError
from job.experiment import run_and_wait, run_one_stage
from job.keys import Stage, StageRef
from job.plan import Plan
from job.runtime.place import Place
from job.storage import Store, open_store


def _stage_command(
    stage: Stage, text: str, annotator: str | None = None, *, joins: bool = False
) -> Callable[..., None]:
    """Return the command of a stage that one process does as a whole, or some that it joins."""

    def command(
        round_name: RoundOption,
        experiment: ExperimentOption = None,
        arm: ArmOption = None,
        seed: SeedOption = None,
        store: StoreOption = STATE,
        settings: SetOption = None,
    ) -> None:
        place = Place.of(os.environ) if joins else None
        opened, plan, ref = _chosen(store, stage, round_name, experiment, arm, seed, settings)
        run_one_stage(opened, plan, ref, annotator=annotator, place=place)

    command.__doc__ = text
    return command


def _chosen(
    store: str,
    stage: Stage,
    round_name: str,
    experiment: str | None,
    arm: str | None,
    seed: int | None,
    settings: list[str] | None,
) -> tuple[Store, Plan, StageRef]:
    """Return the store, the experiment with the settings of this process, and the stage."""
    opened = open_store(store)
    plan = choose_experiment(opened, experiment)
    ref = choose_stage(plan, stage, round_name, arm, seed)
    return opened, plan.with_runtime(plan.config.runtime.changed(settings or (), os.environ)), ref


select = _stage_command("select", "Select the images that a round labels.")
annotate_sim = _stage_command(
    "annotate",
    "Annotate a round's picks with the oracle, and account for the cost.",
    annotator="oracle",
)
train = _stage_command(
    "train", "Train the detector on all images that are labelled so far.", joins=True
)
evaluate = _stage_command("evaluate", "Measure a round's model on the test set.")


def annotate(
    round_name: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    settings: SetOption = None,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay until people have labelled enough.")
    ] = False,
) -> None:
    """Have a round's picks annotated, and account for the cost.

    People answer after a while. Until they have labelled enough, the command ends with exit code 75
    and says how many are left; the same command looks again.
    """
    opened, plan, ref = _chosen(store, "annotate", round_name, experiment, arm, seed, settings)
    if wait:
        run_and_wait(opened, plan, ref)
    else:
        run_one_stage(opened, plan, ref)


def score(
    round_name: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    partition: Annotated[
        str,
        typer.Option(envvar="AL_PARTITION", help="i/n: the i-th of n parts, counted from 0."),
    ] = "0/1",
    store: StoreOption = STATE,
    settings: SetOption = None,
) -> None:
    """Make the score record: what a round's model sees in each image of the pool."""
    match = re.fullmatch(r"(\d+)/(\d+)", partition)
    if not match or int(match[1]) >= int(match[2]):
        message = f"--partition {partition}: expected i/n with 0 <= i < n, such as 0/4"
        raise UsageError(message)
    own = int(match[1]), int(match[2])
    opened, plan, ref = _chosen(store, "score", round_name, experiment, arm, seed, settings)
    run_one_stage(opened, plan, ref, own)
