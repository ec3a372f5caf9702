"""Half precision, held against numpy's own functions."""

import numpy as np
import pytest

from job.records.arrays import Floats
from job.records.halves import first_highest, highest, to_float64

ALL = np.arange(2**16, dtype=np.uint16).view(np.float16)
ROWS: dict[str, Floats] = {
    "shares": np.random.default_rng(0).random((50, 7)).astype(np.float16),
    "equal": np.full((3, 4), 0.5, np.float16),
    "negative": np.array([[-1, -2, -3], [-0.0, 0, -1], [1, 2, -3]], np.float16),
    "not numbers": np.array([[1, np.nan, 2], [np.inf, 1, 2], [-np.nan, 1, np.nan]], np.float16),
    "single": np.random.default_rng(1).random((5, 3)).astype(np.float32),
    "not in a row": np.random.default_rng(2).random((6, 4)).astype(np.float16).T,
    "none": np.zeros((0, 3), np.float16),
}


def test_every_half_is_itself() -> None:
    """All 65,536 of them, with what is not a number."""
    with np.errstate(invalid="ignore"):
        expected = ALL.astype(np.float64)
    np.testing.assert_array_equal(to_float64(ALL), expected)


@pytest.mark.parametrize("name", ROWS)
def test_the_highest_of_a_row_is_that_of_numpy(name: str) -> None:
    """Negative numbers, NaN, infinity and other types included."""
    rows = ROWS[name]
    np.testing.assert_array_equal(highest(rows), rows.max(axis=1, initial=0))
    np.testing.assert_array_equal(first_highest(rows), rows.argmax(axis=1))
    np.testing.assert_array_equal(to_float64(rows), rows.astype(np.float64))
