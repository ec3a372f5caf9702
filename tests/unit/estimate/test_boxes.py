"""How many boxes images are expected to have."""

import pytest

from job.estimate.boxes import BoxCounts, Span


def test_the_range_is_from_the_emptiest_to_the_fullest_images() -> None:
    """2 of 4 images with 0, 1, 3 and 8 boxes: 1 at least, 11 at most, and 6 in the mean."""
    counts = BoxCounts([8, 0, 3, 1], "a list")
    assert counts.mean == 3
    assert counts.of(2, 4) == Span(1, 6, 11)


def test_of_all_images_the_number_is_known() -> None:
    """Whatever the order is, all of them are labelled in the end."""
    assert BoxCounts([8, 0, 3, 1], "a list").of(4, 4) == Span(12, 12, 12)


def test_known_images_stand_for_those_that_are_not() -> None:
    """A quarter of 400 is picked, so the range is from one of 4 known images to another."""
    assert BoxCounts([8, 0, 3, 1], "a list").of(100, 400) == Span(0, 300, 800)


@pytest.mark.parametrize(("picks", "images"), [(0, 10), (0, 0)])
def test_no_image_has_no_box(picks: int, images: int) -> None:
    """Also if there is none to pick."""
    assert BoxCounts([1, 2], "a list").of(picks, images) == Span(0, 0, 0)


def test_spans_add_up_end_by_end() -> None:
    """And a known number is a span of no width."""
    assert Span(1, 2, 4) + Span.exactly(10) == Span(11, 12, 14)
