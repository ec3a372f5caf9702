"""The format that every stored JSON and YAML object says."""

from typing import Any

from job.errors import BadDataError

FORMAT = 1
"""The format that this version writes."""


def without_format(content: dict[str, Any], where: str) -> dict[str, Any]:
    """Check the format of an object's content and return the rest.

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
    if found != FORMAT:
        message = (
            f"{where}: format {found}, written by a newer version; this one reads format {FORMAT}: "
            "update al-voc"
        )
        raise BadDataError(message)
    return rest
