"""From values of detections to one score an image."""

import statistics
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job.acquisition.numerics.aggregation import Aggregation, aggregate, first_highest, keep_highest

# Five images: nothing, two detections, nothing, three, nothing.
OFFSETS = np.array([0, 0, 2, 2, 5, 5])
VALUES = np.array([1.0, 2.0, 0.5, 4.0, 3.0])


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("sum", [-1.0, 3.0, -1.0, 7.5, -1.0]),  # 1 + 2; 0.5 + 4 + 3
        ("mean", [-1.0, 1.5, -1.0, 2.5, -1.0]),  # 3 / 2; 7.5 / 3
        ("max", [-1.0, 2.0, -1.0, 4.0, -1.0]),
    ],
)
def test_empty_images_get_the_score_set_for_them(how: Aggregation, expected: list[float]) -> None:
    """First, last or between, an image without detections neither takes a value nor loses one."""
    assert aggregate(VALUES, OFFSETS, how, empty_score=-1.0).tolist() == expected


@pytest.mark.parametrize("how", get_args(Aggregation))
def test_nothing_at_all(how: Aggregation) -> None:
    """No image, and images without any detection, are no error."""
    none = np.zeros(0)
    assert aggregate(none, np.array([0]), how, empty_score=0.0).tolist() == []
    assert aggregate(none, np.array([0, 0, 0]), how, empty_score=0.5).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("most", "expected", "offsets"),
    [
        (1, [2.0, 4.0], [0, 0, 1, 1, 2, 2]),
        (2, [1.0, 2.0, 3.0, 4.0], [0, 0, 2, 2, 4, 4]),
        (9, [1.0, 2.0, 0.5, 3.0, 4.0], [0, 0, 2, 2, 5, 5]),
    ],
)
def test_only_the_highest_values_of_an_image_are_kept(
    most: int, expected: list[float], offsets: list[int]
) -> None:
    """At most `most` an image, and all where it has fewer."""
    values, kept = keep_highest(VALUES, OFFSETS, most)
    assert (values.tolist(), kept.tolist()) == (expected, offsets)


def test_the_first_of_the_highest() -> None:
    """Where two detections are equal, the first is meant; empty images have no row."""
    values = np.array([1.0, 1.0, 0.0, 5.0, 5.0])
    assert first_highest(values, OFFSETS).tolist() == [0, 3]


@given(st.lists(st.lists(st.floats(0, 1), max_size=12), max_size=8), st.integers(1, 4))
def test_it_is_what_a_loop_over_the_images_gives(images: list[list[float]], most: int) -> None:
    """Sum, mean, max, the highest and the first highest, image by image."""
    offsets = np.concatenate([[0], np.cumsum([len(image) for image in images])]).astype(np.int64)
    values = np.array([value for image in images for value in image])
    loops: dict[str, Any] = {"sum": sum, "mean": statistics.fmean, "max": max}
    for how in get_args(Aggregation):
        expected = [loops[how](image) if image else 7.0 for image in images]
        assert aggregate(values, offsets, how, empty_score=7.0) == pytest.approx(expected)
    highest, kept = keep_highest(values, offsets, most)
    for row, image in enumerate(images):
        assert sorted(image)[-most:] == highest[kept[row] : kept[row + 1]].tolist()
    firsts = [image.index(max(image)) for image in images if image]
    starts = [start for start, image in zip(offsets, images, strict=False) if image]
    assert (first_highest(values, offsets) - np.array(starts, int)).tolist() == firsts


@pytest.mark.parametrize("how", get_args(Aggregation))
def test_what_is_not_a_number_stays_none(how: Aggregation) -> None:
    """NaN survives each aggregation, and touches no other image."""
    values = np.array([1.0, np.nan, 3.0, 2.0])
    offsets = np.array([0, 3, 4])
    assert np.isnan(aggregate(values, offsets, how, empty_score=0.0)).tolist() == [True, False]
