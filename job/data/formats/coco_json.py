"""COCO's JSON files of instances: what is read of them."""

from typing import Any

from job.data.formats.base import is_text
from job.errors import BadDataError
from job.runtime.names import given

LISTS = ("images", "annotations", "categories")
OF_IMAGE = ("id", "file_name", "width", "height")
OF_ANNOTATION = ("id", "image_id", "category_id", "bbox", "bbox_mode", "iscrowd", "rotation")
OF_CATEGORY = ("id", "name")
KEPT = {*LISTS, *OF_IMAGE, *OF_ANNOTATION, *OF_CATEGORY}
"""The keys that are read. Other keys, such as segmentations, are dropped while parsing."""

LARGE = 2**62
"""Ids are smaller whole numbers, or else they get a number from this one on."""


def read_categories(path: str, entries: list[dict[str, Any]]) -> dict[object, str]:
    """Return the name of each category by its id."""
    result: dict[object, str] = {}
    for number, entry in enumerate(entries):
        key, name = key_of(entry.get("id")), entry.get("name")
        reason = ""
        if type(key) is not int or not isinstance(name, str) or not name.strip():
            reason = "a category needs a number as its id, and a name"
        elif not is_text(name.strip()):
            reason = f"the name {given(name)} has control characters or lone surrogates"
        elif key in result or name.strip() in result.values():
            reason = f"the category {key} {given(name)} occurs twice"
        if reason:
            message = f"{path}: categories[{number}]: {reason}"
            raise BadDataError(message)
        result[key] = str(name).strip()
    return result


def key_of(value: object) -> object:
    """Return a value as a dictionary's key. Some tools write whole numbers as 1.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int | str) else repr(value)


def name_of(entry: dict[str, Any]) -> str:
    """Return a category's name without blanks around it."""
    return str(entry.get("name")).strip()


def slim(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return what is read of a JSON object, with CVAT's attribute `rotation` as a key of its own.

    Raises:
        ValueError: A key occurs twice, and one of the values would be lost.
    """
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key == "attributes" and isinstance(value, dict):
            if "rotation" in value:
                result["rotation"] = value["rotation"]
        elif key in KEPT:
            if key in result:
                message = f"the key {key!r} occurs twice in one object"
                raise ValueError(message)
            result[key] = value
    return result


class KeyNumbers:
    """Whole numbers of 64 bits that stand for keys, of which nearly all are whole numbers."""

    def __init__(self) -> None:
        self._others: dict[object, int] = {}

    def of(self, value: object) -> int:
        """Return the number of a value's key: the same one for the same key."""
        key = key_of(value)
        if isinstance(key, int) and abs(key) < LARGE:
            return int(key)
        return self._others.setdefault(key, LARGE + len(self._others))
