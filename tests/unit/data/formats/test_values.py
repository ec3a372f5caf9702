"""Numbers, sizes and rotated boxes as annotation tools write them."""

import math

import pytest

from job.data.formats.values import declared_side, enclose_rotated, rotation_degrees, to_number
from job.errors import BadDataError


@pytest.mark.parametrize(
    ("value", "expected"),
    [(64, 64), (64.0, 64), ("64", 64), (" 64.0 ", 64), (None, 0), ("", 0), (0, 0), (math.nan, 0)],
)
def test_a_side_may_be_of_any_type_that_tells_a_number(value: object, expected: float) -> None:
    """A side that is missing, empty, 0 or NaN declares nothing."""
    assert declared_side(value, "width") == expected


@pytest.mark.parametrize("value", ["wide", "1_0", True, [64], -1, math.inf, 10**400, "-3"])
def test_a_side_that_is_there_and_not_a_number_is_refused(value: object) -> None:
    """It is not taken for a side that is not declared."""
    with pytest.raises(BadDataError, match=r"the width of the image, .* is not a number of pixels"):
        declared_side(value, "width")


def test_numbers_that_only_python_reads_are_refused() -> None:
    """An underscore within a number is a slip of the pen, and not a thousands separator."""
    assert to_number("1e1") == 10
    with pytest.raises(ValueError, match="1_0"):
        to_number("1_0")


def test_the_box_around_a_rotated_box() -> None:
    """Worked out by hand for 40 x 6 pixels about (30, 23), at 60 degrees.

    Half a width is 20 / 2 + 3 * 0.866 = 12.598, half a height 20 * 0.866 + 3 / 2 = 18.821.
    """
    expected = pytest.approx((17.402, 4.179, 42.598, 41.821), abs=1e-3)
    for degrees in (60, -60, 120, 240):
        assert enclose_rotated((10, 20, 50, 26), degrees) == expected


def test_an_inverted_box_stays_inverted() -> None:
    """Ingest refuses it; rotation does not mend it."""
    assert enclose_rotated((50, 20, 10, 26), 60) == (50, 20, 10, 26)


@pytest.mark.parametrize("value", ["steep", math.nan, [1], True])
def test_a_rotation_that_is_not_a_number_is_refused(value: object) -> None:
    """The box could be anywhere."""
    with pytest.raises(BadDataError, match=r"object 1: rotation .* is not a number of degrees"):
        rotation_degrees(value, "object 1")
