"""Entries of COCO's files as bytes, from which they come back as they were, types and all.

The bytes never leave this process, so that their form may change at any time.
"""

import marshal
from struct import Struct
from typing import Any

from job.data.formats.coco_json import LARGE, OF_ANNOTATION, OF_IMAGE

_PLAIN = Struct("<Bqi4d")
"""Most annotations: what is an integer or a flag, id, category_id, bbox."""
_PLAIN_KEYS = {"id", "image_id", "category_id", "bbox"}
_IS_CROWD, _HAS_CROWD, _IS_INTEGER = 1, 2, 4
"""Bits of a plain annotation. The last one is that of x, and those of the others follow it."""
_OTHER = b"\xff"
_MAX_INTEGER = 2**53
"""Smaller ones can be floats, too."""


def pack_image(image: dict[str, Any]) -> bytes:
    """Return an image as bytes."""
    return _pack(image, OF_IMAGE)


def unpack_image(data: bytes) -> dict[str, Any]:
    """Return the image that was packed."""
    return _unpack(data, OF_IMAGE)


def pack_annotation(annotation: dict[str, Any]) -> bytes:
    """Return an annotation as bytes."""
    if not _is_plain(annotation):
        return _OTHER + _pack(annotation, OF_ANNOTATION)
    flags = _IS_CROWD * annotation.get("iscrowd", 0) + _HAS_CROWD * ("iscrowd" in annotation)
    for place, number in enumerate(annotation["bbox"]):
        flags += (_IS_INTEGER << place) * (type(number) is int)
    return _PLAIN.pack(flags, annotation["id"], annotation["category_id"], *annotation["bbox"])


def unpack_annotation(data: bytes) -> dict[str, Any]:
    """Return the annotation that was packed. It lacks an image_id that is a whole number."""
    if data[:1] == _OTHER:
        return _unpack(data[1:], OF_ANNOTATION)
    flags, number, category, *box = _PLAIN.unpack(data)
    bbox = [int(side) if flags & _IS_INTEGER << place else side for place, side in enumerate(box)]
    entry = {"id": number, "category_id": category, "bbox": bbox}
    return entry | ({"iscrowd": flags & _IS_CROWD} if flags & _HAS_CROWD else {})


def _is_plain(annotation: dict[str, Any]) -> bool:
    """Return whether an annotation is as nearly all are."""
    if annotation.keys() - {"iscrowd"} != _PLAIN_KEYS:
        return False
    box, crowd = annotation["bbox"], annotation.get("iscrowd", 0)
    return (
        _is_integer(annotation["id"], LARGE)
        and _is_integer(annotation["image_id"], LARGE)
        and _is_integer(annotation["category_id"], 2**31)
        and type(crowd) is int
        and crowd in {0, 1}
        and type(box) is list
        and len(box) == 4  # noqa: PLR2004 - x, y, width, height
        and all(type(side) is float or _is_integer(side, _MAX_INTEGER) for side in box)
    )


def _is_integer(value: object, limit: int) -> bool:
    return type(value) is int and -limit < value < limit


def _pack(entry: dict[str, Any], keys: tuple[str, ...]) -> bytes:
    """Return what an entry has of some keys; `...` stands for a key that it lacks."""
    return marshal.dumps(tuple(entry.get(key, ...) for key in keys))


def _unpack(data: bytes, keys: tuple[str, ...]) -> dict[str, Any]:
    values = marshal.loads(data)  # noqa: S302 - our own bytes
    return {key: value for key, value in zip(keys, values, strict=True) if value is not ...}
