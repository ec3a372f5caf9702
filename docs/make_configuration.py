"""Prints docs/configuration.md: every setting, from its type and the docstring under it."""

import sys
from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from job.config.loading import preset_names
from job.config.schema import ArmConfig, Config

INTRODUCTION = """# Configuration

One YAML file describes an experiment: `al-job run FILE`. A preset of the package needs no file:
`al-job run PRESET`, with one of {presets}.

An unknown setting is refused, with the closest known one. A setting that may be unset takes `null`
for that. A section of which only the name is there has its defaults.

The file may come through a pipe: `al-job run <(envsubst < mine.yaml)`. It is read by the core
schema of YAML 1.2. So `no`, `on` and `1:30` are text, and `010` is ten. A key that is twice in a
mapping is refused, and so is `true` for a number. Merge keys are taken:

```yaml
arms:
  sum: &sum {{strategy: brust, class_weights: true}}
  max: {{<<: *sum, aggregation: max}}
```

`al-job run` and `al-job init` keep the configuration in the store as `experiment.yaml`, with every
default written out. From then on rounds, seeds, arms and full supervision may be added, a test set
from the pool may grow, and `runtime` may change, and all of `annotation` while people annotate, but
nothing else.

`runtime` can also be set for one invocation. `--set runtime.threads=4` counts more than the
environment variable `AL_RUNTIME_THREADS=4`, and that counts more than the configuration. Every
setting of `runtime` has such a variable. Neither is kept in the store.

`make docs` makes this page from the docstrings in `job/config/`.
"""


def reference() -> str:
    """Return the page."""
    presets = ", ".join(f"`{name}`" for name in preset_names())
    parts = [INTRODUCTION.format(presets=presets), *_section(Config, "")]
    return "\n".join(parts)


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    title = f"`{prefix}`" if prefix else "Top level"
    yield f"## {title}\n\n{model.__doc__}\n"
    yield "| setting | values | default | |\n| --- | --- | --- | --- |"
    inner = []
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        key = f"{prefix}.{name}" if prefix else name
        if section := _model_in(field.annotation):
            inner.append(
                (section, f"{key}.<name>" if get_origin(field.annotation) is dict else key)
            )
        text = " ".join((field.description or _first_line(section)).split()).replace("|", "\\|")
        yield f"| `{key}` | {_values(field)} | {_default(field)} | {text} |"
    yield ""
    for section, key in inner:
        if section is not ArmConfig or key != "cold_start":
            yield from _section(section, key)


def _first_line(section: type[BaseModel] | None) -> str:
    return (section.__doc__ or "") if section else ""


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a type is, or contains."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _values(field: FieldInfo) -> str:
    """Return the type with its bounds, and null for a setting that may be unset."""
    null = ["`null`"] if NoneType in get_args(field.annotation) else []
    return " or ".join([", ".join([_type(field.annotation), *_bounds(field.metadata)]), *null])


def _bounds(metadata: Iterable[object]) -> list[str]:
    return [
        f"{sign} {getattr(limit, name)}"
        for limit in metadata
        for name, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))
        if getattr(limit, name, None) is not None
    ]


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if _model_in(annotation):
        return "mapping" if origin is dict else "section"
    if origin in {Union, UnionType}:
        return " or ".join(_type(each) for each in arguments if each is not NoneType)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if hasattr(annotation, "__metadata__"):
        return ", ".join([_type(arguments[0]), *_bounds(annotation.__metadata__)])
    if isinstance(annotation, type):
        return {int: "integer", float: "number", str: "text", bool: "true, false"}[annotation]
    return ", ".join(f"`{each}`" for each in arguments)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if _model_in(field.annotation):
        return "" if field.default else "`null`"
    if field.default is None:
        return "`null`"
    shown = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
