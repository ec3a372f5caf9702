"""`al-job detectors`: which detectors there are, and what is known of one. Nothing loads torch."""

import inspect
from collections.abc import Iterator
from typing import Annotated

import typer

from job.cli.output import say, show
from job.config.section import default_of
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.registry import DETECTORS
from job.errors import ConfigError
from job.runtime.tables import TextTable


def detectors(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show its settings, sizes and weights."),
    ] = None,
) -> None:
    """List the detectors of this package and of others that are installed, or show one of them."""
    if name is None:
        _list()
        return
    for line in _lines_of(name, DETECTORS.load(name, Architecture)):
        say(line)


def _list() -> None:
    """Print a table of all that can be used, and a line for each that cannot."""
    columns = ("detector", "what it is", "size", "weights of the hub", "licence")
    table, broken = TextTable("", columns, columns), []
    for name in DETECTORS.names():
        try:
            found = DETECTORS.load(name, Architecture)
        except ConfigError as error:
            broken.append(str(error))
        else:
            weights = ", ".join(found.hub_weights.values()) or "none"
            table.rows.append((name, _first_sentence(found), _sizes(found), weights, found.licence))
    show(table)
    for message in broken:
        say(f"broken: {message}")


def _lines_of(name: str, found: type[Architecture]) -> Iterator[str]:
    yield f"{name}: {inspect.cleandoc(found.__doc__ or '')}"
    yield f"  size       {_sizes(found)} pixels"
    ...
