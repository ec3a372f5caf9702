"""`al-job ingest`: a command for each data format, made from the options of the format's class."""

import inspect
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from job.cli.lazy_command import make_app
from job.cli.options import STATE, StoreOption
from job.cli.output import say
from job.cli.source_options import command_with, make_source, parameters_of
from job.data.formats import FORMATS
from job.data.formats.base import Source
from job.data.ingest.groups import make_rule
from job.data.ingest.ingest import ingest
from job.errors import BadDataError, ConfigError, UsageError
from job.runtime.names import unknown
from job.runtime.paths import user_path
from job.storage import open_store

NameOption = Annotated[str, typer.Option("--name", help="The data set's name in the store.")]
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


class BrokenCommand(TyperCommand):
    """Stands for a format that cannot be used: it is listed, and its error ends its own command."""

    def __init__(self, name: str, error: ConfigError) -> None:
        """Stand for a format."""
        super().__init__(name, short_help=f"Broken: `al-job ingest {name}` says why.")
        self.error = error

    def make_context(self, *_: Any, **__: Any) -> NoReturn:
        """Raise the error."""
        raise self.error


class Formats(TyperGroup):
    """The data formats as commands: one is imported when it is asked for by its name."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - Click's signature
        """Return the names of all formats."""
        return FORMATS.names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a format's command; while a shell completes, None if there is no such format.

        Raises:
            UsageError: There is no such format; the message names the known ones.
        """
        if cmd_name not in FORMATS.names():
            if ctx.resilient_parsing:
                return None
            message = f"ingest: {unknown(cmd_name, FORMATS.names())}"
            raise UsageError(message)
        try:
            return make_command(cmd_name, FORMATS.load(cmd_name, Source))
        except ConfigError as error:
            return BrokenCommand(cmd_name, error)


app = make_app(cls=Formats, add_completion=False)


@app.callback(invoke_without_command=True)
def show_formats(context: typer.Context) -> None:
    """Turn a source of images into the data set datasets/NAME."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


def make_command(name: str, source: type[Source]) -> Any:
    """Return the command that ingests from sources of one class.

    Its options are the class's fields, and then those of every format.

    Raises:
        ConfigError: A field has the name of an option that every format has.
    """
    common = {
        parameter.name: parameter
        for parameter in inspect.signature(_ingest).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    for taken in sorted(source.model_fields.keys() & {*common, "help"}):
        message = f"data format {name!r}: {taken} is an option of every format; rename the field"
        raise ConfigError(message)
    parameters = parameters_of(source) | common
    if not source.may_be_bad:
        del parameters["skip_bad"]

    def run(**options: Any) -> None:
        own = {name: options.pop(name) for name in source.model_fields}
        _ingest(source, own, **options)

    return command_with(name, run, parameters, help=inspect.getdoc(source))


def _ingest(  # its keyword arguments are options of every format
    kind: type[Source],
    own: dict[str, Any],
    *,
    name: NameOption,
    groups: GroupsOption = None,
    group_by: GroupByOption = None,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    source = make_source(kind, own)
    rule = make_rule(groups, group_by)
    source.prepare()
    summary = ingest(
        open_store(store), source, name, groups=rule, skip_bad=skip_bad, dry_run=dry_run
    )
    say("\n".join(summary.lines()))
    if not summary.is_accepted:
        message = f"{name}: ingest would refuse this source for the problems that are listed above"
        raise BadDataError(message)
