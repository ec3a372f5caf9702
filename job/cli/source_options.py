"""A source from options: those of its command, or of one option that holds another command's."""

import inspect
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from typer.main import get_command

from job.cli.lazy_command import make_app
from job.config.validation import describe_errors
from job.data.formats import FORMATS
from job.data.formats.base import Source
from job.data.formats.file_source import Place
from job.data.formats.yolo_description import NO_TEST
from job.errors import UsageError
from job.runtime.names import unknown
from job.runtime.paths import user_path
from job.storage.s3_access import without_keys

LABELS_ONLY = {"test": NO_TEST}
"""Defaults of a source whose test set is not read: who has not named one does not mean it."""
NO_DEFAULTS: Mapping[str, str] = {}
"""Each field has its own."""
_EXPECTED = "expected a format and its options, in one pair of quotes, such as 'voc --root DIR'"


def parameters_of(
    kind: type[Source], defaults: Mapping[str, str] = NO_DEFAULTS
) -> dict[str, inspect.Parameter]:
    """Return the fields of a class of sources as parameters of a command, its own ones first.

    Args:
        kind: The class.
        defaults: Words that take the place of the words that some fields have as their defaults.
    """
    names = sorted(kind.model_fields, key=lambda name: name not in kind.__annotations__)
    found = {name: _parameter(name, kind.model_fields[name]) for name in names}
    others = {name: word for name, word in defaults.items() if _has_word(kind, name)}
    return found | {name: found[name].replace(default=word) for name, word in others.items()}


def make_source(kind: type[Source], options: dict[str, Any]) -> Source:
    """Return the source that options name.

    Raises:
        UsageError: They do not go together.
    """
    try:
        return kind(**_as_fields(kind, options))
    except ValidationError as error:
        message = f"ingest {kind.kind}: {describe_errors(error, kind)}"
        raise UsageError(message) from error


def parse_source(option: str, text: str, defaults: Mapping[str, str] = NO_DEFAULTS) -> Source:
    """Return the source that an option names by a command line of `al-job ingest`.

    Args:
        option: The option, for messages, such as `--labelled`.
        text: A format and its options as they are after `al-job ingest`, such as
            `voc --root folder --pool train`.
        defaults: As in `parameters_of`.

    Raises:
        UsageError: There is no such format, or it has no such options.
        ConfigError: The format cannot be used.
    """
    try:
        name, *arguments = shlex.split(text)
    except ValueError as error:  # nothing, or a quotation without its end
        message = f"{option} {without_keys(text)!r}: {_EXPECTED}"
        raise UsageError(message) from error
    if name not in FORMATS.names():
        message = f"{option}: {unknown(name, FORMATS.names())}; {_EXPECTED}"
        raise UsageError(message)
    kind = FORMATS.load(name, Source)

    def read(**options: Any) -> Source:
        return make_source(kind, options)

    command = command_with(name, read, parameters_of(kind, defaults), add_help_option=False)
    try:
        found = command.main(arguments, prog_name=f"al-job ingest {name}", standalone_mode=False)
    except typer.TyperException as error:
        told = " ".join(error.format_message().split()).rstrip(".")
        message = f"{option}: {name}: {told}; see `al-job ingest {name} --help`"
        raise UsageError(message) from error
    assert isinstance(found, Source)  # noqa: S101 - what `read` returned
    return found


def command_with(
    name: str, run: Callable[..., Any], parameters: dict[str, inspect.Parameter], **settings: Any
) -> Any:
    """Return a command that calls a function with options that are known only now."""
    run.__signature__ = inspect.Signature([*parameters.values()])  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters.values()}
    app = make_app(add_completion=False)
    app.command(name, **settings)(run)
    return get_command(app)


def _as_fields(kind: type[Source], options: dict[str, Any]) -> dict[str, Any]:
    """Return the values of fields by the names that the class is made with."""
    fields = kind.model_fields
    return {
        fields[name].alias or name: _value(name, fields[name], value)
        for name, value in options.items()
    }


def _value(name: str, field: FieldInfo, value: Any) -> Any:
    """Return a path without `~`, another source from its options, or else the value."""
    if isinstance(value, Path):
        return user_path(value)
    if value is not None and _is_source(field):
        return parse_source(_option_of(name, field), value)
    return value


def _has_word(kind: type[Source], name: str) -> bool:
    """Return whether a class has such a field, and a word as its default."""
    return name in kind.model_fields and isinstance(kind.model_fields[name].default, str)


def _is_source(field: FieldInfo) -> bool:
    """Return whether a field is another source, which its option holds the command line of."""
    return field.annotation == Source | None


def _is_place(field: FieldInfo) -> bool:
    """Return whether a field is a folder or a file, on this machine or in a bucket."""
    _, *marks = get_args(Place)
    return field.annotation == Place | None or any(mark in field.metadata for mark in marks)


def _option_of(name: str, field: FieldInfo) -> str:
    return f"--{(field.alias or name).replace('_', '-')}"


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """Return a field of a source as an option: its docstring is the help, its limit the minimum."""
    minimum = None
    for limit in field.metadata:
        if hasattr(limit, "ge"):
            minimum = limit.ge
        elif hasattr(limit, "gt") and field.annotation is int:
            minimum = limit.gt + 1
    option = typer.Option(
        _option_of(name, field),
        help=field.description,
        min=minimum,
        metavar="PLACE" if _is_place(field) else None,
    )
    is_text = _is_source(field) or field.annotation == Place | None
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if field.is_required() else field.get_default(),
        annotation=Annotated[str | None if is_text else field.annotation, option],
    )
