"""The data formats as commands, each made from the options of the format's class."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, Protocol

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from job.cli.output import say
from job.cli.source_options import NO_DEFAULTS, command_with, parameters_of
from job.data.formats import FORMATS
from job.data.formats.base import Source
from job.errors import BadDataError, ConfigError, UsageError
from job.runtime.names import unknown


class Summary(Protocol):
    """What an ingest tells at its end."""

    @property
    def is_accepted(self) -> bool:
        """Whether what was asked for is written; of a dry run, whether it would be."""

    def lines(self) -> list[str]:
        """Return the lines to print."""


class BrokenCommand(TyperCommand):
    """Stands for a format that cannot be used: it is listed, and its error ends its own command."""

    def __init__(self, name: str, error: ConfigError) -> None:
        """Stand for a format."""
        super().__init__(name, short_help=f"Broken: `al-job ingest {name}` says why.")
        self.error = error

    def make_context(self, *_: Any, **__: Any) -> NoReturn:
        """Raise the error."""
        raise self.error


class FormatCommands(TyperGroup):
    """The data formats as commands: one is imported when it is asked for by its name."""

    action: ClassVar[Callable[..., None]]
    """What each command does, of a class of sources, its own options and those of every format.
    The latter are its keyword arguments."""
    defaults: ClassVar[Mapping[str, str]] = {}
    """As in `parameters_of`."""
    others: ClassVar[Mapping[str, typer.Typer]] = {}
    """Commands of the group that are not formats."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - Click's signature
        """Return the names of all formats, and then those of the other commands."""
        return [*FORMATS.names(), *self.others]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name; while a shell completes, None if there is no such one.

        Raises:
            UsageError: There is no such format; the message names the known ones.
        """
        if cmd_name in self.others:
            return get_command(self.others[cmd_name])
        if cmd_name not in FORMATS.names():
            if ctx.resilient_parsing:
                return None
            message = f"ingest: {unknown(cmd_name, self.list_commands(ctx))}"
            raise UsageError(message)
        try:
            source = FORMATS.load(cmd_name, Source)
            return make_command(cmd_name, source, type(self).action, self.defaults)
        except ConfigError as error:
            return BrokenCommand(cmd_name, error)


def make_command(
    name: str,
    source: type[Source],
    action: Callable[..., None],
    defaults: Mapping[str, str] = NO_DEFAULTS,
) -> Any:
    """Return the command that does something with sources of one class.

    Its options are the class's fields, with some other `defaults`, and then those of every format.

    Raises:
        ConfigError: A field has the name of an option that every format has.
    """
    common = {
        parameter.name: parameter
        for parameter in inspect.signature(action).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    for taken in sorted(source.model_fields.keys() & {*common, "help"}):
        message = f"data format {name!r}: {taken} is an option of every format; rename the field"
        raise ConfigError(message)
    parameters = parameters_of(source, defaults) | common
    if not source.may_be_bad:
        del parameters["skip_bad"]

    def run(**options: Any) -> None:
        own = {name: options.pop(name) for name in source.model_fields}
        action(source, own, **options)

    return command_with(name, run, parameters, help=inspect.getdoc(source))


def tell(summary: Summary, name: str) -> None:
    """Print a summary.

    Raises:
        BadDataError: It is that of a dry run that found what would be refused.
    """
    say("\n".join(summary.lines()))
    if not summary.is_accepted:
        message = f"{name}: ingest would refuse this source for the problems that are listed above"
        raise BadDataError(message)
