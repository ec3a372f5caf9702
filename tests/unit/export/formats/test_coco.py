"""Labels in COCO's layout."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO

from job.data.shards import LabelledImage
from job.export.formats.coco import CocoFormat
from tests.unit.export.images import CLASSES, labelled

TRAIN = "annotations/instances_train.json"


def instances(images: Sequence[LabelledImage]) -> dict[str, Any]:
    """The JSON file of labelled images."""
    layout = CocoFormat(CLASSES, "tiny")
    for image in images:
        assert layout.add("labelled", image) == {}
    result: dict[str, Any] = json.loads(layout.last_files()[TRAIN])
    return result


def test_a_box_is_its_corner_width_and_height() -> None:
    """(10, 5) to (30.5, 25) is 20.5 wide and 20 high; whole numbers are written as such."""
    (found,) = instances([labelled("a", [("dog", (10, 5, 30.5, 25), "")])])["annotations"]
    assert found == {
        "id": 1,
        "image_id": 1,
        "category_id": 2,
        "bbox": [10, 5, 20.5, 20],
        "area": 410,
        "iscrowd": 0,
        "segmentation": [],
    }
    assert json.dumps(found["bbox"]) == "[10, 5, 20.5, 20]"


def test_categories_are_the_classes_from_1() -> None:
    """In the detector's order, also those without a box."""
    found = instances([labelled("a")])["categories"]
    assert [(each["id"], each["name"]) for each in found] == [(1, "cat"), (2, "dog"), (3, "Eisbär")]


def test_images_have_the_upright_size_and_their_name() -> None:
    """With folders, dots and letters of any language."""
    found = instances([labelled("a"), labelled("b/ü.v1", size=(30, 40), suffix=".png")])["images"]
    assert found == [
        {"id": 1, "file_name": "a.jpg", "width": 40, "height": 30},
        {"id": 2, "file_name": "b/ü.v1.png", "width": 30, "height": 40},
    ]


def test_numbers_stay_when_images_are_added() -> None:
    """What a later round adds is numbered after what an earlier one had."""
    images = [labelled(name, [("cat", (0, 0, 9, 9), "")] * 2) for name in "abc"]
    earlier, later = instances(images[:2]), instances(images)
    assert later["images"][:2] == earlier["images"]
    assert later["annotations"][:4] == earlier["annotations"]


def test_a_crowd_region_is_one_and_a_difficult_box_says_so() -> None:
    """COCO has iscrowd; difficult is a key that readers of COCO leave alone."""
    boxes = [("cat", (0, 0, 9, 9), "crowd"), ("cat", (0, 0, 8, 8), "difficult")]
    crowd, difficult = instances([labelled("a", boxes)])["annotations"]
    assert (crowd["iscrowd"], difficult["iscrowd"]) == (1, 0)
    assert "attributes" not in crowd
    assert difficult["attributes"] == {"difficult": True}


def test_each_subset_has_a_file_and_numbers_of_its_own() -> None:
    """Labelled images are train, and test images are val."""
    layout = CocoFormat(CLASSES, "tiny")
    layout.add("labelled", labelled("a"))
    layout.add("test", labelled("b"))
    assert layout.image_file("labelled", labelled("a")) == "images/train/a.jpg"
    assert layout.image_file("test", labelled("b")) == "images/val/b.jpg"
    files = {name: json.loads(data) for name, data in layout.last_files().items()}
    assert sorted(files) == [TRAIN, "annotations/instances_val.json"]
    assert files["annotations/instances_val.json"]["images"][0]["id"] == 1


def test_pycocotools_reads_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It finds images, classes and boxes, also a crowd region, and does not miss a key."""
    boxes = [("dog", (10, 5, 30, 25), ""), ("Eisbär", (0, 0, 40, 30), "crowd")]
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(instances([labelled("b/ü"), labelled("a", boxes)])))
    found = COCO(str(path))
    found.info()
    assert found.getImgIds(catIds=found.getCatIds(["dog"])) == [2]
    assert [each["bbox"] for each in found.loadAnns(found.getAnnIds(imgIds=[2]))] == [
        [10, 5, 20, 20],
        [0, 0, 40, 30],
    ]
    assert len(found.getAnnIds(iscrowd=True)) == 1
    assert found.getAnnIds(imgIds=[1]) == []
    assert "description: tiny" in capsys.readouterr().out
