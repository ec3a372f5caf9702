"""YAML that people write: one way to read it, and one way to write what is read so.

It is read by the core schema of YAML 1.2 (chapter 10.3). So `no` and `on` are text, `1:30` is text,
and `010` is ten. Merge keys, which YAML 1.2 no longer has, are taken as well.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from typing import Any, Literal

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from job.errors import AlJobError, ConfigError

_TAG = "tag:yaml.org,2002:"
_NUMBER = list("-+.0123456789")

Schema = Literal["core", "stored"]
"""What people write, and what older versions have stored by PyYAML's own rules."""


class _UniqueKeys(yaml.SafeLoader):
    """PyYAML's loader, with a refusal of a key that is twice in a mapping."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Return the node of a mapping in which no key is twice.

        Nothing is merged into it yet, so a key may override a merged one.
        """
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[object] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            value = key.value if key.tag == f"{_TAG}merge" else self.construct_object(key)
            if value in seen:
                raise ComposerError(None, None, f"{value!r} is there twice", key.start_mark)
            seen.add(value)
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put what a mapping merges before its own keys.

        Of several merged mappings, the first one that has a key counts. PyYAML takes the last.
        """
        own, merged = [], []
        for key, value in node.value:
            if key.tag != f"{_TAG}merge":
                own.append((key, value))
                continue
            for each in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(each, yaml.MappingNode):
                    raise ConstructorError(None, None, "<< is not a mapping", each.start_mark)
                self.flatten_mapping(each)
                merged.append(each.value)
        node.value = [pair for pairs in reversed(merged) for pair in pairs] + own


class _CoreSchema(_UniqueKeys):
    """The core schema: its tags and no others."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own
    yaml_constructors = {  # noqa: RUF012 - PyYAML's own
        tag: yaml.SafeLoader.yaml_constructors[tag]
        for tag in (f"{_TAG}str", f"{_TAG}seq", f"{_TAG}map", None)
    }


class _Dumper(yaml.SafeDumper):
    """Puts text in quotes that a reader of YAML 1.1 or 1.2 takes for something else."""


def _whole_number(text: str) -> int:
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _number(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_CORE: dict[str, tuple[str, list[str], Callable[[str], object]]] = {
    "null": (r"null|Null|NULL|~|", [*"nN~", ""], lambda _: None),
    "bool": (r"true|True|TRUE|false|False|FALSE", [*"tTfF"], lambda text: text.lower() == "true"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", _NUMBER, _whole_number),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        _NUMBER,
        _number,
    ),
}
"""Tag -> what its plain scalars look like, the letters they begin with, and what they mean."""


def _constructor(
    tag: str, pattern: re.Pattern[str], meaning: Callable[[str], object]
) -> Callable[[_CoreSchema, yaml.ScalarNode], object]:
    def construct(loader: _CoreSchema, node: yaml.ScalarNode) -> object:
        text = str(loader.construct_scalar(node))
        try:
            if pattern.fullmatch(text):  # always, unless the tag is written out
                return meaning(text)
        except ValueError:  # more digits than Python reads
            pass
        raise ConstructorError(None, None, f"not a value of the type {tag}", node.start_mark)

    return construct


for _name, (_looks, _begins, _means) in _CORE.items():
    _pattern = re.compile(f"(?:{_looks})$")
    _CoreSchema.add_implicit_resolver(f"{_TAG}{_name}", _pattern, _begins)
    _CoreSchema.add_constructor(f"{_TAG}{_name}", _constructor(_name, _pattern, _means))
    _Dumper.add_implicit_resolver(f"{_TAG}{_name}", _pattern, _begins)
_CoreSchema.add_implicit_resolver(f"{_TAG}merge", re.compile("<<$"), ["<"])
# To the YAML of Kubernetes and Helm, y and n are booleans.
_Dumper.add_implicit_resolver(f"{_TAG}bool", re.compile("[yYnN]$"), [*"yYnN"])


def read_yaml(text: str, source: str, error: type[AlJobError] = ConfigError) -> Any:
    """Return what a YAML document says.

    Args:
        text: The YAML. If there is no document in it, it says None.
        source: Where it came from, for messages.
        error: What to raise.

    Raises:
        AlJobError: It is not YAML, it has several documents, or a key is twice in a mapping.
    """
    documents = _read(text, source, error, "core")
    if len(documents) > 1:
        message = f"{source}: expected one YAML document, found {len(documents)}"
        raise error(message)
    return documents[0] if documents else None


def read_yaml_documents(text: str, source: str) -> list[Any]:
    """Return what each YAML document of a text says; the errors are those of `read_yaml`."""
    return _read(text, source, ConfigError, "core")


def read_stored_yaml(text: str, source: str) -> Any:
    """Return what was written by `write_yaml`, or by an older version with PyYAML's quotes.

    Raises:
        ConfigError: It is not YAML, or a key is twice in a mapping.
    """
    return next(iter(_read(text, source, ConfigError, "stored")), None)


def write_yaml(*documents: object) -> str:
    """Return content as YAML, with the keys of mappings in their order."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _read(text: str, source: str, error: type[AlJobError], schema: Schema) -> list[Any]:
    try:
        return deepcopy(_parse(text, schema))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        words = ", ".join(filter(None, [problem.context, problem.problem]))
    except yaml.YAMLError as problem:  # a letter that YAML does not allow
        where, words = "", " ".join(str(problem).split())
    except RecursionError:
        where, words = "", "it is nested too deeply"
    message = f"{source}: not YAML: {where}{words}"
    raise error(message)


@lru_cache(maxsize=16)
def _parse(text: str, schema: Schema) -> list[Any]:
    """Return the documents of a text. It is kept: a run reads its configuration several times."""
    return list(yaml.load_all(text, _CoreSchema if schema == "core" else _UniqueKeys))
