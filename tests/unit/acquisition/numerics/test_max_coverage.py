"""Greedy maximum coverage, against the plain algorithm and by hand."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.acquisition.numerics import max_coverage as module
from job.acquisition.numerics.max_coverage import (
    References,
    max_coverage,
    mean_to_nearest,
    smallest_distance,
)

NOTHING = np.empty((0, 1), np.float32)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


@pytest.mark.parametrize("active", [1, 3, 1000])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_each_pick_has_the_highest_gain_that_is_left(active: int, seed: int) -> None:
    """Up to rounding, however few points are kept up to date: as if all gains were computed."""
    rng = np.random.default_rng(seed)
    num_points, num_references, num_centres = rng.integers(1, 40, 3)
    points, references, centres = (
        rng.normal(size=(count, 2)).astype(np.float32)
        for count in (num_points, num_references, num_centres - 1)
    )
    weights = rng.uniform(size=num_references)
    sigma = float(rng.uniform(0.3, 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_ACTIVE", active)
        to_cover = References.of(references, weights, sigma, centres)
        taken = max_coverage(points, to_cover, int(rng.integers(1, 50)))
    kernels = np.exp(-((points[:, None] - references) ** 2).sum(axis=2) / sigma**2)
    known = np.exp(-((centres[:, None] - references) ** 2).sum(axis=2) / sigma**2)
    covered = known.max(axis=0, initial=0)
    left = set(range(num_points))
    for row, gain in zip(taken.rows.tolist(), taken.gains, strict=True):
        gains = (np.maximum(kernels - covered, 0) * weights).sum(axis=1)
        assert gain == pytest.approx(gains[row], abs=1e-4)
        assert gain == pytest.approx(max(gains[each] for each in left), abs=1e-4)
        left.remove(row)
        covered = np.maximum(covered, kernels[row])


def test_by_hand() -> None:
    """At 0, 1 and 10 with sigma 1: 0 and 1 cover each other by 1/e, and 10 is alone.

    0 and 1 are worth 1 + 1/e each, so 0 is first; then 10 adds 1, and 1 only 1 - 1/e.
    """
    points = column(0, 1, 10)
    taken = max_coverage(points, References.of(points, np.ones(3), 1.0, NOTHING), 3)
    assert taken.rows.tolist() == [0, 2, 1]
    assert taken.gains.tolist() == pytest.approx([1 + exp(-1), 1, 1 - exp(-1)])


def test_what_labelled_images_cover_is_worth_less() -> None:
    """A label at 0 leaves nothing to gain there, and 1 - 1/e at 1."""
    points = column(0, 1)
    taken = max_coverage(points, References.of(points, np.ones(2), 1.0, column(0)), 2)
    assert taken.rows.tolist() == [1, 0]
    assert taken.gains.tolist() == pytest.approx([1 - exp(-1), 0])


def test_weights_count() -> None:
    """A weight of 5 at 10 outweighs the neighbours at 0 and 1."""
    points = column(0, 1, 10)
    references = References.of(points, np.array([1, 1, 5]), 1.0, NOTHING)
    assert max_coverage(points, references, 1).rows.tolist() == [2]


def test_equal_gains_are_taken_in_order() -> None:
    """Far from each other, all add 1."""
    points = column(0, 100, 200)
    taken = max_coverage(points, References.of(points, np.ones(3), 1.0, NOTHING), 3)
    assert taken.rows.tolist() == [0, 1, 2]


@pytest.mark.parametrize("budget", [0, 2])
def test_no_points(budget: int) -> None:
    """Nothing to pick from is not an error."""
    references = References.of(NOTHING, np.empty(0), 1.0, NOTHING)
    assert max_coverage(NOTHING, references, budget).rows.tolist() == []


def test_the_mean_distance_to_the_nearest_other() -> None:
    """Of 0, 1 and 3: 1, 1 and 2; a copy is at distance 0."""
    assert mean_to_nearest(column(0, 1, 3)) == pytest.approx(4 / 3)
    assert mean_to_nearest(column(0, 0)) == 0
    assert mean_to_nearest(column(5)) == 0


def test_the_smallest_positive_distance() -> None:
    """Copies do not count; without two different points there is none."""
    points = np.array([[0, 0], [0, 0], [3, 3], [4, 4]], np.float32)
    assert smallest_distance(points) == pytest.approx(sqrt(2))
    assert smallest_distance(points[:2]) == 0
    assert smallest_distance(points[:0]) == 0
