"""Picks in COCO's layout."""

import json
from typing import Any

from job.export.pick_formats.coco import CocoPicks
from tests.unit.export.batches import batch, picked


def instances(*, proposing: bool = True) -> dict[str, Any]:
    (data,) = CocoPicks(batch(proposing=proposing)).files().values()
    found: dict[str, Any] = json.loads(data)
    return found


def test_a_proposal_is_an_annotation_with_a_score() -> None:
    """(10, 20) to (30, 60) is 20 wide and 40 high, so its area is 800."""
    dog, bear = instances()["annotations"]
    assert dog == {
        "id": 1,
        "image_id": 1,
        "category_id": 2,
        "bbox": [10, 20, 20, 40],
        "area": 800,
        "iscrowd": 0,
        "segmentation": [],
        "score": 0.875,
    }
    assert (bear["id"], bear["category_id"], bear["bbox"]) == (2, 3, [0, 0, 50.5, 200])


def test_images_are_in_order_with_their_files() -> None:
    """Numbered from 1, also those without a proposal."""
    size = {"width": 100, "height": 200}
    assert instances()["images"] == [
        {"id": 1, "file_name": "0000_stem.jpg", **size},
        {"id": 2, "file_name": "0002_stem.png", **size},
    ]


def test_categories_are_the_classes_from_1() -> None:
    """In the data set's order, whatever is proposed."""
    for proposing in (True, False):
        found = instances(proposing=proposing)
        names = [(each["id"], each["name"]) for each in found["categories"]]
        assert names == [(1, "cat"), (2, "dog"), (3, "Eisbär")]
    assert found["annotations"] == []


def test_files_lie_where_cvat_and_datumaro_look() -> None:
    """The subset is called `default` in both names."""
    layout = CocoPicks(batch())
    assert layout.image_file(picked(0, "a")) == "images/default/0000_stem.jpg"
    assert list(layout.files()) == ["annotations/instances_default.json"]
