"""JSON and YAML objects in the store: each says its format.

A known format may have keys that this version does not know: they are left alone. A newer format is
refused, and never taken for damage.
"""

import json
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from job.errors import BadDataError
from job.runtime.document_format import FORMAT, without_format
from job.runtime.names import shortened

T = TypeVar("T")


def dump_json(content: Mapping[str, object], number: int = FORMAT) -> bytes:
    """Return an object's content as JSON, the number of its format first."""
    return (
        json.dumps({"format": number, **content}, ensure_ascii=False, allow_nan=False, indent=1)
        + "\n"
    ).encode()


def load_json(
    data: bytes | str, where: str, remedy: str = "", newest: int = FORMAT
) -> dict[str, Any]:
    """Read what `dump_json` wrote, without its format.

    Args:
        data: The object.
        where: Its place, for messages.
        remedy: What to do if it is damaged, for messages.
        newest: The latest format of such objects.

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
    return without_format(content, where, newest)


def checked(kind: type[T], content: object, where: str, remedy: str) -> T:
    """Return content as what it has to be; keys of a newer version are left out.

    Args:
        kind: A dataclass, a pydantic model or a type such as `dict[str, int]`.
        content: What was read.
        where: The object's place, for messages.
        remedy: What to do if it is damaged, for messages.

    Raises:
        BadDataError: A key is missing or has a value of another type. The message names the first.
    """
    try:
        return cast("T", _adapter(cast("Hashable", kind)).validate_python(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = shortened(".".join(map(str, first["loc"])))
        what = f"{key}: {first['msg']}" if key else first["msg"]
        message = f"{where} is damaged ({what}): {remedy}"
        raise BadDataError(message) from error


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
