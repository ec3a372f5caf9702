"""Picks in Ultralytics' YOLO layout."""

import yaml

from job.export.pick_formats.yolo import YoloPicks
from tests.unit.export.batches import batch, picked

TEXT = "labels/train/0000_stem.txt"


def test_a_row_has_the_class_shares_of_the_image_and_the_confidence() -> None:
    """(10, 20) to (30, 60) of 100 x 200 pixels: centre 0.2, 0.2, and 0.2 wide and high."""
    assert YoloPicks(batch()).files()[TEXT].decode().splitlines() == [
        "1 0.2 0.2 0.2 0.2 0.875",
        "2 0.2525 0.5 0.505 1.0 0.3",
    ]


def test_an_image_without_proposals_has_no_text_file() -> None:
    """An empty one would say that nothing is in the image."""
    assert list(YoloPicks(batch()).files()) == [TEXT, "data.yaml"]
    assert list(YoloPicks(batch(proposing=False)).files()) == ["data.yaml"]


def test_the_description_names_the_images_and_the_classes() -> None:
    """Classes are numbered from 0 in the data set's order."""
    layout = YoloPicks(batch())
    assert layout.image_file(picked(7, "a")) == "images/train/0007_stem.jpg"
    assert yaml.safe_load(layout.files()["data.yaml"]) == {
        "train": "images/train",
        "val": "images/train",
        "names": {0: "cat", 1: "dog", 2: "Eisbär"},
    }
