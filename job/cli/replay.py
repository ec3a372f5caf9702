"""`al-job replay`: what other strategies would have picked."""

from pathlib import Path
from typing import Annotated

import typer

from job.cli.choose import choose_experiment, choose_stage
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    RoundOption,
    SeedOption,
    StoreOption,
    out_folder,
)
from job.cli.output import say, show
from job.replay.arms import choose
from job.replay.folder import check_folder
from job.replay.replay import replay as compute
from job.replay.replay import sheets as make_sheets
from job.replay.write import remarks_of, tables_of, write
from job.runtime.paths import user_path
from job.storage import open_store


def replay(
    round_name: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    strategies: Annotated[
        str | None,
        typer.Option(help="Strategies, separated by commas; unset: the experiment's arms."),
    ] = None,
    arms: Annotated[
        Path | None,
        typer.Option(
            parser=user_path,
            metavar="PATH",
            help="A YAML file: name -> {strategy: ..., settings}; instead of --strategies.",
        ),
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Images to pick; unset: the round's budget.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=out_folder,
            metavar="PATH",
            help="The folder; unset: ./replay-EXPERIMENT-seed-S-ARM-round-N.",
        ),
    ] = None,
    *,
    images: Annotated[bool, typer.Option("--images", help="Draw contact sheets, too.")] = False,
    top: Annotated[int, typer.Option(min=1, help="Images on a contact sheet.")] = 12,
    oracle: Annotated[
        bool, typer.Option("--oracle", help="Count true boxes, which only a simulation knows.")
    ] = False,
) -> None:
    """Show what strategies would pick in a round, from its scores, without changing anything."""
    opened = open_store(store)
    plan = choose_experiment(opened, experiment, read_only=True)
    ref = choose_stage(plan, "select", round_name, arm, seed).round
    picked = choose(plan.config, strategies, arms)
    name = f"replay-{ref.experiment}-seed-{ref.seed}-{ref.arm}-round-{ref.index:03d}"
    where = folder or user_path(name)
    check_folder(where)
    found = compute(opened, plan, ref, picked, budget=budget, by_oracle=oracle)
    sheets = make_sheets(opened, plan, found, top) if images else {}
    write(found, sheets, where)
    for table in tables_of(found):
        show(table)
    for remark in remarks_of(found):
        say(remark)
    say(f"files: {where}")
