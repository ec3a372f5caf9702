"""Which boxes are taken, clipped and refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job.data.ingest.boxes import Box, clip_box
from job.errors import BadDataError


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 100, 50), (0, 0, 100, 50)),
        ((-2, 3, 10, 20), (0, 3, 10, 20)),
        ((90, 40, 102, 51.5), (90, 40, 100, 50)),
    ],
)
def test_overhang_up_to_two_pixels_is_clipped(box: Box, expected: Box) -> None:
    """In an image of 100 x 50, 2 pixels are within the tolerance; only what changes counts."""
    assert clip_box(box, 100, 50) == (expected, box != expected)


def test_tolerance_grows_with_the_side() -> None:
    """In an image 1,000 wide, 10 pixels are 1 %; its height of 100 still has a tolerance of 2."""
    assert clip_box((-10, 0, 1010, 100), 1000, 100) == ((0, 0, 1000, 100), True)
    with pytest.raises(BadDataError, match="outside the image of 1000 x 100 pixels by 11"):
        clip_box((-11, 0, 1000, 100), 1000, 100)
    with pytest.raises(BadDataError, match=r"outside .* by 3"):
        clip_box((0, 0, 1000, 103), 1000, 100)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((20, 5, 10, 9), "inverted or empty"),
        ((10, 9, 20, 5), "inverted or empty"),
        ((10, 5, 10, 9), "inverted or empty"),
        ((16, 5, 16.0000001, 9), "inverted or empty"),
        ((0, 0, 1e300, 9), "not a finite number"),
        ((-1.5, 0, -0.5, 9), "outside the image"),
        ((300, 0, 400, 9), "outside the image .* by 300"),
        ((math.nan, 0, 5, 9), "not a finite number"),
        ((0, 0, math.inf, 9), "not a finite number"),
        ((0, -math.inf, 5, 9), "not a finite number"),
    ],
)
def test_wrong_box_is_refused_with_its_reason(box: Box, reason: str) -> None:
    """Nothing that is wrong in kind is clipped into something else."""
    with pytest.raises(BadDataError, match=reason):
        clip_box(box, 100, 50)


coordinates = st.floats(-20, 120)


@given(st.tuples(coordinates, coordinates, coordinates, coordinates))
def test_box_that_is_taken_lies_in_the_image_and_is_not_empty(box: Box) -> None:
    """Whatever goes in, what comes out is a proper box."""
    try:
        (left, top, right, bottom), _ = clip_box(box, 100, 50)
    except BadDataError:
        return
    assert 0 <= np.float32(left) < np.float32(right) <= 100
    assert 0 <= np.float32(top) < np.float32(bottom) <= 50


def test_coordinates_are_those_that_are_stored() -> None:
    """A box that float32 rounds within its image has not been clipped."""
    expected = tuple(float(np.float32(x)) for x in (3.1, 2.7, 45.70, 9.3))
    assert clip_box((3.1, 2.7, 45.70, 9.3), 100, 50) == (expected, False)


def test_an_overhang_of_a_rounded_share_is_clipped_and_not_told() -> None:
    """A label file with six decimals misses the edge of a photograph by less than 0.01 pixels."""
    assert clip_box((-0.009, 0, 100.009, 50), 100, 50) == ((0, 0, 100, 50), False)
    assert clip_box((-0.011, 0, 100, 50), 100, 50) == ((0, 0, 100, 50), True)
