"""Labels in Ultralytics' YOLO layout."""

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from job.export.formats.yolo import YoloFormat, label_file, shares
from tests.unit.export.images import CLASSES, labelled


def test_a_row_is_the_class_and_shares_of_the_image() -> None:
    """(10, 20) to (30, 60) of 100 x 200 pixels: centre 0.2, 0.2, and 0.2 wide and high."""
    image = labelled("a", [("dog", (10, 20, 30, 60), "")], size=(100, 200))
    files = YoloFormat(CLASSES, "tiny").add("labelled", image)
    assert files == {"labels/train/a.txt": b"1 0.2 0.2 0.2 0.2\n"}


def test_an_image_without_boxes_has_an_empty_file() -> None:
    """It tells that somebody looked."""
    assert YoloFormat(CLASSES, "").add("test", labelled("b/ü.v1")) == {"labels/val/b/ü.v1.txt": b""}


def test_marks_that_yolo_lacks_make_no_wrong_boxes() -> None:
    """A difficult box is a box; a crowd region is none."""
    boxes = [("cat", (0, 0, 40, 30), "difficult"), ("dog", (0, 0, 9, 9), "crowd")]
    files = YoloFormat(CLASSES, "tiny").add("labelled", labelled("a", boxes))
    assert files == {"labels/train/a.txt": b"0 0.5 0.5 1.0 1.0\n"}


def test_the_description_names_folders_and_classes() -> None:
    """It has no `path`, which would be taken from the working directory; `val` has to be there."""
    layout = YoloFormat(CLASSES, "tiny, seed 0")
    layout.add("labelled", labelled("a"))
    content = layout.last_files()["data.yaml"].decode()
    names = {0: "cat", 1: "dog", 2: "Eisbär"}
    assert yaml.safe_load(content) == {
        "train": "images/train",
        "val": "images/train",
        "names": names,
    }
    assert content.startswith("# tiny, seed 0\n")
    layout.add("test", labelled("b"))
    assert yaml.safe_load(layout.last_files()["data.yaml"])["val"] == "images/val"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("images/train/a.jpg", "labels/train/a.txt"),
        ("images/train/b/a.v1.png", "labels/train/b/a.v1.txt"),
        ("images/train/images/a.jpg", "images/train/labels/a.txt"),
    ],
)
def test_labels_lie_where_ultralytics_looks(image: str, expected: str) -> None:
    """The last folder `images` becomes `labels`, and the suffix `.txt`."""
    assert label_file(image) == expected


@given(st.integers(10, 12_000), st.sets(st.floats(0, 1, width=32), min_size=2, max_size=2))
def test_the_same_pixels_come_back(side: int, ends: set[float]) -> None:
    """Centre and width times the side are the float32 coordinates that they were.

    Only coordinates within a thousandth of a pixel from the edge, and not on it, may move by less.
    """
    low, high = (np.float32(end * side) for end in sorted(ends))
    centre, _, width, _ = shares((float(low), 0, float(high), 1), (side, 1))
    back = ((centre - width / 2) * side, (centre + width / 2) * side)
    for found, expected in zip(map(np.float32, back), (low, high), strict=True):
        assert found == expected or (expected < 1e-3 and abs(found - expected) < 1e-9)
