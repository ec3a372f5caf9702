"""COCO: what is more than an upright box, and what is wrong."""

import json
from typing import Any

import pytest

from job.annotation.imports.coco import read_coco
from job.errors import BadDataError
from tests.unit.annotation.imports.exported import COCO


def content(**changes: object) -> dict[str, Any]:
    """A file whose first annotation is changed."""
    read: dict[str, Any] = json.loads(COCO)
    read["annotations"][0] |= changes
    return read


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"attributes": {"rotation": 30.0}}, "a rotated box"),
        ({"iscrowd": 1}, "a crowd region"),
        ({"category_id": 9}, "annotation 1: category_id 9 is not a category"),
        ({"bbox": [1, 2, 3]}, "annotation 1 'dog': bbox [1, 2, 3] is not four numbers"),
    ],
)
def test_a_wrong_box_is_a_problem_of_its_image(changes: dict[str, Any], problem: str) -> None:
    """The other boxes are read."""
    first = next(read_coco(content(**changes), "a.json")).answer
    assert first.problems == (problem,)
    assert [box.label for box in first.boxes] == ["cat"]


def test_a_box_of_no_image_is_refused() -> None:
    """Nobody knows what else is wrong with such a file."""
    with pytest.raises(BadDataError, match=r"^a.json: annotation 1: image_id 7 is not the"):
        list(read_coco(content(image_id=7), "a.json"))
