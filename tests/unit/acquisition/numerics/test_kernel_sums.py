"""Sums over neighbours, weighted by a kernel."""

from math import exp

import numpy as np
import pytest

from job.acquisition.numerics import kernel_sums as module
from job.acquisition.numerics.kernel_sums import kernel_sums


def test_a_neighbour_counts_by_its_distance() -> None:
    """At distance 0 its value, at distance 3 with sigma 2 its value times exp(-9/4)."""
    points, neighbours = np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 0.0]])
    sums = kernel_sums(points, neighbours, np.array([[1.0, 10.0], [100.0, 1000.0]]), 2)
    far = exp(-9 / 4)
    assert sums[0] == pytest.approx([1 + 100 * far, 10 + 1000 * far], rel=1e-5)


def test_many_points_are_taken_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small block gives the same sums."""
    rng = np.random.default_rng(0)
    args = rng.random((7, 3)), rng.random((5, 3)), rng.random((5, 2)), 0.5
    whole = kernel_sums(*args)
    monkeypatch.setattr(module, "_BLOCK", 10)
    assert kernel_sums(*args) == pytest.approx(whole, rel=1e-5)


def test_without_neighbours_sums_are_zero() -> None:
    """Nothing is near."""
    assert not kernel_sums(np.ones((2, 3)), np.ones((0, 3)), np.ones((0, 4)), 1).any()
