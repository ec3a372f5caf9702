"""COCO: a JSON file of instances."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from job.annotation.answers import Answer, DrawnBox
from job.annotation.imports.found import SIDES, Found, silent_or, size_of
from job.data.formats.coco_boxes import read_box
from job.data.formats.coco_json import LISTS, key_of, read_categories, slim
from job.errors import BadDataError
from job.runtime.names import given

PICKS_OF = "picks of "
"""How the description of a file with proposals begins."""


def is_coco(content: object) -> bool:
    """Return whether the content of a JSON file is COCO's."""
    return isinstance(content, dict) and all(_is_list(content.get(name)) for name in LISTS)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def is_exported(content: Mapping[str, Any]) -> bool:
    """Return whether `al-job export picks` wrote a file, so that its boxes are proposals."""
    info = content.get("info")
    return isinstance(info, dict) and str(info.get("description")).startswith(PICKS_OF)


def read_coco(content: Mapping[str, Any], where: str) -> Iterator[Found]:
    """Yield the images of a file.

    Raises:
        BadDataError: A category is wrong, or a box is of an image that is not listed.
    """
    lists = {name: [slim([*entry.items()]) for entry in content[name]] for name in LISTS}
    categories = read_categories(where, lists["categories"])
    boxes = defaultdict(list)
    for annotation in lists["annotations"]:
        boxes[key_of(annotation.get("image_id"))].append(annotation)
    for number, image in enumerate(lists["images"]):
        told = f"{where}: images[{number}] {given(image.get('file_name'))}"
        size_wh = size_of([image.get(side) for side in SIDES], told)
        answer = _answer(boxes.pop(key_of(image.get("id")), []), categories, size_wh)
        yield Found(str(image.get("file_name")), told, answer, is_silent=silent_or(answer))
    for key, rest in boxes.items():
        told = f"{where}: annotation {rest[0].get('id')}"
        message = f"{told}: image_id {given(key)} is not the id of an image"
        raise BadDataError(message)


def _answer(
    annotations: list[dict[str, Any]],
    categories: Mapping[object, str],
    size_wh: tuple[int, int] | None,
) -> Answer:
    boxes, problems = [], []
    for annotation in annotations:
        try:
            box, rotation = read_box(annotation, categories)
        except BadDataError as error:
            problems.append(str(error))
            continue
        if rotation:
            problems.append("a rotated box")
        elif box.crowd:
            problems.append("a crowd region")
        else:
            boxes.append(DrawnBox(box.label, box.corners_xyxy))
    return Answer(image_id="", boxes=tuple(boxes), size_wh=size_wh, problems=tuple(problems))
