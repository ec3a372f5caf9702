"""Contact sheets."""

import io

import numpy as np
from PIL import Image

from job.report.drawing.contact_sheet import Tile, contact_sheet


def tile(size: tuple[int, int] = (64, 32)) -> Tile:
    box = np.array([[8.0, 8.0, 56.0, 24.0]])
    return Tile(Image.new("RGB", size, "#0000ff"), box, [0], ["cow"], "why")


def sheet(count: int) -> Image.Image:
    return Image.open(io.BytesIO(contact_sheet([tile()] * count, "title"))).convert("RGB")


def test_four_tiles_make_a_row() -> None:
    """A fifth begins the next one; the width stays."""
    assert sheet(1).size == sheet(4).size
    assert sheet(5).width == sheet(4).width
    assert sheet(5).height > sheet(4).height


def test_the_same_tiles_give_the_same_bytes() -> None:
    """So that a report of the same results is the same."""
    assert contact_sheet([tile()], "title") == contact_sheet([tile()], "title")


def test_boxes_are_scaled_with_their_image() -> None:
    """64 x 32 pixels are drawn 280 wide, so the box begins at 35: an orange line on blue."""
    drawn = np.asarray(sheet(1))
    assert drawn[40 + 70, 10 + 35, 0] > 100
    assert drawn[40 + 90, 10 + 140, 0] < 60
