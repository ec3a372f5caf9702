"""Pydantic's errors as one line that names each key."""

from copy import deepcopy
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    ValidationError,
)

from job.errors import ConfigError
from job.runtime.names import known

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], content: dict[Any, Any], source: str) -> Model:
    """Return settings as a model.

    Raises:
        ConfigError: One of them is wrong; the message names the source and each key.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        message = f"{source}: {describe(error, model)}"
        raise ConfigError(message) from error


def without_unknown(model: type[BaseModel], content: dict[str, Any]) -> dict[str, Any]:
    """Return settings without the keys that the model lacks: a newer version wrote them."""
    known_only = deepcopy(content)
    try:
        model.model_validate(known_only)
    except ValidationError as error:
        for problem in error.errors():
            if problem["type"] == "extra_forbidden":
                section: Any = known_only
                *path, name = problem["loc"]
                for part in path:
                    section = section[part]
                del section[name]
    return known_only


def describe(error: ValidationError, model: type[BaseModel]) -> str:
    """Say in one line what is wrong with settings, naming the known keys beside an unknown one."""
    problems = []
    for problem in error.errors():
        location = [str(part) for part in problem["loc"]]
        where = ".".join(location)
        if problem["type"] == "extra_forbidden":
            owner = _section(model, location[:-1])
            problems.append(f"{where}: unknown key; {known(owner.model_fields)}")
        elif problem["type"] == "value_error":
            text = problem["msg"].removeprefix("Value error, ")
            problems.append(".".join([*location, text]))
        else:
            given = "" if problem["type"] == "missing" else f" (given: {problem['input']!r})"
            problems.append(f"{where}: {problem['msg'].lower()}{given}")
    return "; ".join(problems)


def _section(model: type[BaseModel], location: list[str]) -> type[BaseModel]:
    """The section of the configuration that a key lies in."""
    for name in location:
        annotation = model.model_fields[name].annotation if name in model.model_fields else None
        for candidate in getattr(annotation, "__args__", (annotation,)):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return model
