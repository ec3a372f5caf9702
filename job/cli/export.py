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
from job.export.labels import images_to_test_on, write_labels
from job.export.picks import waiting, write_picks
from job.export.target import all_or_nothing, open_target
from job.keys import RoundRef, Stage
from job.storage import open_store

app = make_app(add_completion=False)

OutOption = Annotated[
    str,
    typer.Option("--out", metavar="PLACE", help="An empty or new folder, or s3://bucket/prefix."),
]
EndpointOption = Annotated[
    str | None,
    typer.Option("--out-endpoint", metavar="URL", help="The server of --out; unset: the store's."),
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--out-profile", help="An AWS profile for --out; unset: the store's keys."),
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
    name: Annotated[FormatName, typer.Option("--format", help="The layout of the files.")],
    out: OutOption,
    round_index: LastRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    out_endpoint: EndpointOption = None,
    out_profile: ProfileOption = None,
    *,
    with_test: Annotated[
        bool, typer.Option("--with-test", help="Write the test set, too.")
    ] = False,
) -> None:
    """Write the labelled images with their boxes, as a data set of another layout."""
    io = _read("annotate", store, experiment, round_index, arm, seed)
    target = open_target(out, out_endpoint, out_profile)
    title = f"{_words(io.round)}, labelled up to round {io.round.index}"
    test = images_to_test_on(io) if with_test else []
    layout = FORMATS[name](io.dataset.classes, title)
    with all_or_nothing(target) as files:
        lines = write_labels(files, layout, io.labelled_so_far(), test)
    say("\n".join([title, *lines, f"files: {out}"]))


@app.command()
def picks(
    out: OutOption,
    round_index: LastRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    out_endpoint: EndpointOption = None,
    out_profile: ProfileOption = None,
    *,
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Leave out those whose labels were ingested.")
    ] = False,
) -> None:
    """Write the images that a round picked, to be labelled."""
    io = _read("select", store, experiment, round_index, arm, seed)
    target = open_target(out, out_endpoint, out_profile)
    found, title = io.picks(io.round), f"{_words(io.round)}, picks of round {io.round.index}"
    if not found:
        message = f"{title}: there are none, since budget.initial is 0; name a later --round"
        raise UsageError(message)
    ids = waiting(io.dataset, found) if unlabelled else [pick.id for pick in found]
    with all_or_nothing(target) as files:
        write_picks(files, io.dataset, found, ids)
    say("\n".join([title, f"{len(ids):,} of {len(found):,} images", f"files: {out}"]))


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
