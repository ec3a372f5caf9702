"""The uncertainty of one detection."""

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
import pytest

from job.acquisition.numerics.uncertainty import entropy, margin
from job.records.arrays import Float64s

Function = Callable[[np.ndarray], Float64s]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ([0.5, 0.5, 0.0], 1.0),  # (1 - (1/2 - 1/2))^2
        ([1.0, 0.0, 0.0], 0.0),  # (1 - (1 - 0))^2
        ([0.25, 0.75, 0.0], 0.25),  # (1 - (3/4 - 1/4))^2 = (1/2)^2
        ([0.25, 0.25, 0.5], 0.5625),  # (1 - (1/2 - 1/4))^2 = (3/4)^2
        ([1.0], 0.0),  # one class: p2 = 0
    ],
)
def test_margin_of_brust_2019(p: list[float], expected: float) -> None:
    """(1 - (p1 - p2))^2, in whatever order the classes are."""
    assert margin(np.array([p], np.float16)) == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ([1.0, 0.0, 0.0], 0.0),
        ([0.25] * 4, log(4)),
        ([0.5, 0.25, 0.25], 1.5 * log(2)),  # 1/2 ln 2 + 2 * 1/4 ln 4
        ([1.0], 0.0),
        # float16 holds 1/1024 exactly, but not a sum of 1024 logarithms.
        ([1 / 1024] * 1024, 10 * log(2)),
    ],
)
def test_entropy_in_nats(p: list[float], expected: float) -> None:
    """-sum p ln p with 0 ln 0 = 0, computed in float64 from float16."""
    assert entropy(np.array([p], np.float16)) == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize("function", [margin, entropy])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_no_detections_no_values(function: Function, dtype: type[np.floating[Any]]) -> None:
    """An empty record is not an error, and the answer is float64 from whatever type."""
    values = function(np.zeros((0, 3), dtype))
    assert values.shape == (0,)
    assert values.dtype == np.float64


@pytest.mark.parametrize("function", [margin, entropy])
def test_a_distribution_that_is_none_is_not_hidden(function: Function) -> None:
    """NaN in, NaN out: nothing turns it into an ordinary value."""
    assert np.isnan(function(np.array([[np.nan, 0.5, 0.5]], np.float16))).all()
