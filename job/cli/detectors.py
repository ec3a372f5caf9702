"""`al-job detectors`: which detectors there are, and what is known of one. Nothing loads torch."""

import inspect
from collections.abc import Collection, Iterator
from typing import Annotated, Any

import typer

from job.cli.output import say, show
from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.registry import DETECTORS
from job.errors import ConfigError
from job.runtime.tables import TextTable


def detectors(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show this one, with its settings."),
    ] = None,
) -> None:
    """List the detectors of al-voc and of other packages that are installed, or show one."""
    if name is None:
        _list()
        return
    for line in _lines_of(name, DETECTORS.load(name, Architecture)):
        say(line)


def _list() -> None:
    """Print a table of those that can be used, and a line for each that cannot."""
    table, broken = TextTable("", ("detector", "what it is"), ("detector", "what it is")), []
    for name in DETECTORS.names():
        try:
            found = DETECTORS.load(name, Architecture)
        except ConfigError as error:
            broken.append(str(error))
        else:
            table.rows.append((name, _first_sentence(found)))
    show(table)
    for message in broken:
        say(message)


def _first_sentence(found: type[Architecture]) -> str:
    return inspect.cleandoc(found.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _lines_of(name: str, kind: type[Architecture]) -> Iterator[str]:
    """Yield what is known of a detector before it is built."""
    found = kind.model_construct()  # also if a setting is required
    hub = _hub_of(name, kind, found)
    told = {
        "size": "any" if found.sizes is None else _words(found.sizes),
        "width": "any" if found.widths is None else _words(found.widths),
        "weights of the hub": hub,
        **({} if hub == "none" else {"their licence": found.licence or "not known"}),
        "train.freeze": "stages or backbone" if found.num_early_layers else "backbone",
    }
    yield f"{name}: {_first_sentence(kind)}"
    yield from (f"  {what:<20}{words}" for what, words in told.items())
    for setting, field in kind.model_fields.items():
        default = "required" if field.is_required() else f"by default {field.default}"
        yield f"  {setting:<20}{default}. {' '.join((field.description or '').split())}"


def _hub_of(name: str, kind: type[Architecture], found: Architecture) -> str:
    """Return the names of the weights that the hub has for the default settings."""
    if kind.check_hub is not Architecture.check_hub:
        return "those of its settings"
    whole = found.hub_detector(DetectorConfig(model=name))
    backbones = [f"{each} (backbone)" for each in found.hub_weights.values()]
    return ", ".join([*backbones, *([f"{whole} (weights)"] if whole else [])]) or "none"


def _words(values: Collection[Any]) -> str:
    return " or ".join(map(str, sorted(values)))
