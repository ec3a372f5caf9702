"""Pascal VOC's XML files: one image's objects."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from job.data.formats.base import SourceBox
from job.data.formats.values import (
    ROTATED,
    Corners,
    declared_side,
    enclose_rotated,
    rotation_degrees,
    to_number,
)
from job.data.formats.xml_text import parse_xml
from job.errors import BadDataError
from job.runtime.names import given

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CORNERS = ("xmin", "ymin", "xmax", "ymax")

OBJECT_TAGS = {"object", "objects", "bndbox"}
"""Elements, in any case, that hold boxes. Elsewhere than in an <object>, they would be lost."""

COUNTED_FROM_0 = (
    "have an xmin or ymin below 1, so the tool may count from 0: --pixels-from 0 takes boxes so"
)


@dataclass(frozen=True)
class VocAnnotation:
    """What an XML file says of its image."""

    boxes: tuple[SourceBox, ...] = ()
    unreadable: tuple[str, ...] = ()
    declared_wh: tuple[float, float] | None = None
    remarks: tuple[str, ...] = ()


def read_annotation(data: bytes, path: str, pixels_from: int) -> VocAnnotation:
    """Return what an XML file says.

    Args:
        data: The file.
        path: Where it is, for messages.
        pixels_from: The number of the first pixel, 0 or 1.

    Raises:
        BadDataError: The file is malformed, or has boxes in elements that are not read.
    """
    root = _parse(data, path)
    try:
        _refuse_lost_objects(root)
        declared = _declared_size(root)
    except BadDataError as error:
        message = f"{path}: {error}"
        raise BadDataError(message) from error
    boxes: list[SourceBox] = []
    unreadable = []
    remarks = set()
    for number, element in enumerate(root.findall("object"), start=1):
        try:
            found, rotation = _read_object(element, number)
        except BadDataError as error:
            unreadable.append(str(error))
            continue
        boxes += [_shift(box, pixels_from) for box in found]
        if pixels_from and any(0 <= min(box.corners_xyxy[:2]) < 1 for box in found):
            remarks.add(COUNTED_FROM_0)
        if rotation % 360:
            remarks.add(ROTATED)
            boxes[-len(found) :] = [_rotate(box, rotation) for box in boxes[-len(found) :]]
    return VocAnnotation(tuple(boxes), tuple(unreadable), declared, tuple(sorted(remarks)))


def _parse(data: bytes, path: str) -> "Element":
    """Return the root of an annotation."""
    root = parse_xml(data, path)
    if root.tag != "annotation":
        message = f"{path}: not a VOC annotation: its root element is <{root.tag}>"
        raise BadDataError(message)
    return root


def _refuse_lost_objects(root: "Element") -> None:
    """Raise if there are objects that are not an <object> directly below the root."""
    in_objects = {id(inner) for element in root.findall("object") for inner in element.iter()}
    for element in root.iter():
        if element.tag.lower() in OBJECT_TAGS and id(element) not in in_objects:
            message = (
                f"<{element.tag}> is not read: each object must be an <object> directly below "
                "<annotation>"
            )
            raise BadDataError(message)


def _read_object(element: "Element", number: int) -> tuple[list[SourceBox], float]:
    """Return an object's boxes in the file's own coordinates, and their rotation in degrees.

    Some tools write one object for all boxes of a class.
    """
    label = _text(element, "name", f"object {number}")
    where = f"object {number} {label!r}"
    corners = element.findall("bndbox")
    if not corners:
        tags = ", ".join(dict.fromkeys(child.tag for child in element)) or "nothing"
        message = f"{where}: it has no bndbox, but {tags}"
        raise BadDataError(message)
    difficult = _flag(_text(element, "difficult", where), where)
    rotation = _rotation(element, where)
    boxes = []
    for corner in corners:
        xyxy, told = _read_corners(corner, where)
        told += f", rotation {rotation:g}" if rotation % 360 else ""
        boxes.append(SourceBox(xyxy, label, f"{where} ({told})", difficult))
    return boxes, rotation


def _read_corners(element: "Element", where: str) -> tuple[Corners, str]:
    """Return a bndbox's coordinates as numbers, and as they are written."""
    texts = [_text(element, name, where) for name in CORNERS]
    try:
        xmin, ymin, xmax, ymax = (to_number(text) for text in texts)
    except ValueError:
        named = ", ".join(
            f"{name} {given(text)}" for name, text in zip(CORNERS, texts, strict=True)
        )
        message = f"{where}: a coordinate is not a number: {named}"
        raise BadDataError(message) from None
    named = ", ".join(f"{name} {text}" for name, text in zip(CORNERS, texts, strict=True))
    return (xmin, ymin, xmax, ymax), named


def _shift(box: SourceBox, pixels_from: int) -> SourceBox:
    """Return a box as distances from the image's edge.

    VOC counts pixels from 1, and both corners belong to the box. Pixel n is therefore the interval
    [n - 1, n]. Tools that count from 0 write the distances themselves.
    """
    xmin, ymin, xmax, ymax = box.corners_xyxy
    return replace(box, corners_xyxy=(xmin - pixels_from, ymin - pixels_from, xmax, ymax))


def _rotate(box: SourceBox, degrees: float) -> SourceBox:
    return replace(box, corners_xyxy=enclose_rotated(box.corners_xyxy, degrees))


def _text(element: "Element", tag: str, where: str) -> str:
    """Return the text of the one child of a tag, without blanks; empty if there is none."""
    children = element.findall(tag)
    if len(children) > 1:
        message = f"{where}: {len(children)} <{tag}> in one <{element.tag}>"
        raise BadDataError(message)
    return (children[0].text or "").strip() if children else ""


def _flag(text: str, where: str) -> bool:
    """Return what a tool means by the text of a flag: tools write 1, true, yes and more."""
    word = text.lower()
    if word in {"1", "1.0", "true", "yes"}:
        return True
    if word in {"0", "0.0", "false", "no", "", "unspecified"}:
        return False
    message = f"{where}: difficult {given(text)} is neither 0 nor 1"
    raise BadDataError(message)


def _rotation(element: "Element", where: str) -> float:
    """Return CVAT's attribute `rotation`, in degrees; 0 if there is none."""
    pairs = [
        (_text(each, "name", where), _text(each, "value", where))
        for each in element.findall("attributes/attribute")
    ]
    values = [value for name, value in pairs if name.lower() == "rotation"]
    return sum(rotation_degrees(value, where) for value in values[:1])


def _declared_size(root: "Element") -> tuple[float, float]:
    size = root.findall("size")
    if len(size) > 1:
        message = f"{len(size)} <size> in one <annotation>"
        raise BadDataError(message)
    width, height = (
        declared_side(_text(size[0], name, "size") if size else None, name)
        for name in ("width", "height")
    )
    return width, height
