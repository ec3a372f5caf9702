"""`al-job export`: labels and picks of an experiment, for other tools."""

from typing import Annotated

import typer

from job.artifacts.round_reader import RoundReader
from job.cli.choose import choose_experiment, choose_last, choose_stage
from job.cli.lazy_command import make_app
from job.cli.options import STATE, ArmOption, ExperimentOption, SeedOption, StoreOption
from job.cli.output import say
from job.errors import UsageError
from job.export.formats import FORMATS, FormatName
from job.export.labels import images_of, write_labels
from job.export.picks import write_picks
from job.export.target import all_or_nothing
from job.keys import RoundRef, Stage
from job.storage import open_store

app = make_app(add_completion=False)

OutOption = Annotated[
    str,
    typer.Option("--out", metavar="PLACE", help="An empty or new folder, or s3://bucket/prefix."),
]
LastRoundOption = Annotated[
    int | None,
    typer.Option("--round", min=0, help="The round, counted from 0; unset: the last one there is."),
]


@app.callback(invoke_without_command=True)
def export(context: typer.Context) -> None:
    """Write labelled images, or picks that wait for labels, as files for other tools."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@app.command()
def labels(
    layout: Annotated[FormatName, typer.Option("--format", help="The layout of the files.")],
    out: OutOption,
    round_index: LastRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    *,
    with_test: Annotated[
        bool, typer.Option("--with-test", help="Write the test set, too.")
    ] = False,
) -> None:
    """Write the labelled images with their boxes, as a data set of another layout."""
    io = _read("annotate", store, experiment, round_index, arm, seed)
    images = images_of(io, with_test=with_test)
    title = f"{_words(io.round)}, labelled up to round {io.round.index}"
    with all_or_nothing(out) as files:
        lines = write_labels(files, FORMATS[layout](io.dataset.classes, title), images)
    say("\n".join([title, *lines, f"files: {out}"]))


@app.command()
def picks(
    out: OutOption,
    round_index: LastRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
) -> None:
    """Write the images that a round picked, to be labelled."""
    io = _read("select", store, experiment, round_index, arm, seed)
    found = io.picks(io.round)
    with all_or_nothing(out) as files:
        write_picks(files, io.dataset, found)
    title = f"{_words(io.round)}, picks of round {io.round.index}"
    say("\n".join([title, f"{len(found):,} images", f"files: {out}"]))


def _read(
    stage: Stage,
    store: str,
    experiment: str | None,
    round_index: int | None,
    arm: str | None,
    seed: int | None,
) -> RoundReader:
    """Return the reader of the round that is meant: unset, the last one with the stage done."""
    opened = open_store(store)
    plan = choose_experiment(opened, experiment, read_only=True)
    if round_index is None:
        ref = choose_last(opened, plan, stage, arm, seed)
    else:
        ref = choose_stage(plan, stage, round_index, arm, seed)
    return RoundReader(opened, plan, ref.round)


def _words(ref: RoundRef) -> str:
    arm = f", arm {ref.arm}" if ref.arm else ""
    return f"{ref.experiment}, seed {ref.seed}{arm}"
