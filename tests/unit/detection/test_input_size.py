import pytest

from job.detection.input_size import Fit, Square


@pytest.mark.parametrize(
    ("size_wh", "canvas_wh"),
    [
        ((400, 200), (200, 100)),  # the shorter side counts
        ((200, 400), (100, 200)),
        ((1000, 200), (250, 50)),  # the longer side is at its limit
        ((50, 30), (166, 100)),  # enlarged, and rounded down
        ((5000, 4), (250, 1)),
    ],
)
def test_an_image_that_keeps_its_aspect_fits_both_limits(
    size_wh: tuple[int, int], canvas_wh: tuple[int, int]
) -> None:
    """By hand, with a shorter side of 100 pixels and a longer one of at most 250."""
    assert Fit(100, 250).canvas(size_wh) == canvas_wh


def test_a_square_is_the_same_for_all_images() -> None:
    """Whatever the image's aspect is."""
    assert Square(64).canvas((10, 500)) == Square(64).canvas((64, 64)) == (64, 64)


def test_sides_may_be_multiples_of_a_patch() -> None:
    """Of 166 by 100 pixels, patches of 16 leave 160 by 96; a side has at least one."""
    assert Fit(100, 250, 16).canvas((50, 30)) == (160, 96)
    assert Fit(100, 250, 16).canvas((5000, 4)) == (240, 16)


@pytest.mark.parametrize("side", [49, 77, 97, 98, 640])
def test_no_pixel_is_lost_by_rounding(side: int) -> None:
    """The limits are reached to the pixel, though 98 times the nearest number to 512 / 98 is less.

    With patches of 16 pixels, a whole patch would be lost.
    """
    assert Fit(512, 853, 16).canvas((side, side)) == (512, 512)
    assert Fit(128, 213).canvas((3 * side, side)) == (213, 71)
