"""Pydantic's errors as one line that names each setting."""

from copy import deepcopy
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from job.errors import ConfigError
from job.runtime.names import shortened, unknown

Model = TypeVar("Model", bound=BaseModel)


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


def describe_errors(error: ValidationError, model: type[BaseModel]) -> str:
    """Return in one line what is wrong with settings, and the known names for an unknown one."""
    problems: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    for problem in error.errors():
        where, section = _find(model, [str(part) for part in problem["loc"]])
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "value_error":
            name, colon, rest = text.partition(": ")  # a section's own check names the setting
            if colon:
                where, text = ".".join(filter(None, [where, name])), rest
        elif problem["type"] == "extra_forbidden":
            guess = unknown(where.rpartition(".")[2], section.model_fields).partition("; ")[2]
            text = f"unknown key; {guess}"
        elif problem["type"] == "missing":
            text = text.lower()
        else:
            text, given[where] = text.lower(), f" (given: {shortened(repr(problem['input']))})"
        problems.setdefault(where, []).append(text)
    return "; ".join(
        f"{where}: {' or '.join(texts)}{given.get(where, '')}" for where, texts in problems.items()
    )


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
