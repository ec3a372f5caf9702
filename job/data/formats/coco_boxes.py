"""The box of an annotation of COCO."""

from collections.abc import Mapping
from typing import Any

from job.data.formats.base import SourceBox
from job.data.formats.coco_json import key_of
from job.data.formats.values import enclose_rotated, rotation_degrees
from job.errors import BadDataError
from job.runtime.names import given

XYWH = 1
"""Detectron2's number for boxes of top-left corner, width and height in pixels."""


def read_box(
    annotation: Mapping[str, Any], categories: Mapping[object, str]
) -> tuple[SourceBox, float]:
    """Return an annotation's box, for which COCO gives top-left corner, width and height.

    Args:
        annotation: What was read of it.
        categories: The name of each category by its id.

    Returns:
        The box, and its rotation in degrees below 360. If it is rotated, the box is the upright one
        around it.

    Raises:
        BadDataError: It is not a box.
    """
    where = f"annotation {annotation.get('id')}"
    label = categories.get(key_of(annotation.get("category_id")))
    if label is None:
        message = f"{where}: category_id {given(annotation.get('category_id'))} is not a category"
        raise BadDataError(message)
    where = f"{where} {label!r}"
    box = annotation.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):  # noqa: PLR2004 - x, y, width, height
        message = f"{where}: bbox {given(box)} is not four numbers"
        raise BadDataError(message)
    crowd = annotation.get("iscrowd", 0)
    _check(where, annotation.get("bbox_mode", XYWH), crowd)
    x, y, width, height = (float(number) for number in box)
    corners_xyxy = (x, y, x + width, y + height)
    rotation = rotation_degrees(annotation.get("rotation"), where) % 360
    if rotation:
        corners_xyxy = enclose_rotated(corners_xyxy, rotation)
    told = f", rotation {rotation:g}" if rotation else ""
    told = f"{where} (bbox {given(box)}{told})"
    return SourceBox(corners_xyxy, label, told, crowd=bool(crowd)), rotation


def _check(where: str, mode: object, crowd: object) -> None:
    """Refuse numbers of another meaning."""
    reason = ""
    if mode != XYWH:
        reason = (
            f"bbox_mode {given(mode)}: a bbox must be the top-left corner, width and height in "
            "pixels"
        )
    elif crowd not in (0, 1):
        reason = f"iscrowd {given(crowd)} is neither 0 nor 1"
    if reason:
        message = f"{where}: {reason}"
        raise BadDataError(message)


def _is_number(value: object) -> bool:
    """Return whether a value is a number that a float can hold; NaN and infinity are."""
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**53)
