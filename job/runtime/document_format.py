"""The format that every stored JSON and YAML object says."""

from typing import Any

from job.errors import BadDataError

FORMAT = 1
"""The format that this version writes."""


def without_format(content: dict[str, Any], where: str, newest: int = FORMAT) -> dict[str, Any]:
    """Check the format of an object's content and return the rest.

    Args:
        content: What was read.
        where: The object's place, for messages.
        newest: The latest format of such objects. Those before it are read, too.

    Raises:
        BadDataError: It was written by a newer version or by one before formats, or it is damaged.
    """
    rest = dict(content)
    found = rest.pop("format", None)
    if found is None:
        message = (
            f"{where}: has no `format`: it was written by al-voc 0.1; read it with that version, "
            "or begin anew in another store or prefix"
        )
        raise BadDataError(message)
    if isinstance(found, bool) or (isinstance(found, int) and found < 1):
        message = (
            f"{where} is damaged: format {found} is not a format of any version; restore it from "
            "a copy of the store"
        )
        raise BadDataError(message)
    if found not in range(FORMAT, newest + 1):
        message = (
            f"{where}: format {found}, written by a newer version; this one reads format {newest}: "
            "update al-voc"
        )
        raise BadDataError(message)
    return rest
