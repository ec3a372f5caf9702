"""Entries of COCO's files as bytes."""

import math
from typing import Any

import pytest

from job.data.formats.coco_packing import (
    pack_annotation,
    pack_image,
    unpack_annotation,
    unpack_image,
)

PLAIN: dict[str, Any] = {
    "id": 900100002299,
    "image_id": 2**40,
    "category_id": 1,
    "bbox": [1, 2.0, -3.5, 1e300],
    "iscrowd": 1,
}
ODD: list[dict[str, Any]] = [
    {"bbox": [True, 2, 3, 4]},
    {"bbox": [2**60, 2, 3, 4]},
    {"bbox": ["1", None, [], {}]},
    {"bbox": "1234"},
    {"bbox": [1, 2, 3]},
    {"id": "a\ud800"},
    {"id": 2**80},
    {"id": None},
    {"category_id": 3.0},
    {"iscrowd": True},
    {"iscrowd": 2},
    {"rotation": 0.0, "bbox_mode": 1},
    {"image_id": "x"},
]


def test_a_plain_annotation_takes_45_bytes_and_comes_back() -> None:
    """With whole numbers as such; that of its image is its key and is known."""
    for entry in (PLAIN, {key: PLAIN[key] for key in PLAIN if key != "iscrowd"}):
        data = pack_annotation(entry)
        assert len(data) == 45
        expected = {key: value for key, value in entry.items() if key != "image_id"}
        assert repr(sorted(unpack_annotation(data).items())) == repr(sorted(expected.items()))
    nan = unpack_annotation(pack_annotation(PLAIN | {"bbox": [math.nan, -math.inf, 0, -0.0]}))
    assert repr(nan["bbox"]) == "[nan, -inf, 0, -0.0]"


@pytest.mark.parametrize("change", ODD)
def test_any_other_annotation_comes_back_as_it_was(change: dict[str, Any]) -> None:
    """Messages show values as the file has them."""
    entry = PLAIN | change
    found = unpack_annotation(pack_annotation(entry))
    assert repr(sorted(found.items())) == repr(sorted(entry.items()))
    del entry["id"], entry["bbox"]
    assert unpack_annotation(pack_annotation(entry)) == entry


def test_an_image_comes_back_as_it_was() -> None:
    """A key that is missing is not one without a value."""
    for entry in ({"id": None, "file_name": "ü/a.jpg", "width": "640"}, {"height": 1.5}, {}):
        assert unpack_image(pack_image(entry)) == entry
