"""`al-job export`: labels, picks and models of an experiment, for other tools."""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import typer

from job.acquisition.strategy import Pick
from job.annotation.batch import Batch, picked_images
from job.annotation.proposals import min_confidence_of, proposals_of
from job.artifacts.round_reader import RoundReader
from job.cli.choose import open_round
from job.cli.export_model import model
from job.cli.lazy_command import make_app
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    SeedOption,
    StoreOption,
    parse_round,
)
from job.cli.output import say
from job.data.dataset import Dataset
from job.errors import UsageError
from job.export.formats import FORMATS, FormatName
from job.export.kili_api import KiliProject
from job.export.kili_send import send as send_to_kili
from job.export.labels import images_to_test_on, write_labels
from job.export.pick_formats import PICK_FORMATS, ToolName
from job.export.pick_formats.kili import KiliPicks
from job.export.picks import answered_picks, waiting, write_batch, write_picks
from job.export.target import all_or_nothing, open_target
from job.keys import RoundRef
from job.storage import Store

app = make_app(add_completion=False)

OutOption = Annotated[
    str,
    typer.Option(
        "--out",
        metavar="PLACE",
        help="An empty or new folder, or s3://, gs:// or az://bucket/prefix.",
    ),
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
    str | None,
    typer.Option(
        "--round",
        parser=parse_round,
        metavar="N",
        help="The round, counted from 0, or test; unset: the last one there is.",
    ),
]
ProposalsOption = Annotated[
    float | None,
    typer.Option(
        "--proposals",
        min=0,
        max=1,
        metavar="CONFIDENCE",
        help="Write boxes of the previous round's model that have at least this confidence.",
    ),
]
LinksOption = Annotated[
    str | None,
    typer.Option(
        "--links",
        metavar="ADDRESS",
        help="Where labelstudio or kili finds the folder images/, such as https://host/batch.",
    ),
]
SendOption = Annotated[
    str | None,
    typer.Option(
        "--send",
        metavar="PROJECT",
        help="Send kili's batch to this project, by its id; the key is in KILI_API_KEY.",
    ),
]


@app.callback(invoke_without_command=True)
def export(context: typer.Context) -> None:
    """Write labelled images, picks that wait for labels, or a model for other programs."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@app.command()
def labels(
    name: Annotated[FormatName, typer.Option("--format", help="The layout of the files.")],
    out: OutOption,
    round_name: LastRoundOption = None,
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
    io = open_round("annotate", store, experiment, round_name, arm, seed)
    target = open_target(out, out_endpoint, out_profile)
    title = f"{_words(io.round)}, labelled up to round {io.round.label}"
    test = images_to_test_on(io) if with_test else []
    layout = FORMATS[name](io.dataset.classes, title)
    with all_or_nothing(target) as files:
        lines = write_labels(files, layout, io.labelled_so_far(), test)
    say("\n".join([title, *lines, f"files: {out}"]))


@app.command()
def picks(
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="PLACE",
            help="An empty or new folder, or s3://, gs:// or az://bucket/prefix; needed unless "
            "--send is given.",
        ),
    ] = None,
    name: Annotated[
        Literal["csv", ToolName], typer.Option("--format", help="The tool to write for.")
    ] = "csv",
    round_name: LastRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    out_endpoint: EndpointOption = None,
    out_profile: ProfileOption = None,
    proposals: ProposalsOption = None,
    links: LinksOption = None,
    send: SendOption = None,
    *,
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Leave out those that have labels already.")
    ] = False,
) -> None:
    """Write the images that a round picked, to be labelled."""
    _check_picks(name, proposals, links, send, out)
    io = open_round("select", store, experiment, round_name, arm, seed)
    target = None if out is None else open_target(out, out_endpoint, out_profile)
    found, title = io.picks(io.round), f"{_words(io.round)}, picks of round {io.round.label}"
    if not found:
        message = f"{title}: there are none, since budget.initial is 0; name a later --round"
        raise UsageError(message)
    ids = [pick.id for pick in found]
    if unlabelled:
        ids = waiting(io.dataset, found, answered_picks(io, found))
    lines = [title, f"{len(ids):,} of {len(found):,} images"]
    if name != "csv":
        batch = _batch(io, found, ids, _min_confidence(io, proposals), links, target)
        lines += _write_or_send(io.dataset, batch, name, target, send)
    elif target is not None:  # it was asked for, or else the options were refused
        with all_or_nothing(target) as files:
            write_picks(files, io.dataset, found, ids)
    say("\n".join([*lines, *([] if out is None else [f"files: {out}"])]))


app.command()(model)


def _write_or_send(
    dataset: Dataset, batch: Batch, name: ToolName, target: Store | None, project: str | None
) -> list[str]:
    """Write a batch and send it, where each is asked for, and return what there is in lines."""
    layout, lines = PICK_FORMATS[name](batch), list[str]()
    kili = None if project is None else KiliProject(project)  # without a key, nothing is written
    if target is not None:
        with all_or_nothing(target) as files:
            lines += write_batch(files, dataset, layout, name)
    if kili is not None and isinstance(layout, KiliPicks):
        lines += send_to_kili(layout, dataset, kili)
    return lines


def _check_picks(
    name: str, proposals: float | None, links: str | None, send: str | None, out: str | None
) -> None:
    """Refuse options that have no effect in a layout, and a batch that goes nowhere."""
    message = ""
    linking = [tool for tool, layout in PICK_FORMATS.items() if layout.takes_links]
    if proposals is not None and name == "csv":
        tools = ", ".join(get_args(ToolName))
        message = f"--proposals: --format csv has no boxes; name the tool ({tools})"
    elif links is not None and name not in linking:
        message = f"--links: --format {name} has files and no links; {', '.join(linking)} have them"
    elif send is not None and name != "kili":
        message = f"--send: --format {name} is sent nowhere; only kili is"
    elif send is None and out is None:
        message = "--out is missing: name the place to write to"
    if message:
        raise UsageError(message)


def _min_confidence(io: RoundReader, given: float | None) -> float | None:
    """Return the least confidence of proposals, which is a setting where people are shown them.

    Raises:
        UsageError: The option says something else, and accounts of the round would be wrong.
    """
    if not io.config.annotation.is_by_people:
        return given
    wanted = min_confidence_of(io)
    if given is not None and given != wanted:
        told = "has none in this round" if wanted is None else f"says {wanted:g}"
        message = f"--proposals {given:g}: annotation.proposals of the experiment {told}"
        raise UsageError(message)
    return wanted


def _batch(
    io: RoundReader,
    found: Sequence[Pick],
    ids: Sequence[str],
    min_confidence: float | None,
    links: str | None,
    target: Store | None,
) -> Batch:
    """Return the picks that are exported, as a batch for a tool."""
    wanted = frozenset(ids)
    proposed = {} if min_confidence is None else proposals_of(io, ids, min_confidence)
    images = picked_images(io.dataset, io.round, found, proposed)
    return Batch(
        ref=io.round,
        classes=io.dataset.classes,
        images=tuple(image for image in images if image.id in wanted),
        num_picks=len(found),
        min_confidence=min_confidence,
        place="" if target is None else target.url,
        links=links and links.rstrip("/"),
    )


def _words(ref: RoundRef) -> str:
    arm = f", arm {ref.arm}" if ref.arm else ""
    seed = "" if ref.is_test else f", seed {ref.seed}"
    return f"{ref.experiment}{seed}{arm}"
