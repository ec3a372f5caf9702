"""Commands that are listed by name and short help, and imported when they are invoked."""

from importlib import import_module
from typing import Any

from typer import Typer
from typer.core import TyperCommand
from typer.main import get_command

from job.runtime.signals import ending_at_once


def make_app(**settings: Any) -> Typer:
    """Return a Typer application that prints plain text, without boxes or colours."""
    return Typer(rich_markup_mode=None, pretty_exceptions_enable=False, **settings)


class LazyCommand(TyperCommand):
    """Stands for a command until it is invoked.

    The recipe of Click's LazyGroup, with the short help in the table as well: to list the commands
    or to complete their names imports none of them.
    """

    def __init__(self, name: str, place: str, short_help: str, *, hidden: bool) -> None:
        """Stand for a command.

        Args:
            name: The command's name.
            place: "module:attribute"; the attribute is a function, or an application with commands.
            short_help: One sentence for the list of commands.
            hidden: Whether the list leaves it out.
        """
        super().__init__(name, short_help=short_help, hidden=hidden)
        self.place = place

    def load(self) -> Any:
        """Return the command itself."""
        module, _, attribute = self.place.partition(":")
        with ending_at_once():
            found = getattr(import_module(module), attribute)
        if isinstance(found, Typer):
            return get_command(found)
        app = make_app(add_completion=False)
        app.command(self.name)(found)
        return get_command(app)

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Return the context of the command itself, which Click then invokes or completes."""
        return self.load().make_context(*arguments, **settings)
