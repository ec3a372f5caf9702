"""`al-job ingest`: data sets from sources, and labels for images that they have."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from job.cli.format_commands import FormatCommands, tell
from job.cli.ingest_auto import app as auto
from job.cli.lazy_command import make_app
from job.cli.options import STATE, StoreOption
from job.cli.source_options import LABELS_ONLY, make_source, parse_source
from job.data.formats.base import Source
from job.data.ingest.groups import make_rule
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.errors import UsageError
from job.runtime.paths import user_path
from job.storage import open_store

NameOption = Annotated[str, typer.Option("--name", help="The data set's name in the store.")]
LabelledOption = Annotated[
    str | None,
    typer.Option(
        "--labelled",
        metavar="'FORMAT OPTIONS'",
        help="Images of the pool whose labels come along, by a format and its options, such as "
        "'voc --root DIR --pool train'. They cost nothing, and no round picks them.",
    ),
]
AppendOption = Annotated[
    bool,
    typer.Option("--append", help="Add images to the pool of the data set, as a new version."),
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="List bad images and boxes, and leave them out.")
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Validate everything and list all problems; write nothing."),
]
GroupsOption = Annotated[
    Path | None,
    typer.Option(
        "--groups",
        metavar="FILE",
        parser=user_path,
        help="CSV file with the columns id and group, such as the video of each frame.",
    ),
]
GroupByOption = Annotated[
    str | None,
    typer.Option(
        "--group-by",
        metavar="REGEX",
        help=r"Regular expression whose first (...) is the group in an id, such as '(.+)_\d+'.",
    ),
]
DatasetOption = Annotated[str, typer.Option("--dataset", help="The data set that has the images.")]
CorrectOption = Annotated[
    bool, typer.Option("--correct", help="Replace labels that differ from the new ones.")
]


def ingest_images(
    kind: type[Source],
    own: dict[str, Any],
    *,
    name: NameOption,
    labelled: LabelledOption = None,
    append: AppendOption = False,
    groups: GroupsOption = None,
    group_by: GroupByOption = None,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Make a data set of a source, or add its images to one."""
    sources = [make_source(kind, own)]
    if labelled is not None:
        sources.append(parse_source("--labelled", labelled, LABELS_ONLY))
    rule = make_rule(groups, group_by)
    for source in sources:
        source.prepare()
    summary = ingest(
        open_store(store),
        sources[0],
        name,
        labelled=sources[1] if labelled is not None else None,
        append=append,
        groups=rule,
        skip_bad=skip_bad,
        dry_run=dry_run,
    )
    tell(summary, name)


def add_labels(
    kind: type[Source],
    own: dict[str, Any],
    *,
    dataset: DatasetOption,
    correct: CorrectOption = False,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Give images of a data set the labels of a source."""
    source = make_source(kind, own)
    source.prepare()
    summary = ingest_labels(
        open_store(store), source, dataset, correct=correct, skip_bad=skip_bad, dry_run=dry_run
    )
    tell(summary, dataset)


class LabelCommands(FormatCommands):
    """The formats that labels come in.

    Without a label file, an image is one that nobody has labelled yet, and not one without objects.
    """

    action = staticmethod(add_labels)
    defaults: ClassVar = {**LABELS_ONLY, "missing_annotation": "refuse"}


labels = make_app(cls=LabelCommands, add_completion=False)


@labels.callback(invoke_without_command=True)
def show_formats_of_labels(context: typer.Context) -> None:
    """Add labels to images that a data set has, or correct labels, as a new version of it.

    An image belongs to the pool's one with the same bytes, or else to that with the same id and
    size.
    """
    _show_help(context)


class ImageCommands(FormatCommands):
    """The formats that data sets are made from, `auto` and `labels`."""

    action = staticmethod(ingest_images)
    others: ClassVar = {"auto": auto, "labels": labels}


app = make_app(cls=ImageCommands, add_completion=False)


@app.callback(invoke_without_command=True)
def show_formats(context: typer.Context) -> None:
    """Turn a source of images into the data set datasets/NAME, or add to one."""
    _show_help(context)


def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)
