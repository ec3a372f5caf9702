"""CVAT for images 1.1: one XML file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from job.annotation.answers import Answer, DrawnBox
from job.annotation.imports.found import SIDES, Found, silent_or, size_of
from job.data.formats.values import rotation_degrees, to_number
from job.errors import BadDataError
from job.runtime.names import given

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CORNERS = ("xtl", "ytl", "xbr", "ybr")
REFUSED = "refused"
"""The tag of an image that cannot be labelled."""
SHAPES = {"polygon", "polyline", "points", "cuboid", "mask", "skeleton", "ellipse"}


def is_exported(root: "Element") -> bool:
    """Return whether `al-job export picks` wrote a file: CVAT says when it dumped one."""
    name = root.findtext("meta/task/name") or ""
    return "/round-" in name and root.find("meta/dumped") is None


def read_cvat(root: "Element", where: str) -> Iterator[Found]:
    """Yield the images of a file.

    Raises:
        BadDataError: It is of another kind, or a number is not one.
    """
    if root.find("track") is not None:
        message = f"{where}: is CVAT for video; export the task as CVAT for images 1.1"
        raise BadDataError(message)
    for number, element in enumerate(root.findall("image")):
        name = element.get("name", "")
        told = f"{where}: image {number} {given(name)}"
        answer = _answer(element, told)
        yield Found(name, told, answer, is_silent=silent_or(answer))


def _answer(image: "Element", where: str) -> Answer:
    boxes, problems = [], []
    for element in image.findall("box"):
        if _rotation(element, where):
            problems.append("a rotated box")
        else:
            boxes.append(_box(element, where))
    problems += [f"a {each.tag}" for each in image if each.tag in SHAPES]
    tags = {each.get("label") for each in image.findall("tag")}
    return Answer(
        image_id="",
        boxes=tuple(boxes),
        is_refused=REFUSED in tags,
        size_wh=size_of([image.get(side) for side in SIDES], where),
        problems=tuple(problems),
    )


def _rotation(element: "Element", where: str) -> float:
    return rotation_degrees(element.get("rotation"), where) % 360


def _box(element: "Element", where: str) -> DrawnBox:
    label, texts = element.get("label", ""), [element.get(name, "") for name in CORNERS]
    try:
        xmin, ymin, xmax, ymax = (to_number(text) for text in texts)
    except ValueError:
        message = f"{where}: box {label!r}: a corner is not a number: {given(' '.join(texts))}"
        raise BadDataError(message) from None
    return DrawnBox(label, (xmin, ymin, xmax, ymax))
