"""`al-job replay`: what other strategies would have picked."""

from pathlib import Path
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
    out,
)
from job.storage import open_store

if TYPE_CHECKING:
    from job import experiment as experiments
    from job.cli import choose as choosing
else:
    experiments = lazy("job.experiment")
    choosing = lazy("job.cli.choose")

app = typer.Typer()


@app.command()
def replay(
    round_index: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    strategies: Annotated[
        str | None, typer.Option(help="Names, separated by commas; unset: the experiment's arms.")
    ] = None,
    arms: Annotated[
        Path | None, typer.Option(help="A YAML file: name -> {strategy: ..., settings}.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Images to pick; unset: as many as the round has.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where files go; unset: ./replay-...")
    ] = None,
    *,
    images: Annotated[bool, typer.Option("--images", help="Also draw contact sheets.")] = False,
    top: Annotated[int, typer.Option(min=1, help="Images on a contact sheet.")] = 12,
    oracle: Annotated[
        bool, typer.Option("--oracle", help="Count true boxes, which only a simulation knows.")
    ] = False,
) -> None:
    """Show what strategies would pick in a round, from its scores; nothing of it is touched."""
    from job.replay import arms as chosen  # noqa: PLC0415 - `--help` should not wait for it
    from job.replay import replay as compare  # noqa: PLC0415
    from job.replay import write

    opened = open_store(store)
    plan = choosing.choose_experiment(opened, experiment)
    ref = choosing.choose_stage(plan, "select", round_index, arm, seed).round
    picked = chosen.choose(plan.config, strategies, arms)
    where = folder or Path(f"replay-{ref.experiment}-{ref.arm}-round-{ref.index:03d}")
    write.check_out(where)
    found = compare.replay(opened, plan, ref, picked, budget=budget, by_oracle=oracle)
    sheets = compare.sheets(opened, plan, found, top) if images else {}
    write.write(found, sheets, where)
    for table in write.tables_of(found):
        out.print(table)
    out.print(f"files: {where}", markup=False, soft_wrap=True)
