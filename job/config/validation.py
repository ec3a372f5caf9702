"""Pydantic's errors as one line that names each setting."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from job.errors import ConfigError
from job.runtime.names import shortened, unknown

Model = TypeVar("Model", bound=BaseModel)

_WHOLE, _MAPPING = (
    "expected a whole number",
    "expected a mapping of settings, such as {{name: value}}",
)
_EXPECTED = {
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "dict_type": _MAPPING,
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "model_attributes_type": _MAPPING,
    "model_type": _MAPPING,
    "string_type": "expected text: put it in quotes",
    "too_short": "expected a list of {min_length} or more",
    "tuple_type": "expected a list, such as [0, 1, 2]",
}
"""What is said of a type of pydantic's errors that would be told in Python's words."""
_NO_NAME = "is not text, which a name has to be: put it in quotes"


def validated(model: type[Model], content: dict[Any, Any], source: str) -> Model:
    """Return settings as a model.

    Raises:
        ConfigError: One of them is wrong. The message names the source and each wrong setting.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        message = f"{source}: {describe_errors(error, model)}"
        raise ConfigError(message) from error


def split_unknown(
    model: type[BaseModel], content: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return settings without the keys that the model lacks, and the names of those keys."""
    known_only, names = deepcopy(content), []
    try:
        model.model_validate(known_only)
    except ValidationError as error:
        for problem in error.errors():
            if problem["type"] == "extra_forbidden":
                section: Any = known_only
                *path, name = problem["loc"]
                for part in path:  # some name a member of a union, and no key
                    is_list = isinstance(section, list)
                    section = section[part] if is_list else section.get(part, section)
                section.pop(name, None)
                names.append(".".join(map(str, problem["loc"])))
    return known_only, names


def describe_errors(
    error: ValidationError, model: type[BaseModel], beside: Iterable[str] = ()
) -> str:
    """Return in one line what is wrong with settings, and the known names for an unknown one.

    Args:
        error: What pydantic found.
        model: The settings.
        beside: Names of settings that stand beside these, so they are known, too.
    """
    problems: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    for problem in _without_consequences(error.errors()):
        where, section = _find(model, [str(part) for part in problem["loc"]])
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "value_error":
            name, colon, rest = text.partition(": ")  # a section's own check names the setting
            if colon:
                where, text = ".".join(filter(None, [where, name])), rest
        elif problem["type"] == "extra_forbidden":
            names = [field.alias or name for name, field in section.model_fields.items()]
            guess = unknown(where.rpartition(".")[2], [*names, *beside]).partition("; ")[2]
            text = f"unknown key; {guess}"
        elif problem["type"] == "missing":
            text = text.lower()
        elif problem["loc"][-1] == "[key]":
            where, text = where.rsplit(".", 2)[0], f"{problem['input']!r} {_NO_NAME}"
        else:
            words = _EXPECTED.get(problem["type"])
            text = words.format(**problem.get("ctx", {})) if words else text.lower()
            given[where] = f" (given: {shortened(repr(problem['input']))})"
        problems.setdefault(where, []).append(text)
    return "; ".join(
        f"{where}: {' or '.join(texts)}{given.get(where, '')}" for where, texts in problems.items()
    )


def _without_consequences(problems: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Yield what is wrong, without lists that are too short because of what is wrong in them."""
    for each in problems:
        depth = len(each["loc"])
        inside = (other["loc"] for other in problems if len(other["loc"]) > depth)
        if each["type"] != "too_short" or each["loc"] not in {loc[:depth] for loc in inside}:
            yield each


def _find(model: type[BaseModel], location: list[str]) -> tuple[str, type[BaseModel]]:
    """Return the name of the setting at a location, and the section that it lies in."""
    for depth, name in enumerate(location[:-1]):
        if name not in model.model_fields:
            continue
        annotation = model.model_fields[name].annotation
        members = [each for each in get_args(annotation) if each is not NoneType]
        if get_origin(annotation) in {Union, UnionType} and len(members) > 1:
            return ".".join(location[: depth + 1]), model  # what follows names a type
        for candidate in [annotation, *members]:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return ".".join(location), model
