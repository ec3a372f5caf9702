"""JSON and YAML objects in the store: each says its format.

A known format may have keys that this version does not know: they are left alone. A newer format is
refused, and never taken for damage.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from job.errors import BadDataError

FORMAT = 1
"""The format that this version writes."""


def dump_json(content: Mapping[str, object]) -> bytes:
    """Return an object's content as JSON, its format first."""
    return (
        json.dumps({"format": FORMAT, **content}, ensure_ascii=False, allow_nan=False, indent=1)
        + "\n"
    ).encode()


def load_json(data: bytes | str, where: str, remedy: str = "") -> dict[str, Any]:
    """Read what `dump_json` wrote, without its format.

    Args:
        data: The object.
        where: Its place, for messages.
        remedy: What to do if it is damaged, for messages.

    Raises:
        BadDataError: It is damaged, or written by a newer version or by one before formats.
    """
    after = f": {remedy}" if remedy else ""
    try:
        content = json.loads(data)
    except ValueError as error:
        message = f"{where} is damaged: not JSON, or not all of it ({error}){after}"
        raise BadDataError(message) from error
    if not isinstance(content, dict):
        message = f"{where} is damaged: a {type(content).__name__}, not an object{after}"
        raise BadDataError(message)
    return without_format(content, where)


def without_format(content: dict[str, Any], where: str) -> dict[str, Any]:
    """Check the format of an object's content and return the rest.

    Raises:
        BadDataError: It was written by a newer version, or by one before formats.
    """
    rest = dict(content)
    found = rest.pop("format", None)
    if found is None:
        message = (
            f"{where}: has no `format`: it was written by al-voc 0.1; read it with that version, "
            "or begin anew in another store or prefix"
        )
        raise BadDataError(message)
    if not isinstance(found, int) or found > FORMAT:
        message = (
            f"{where}: format {found}, written by a newer version; this one reads format {FORMAT}: "
            "update al-voc"
        )
        raise BadDataError(message)
    return rest


def known_fields(kind: type, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content that a dataclass has fields for; a newer version may have written more."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in content.items() if name in names}
