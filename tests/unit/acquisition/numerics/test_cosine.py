"""Cosines of many vectors, in blocks."""

import numpy as np
import pytest

from job.acquisition.numerics.cosine import (
    most_similar,
    most_similar_earlier,
    num_most_similar,
    scale_to_unit,
    unit,
)

_BLOCKS = pytest.mark.parametrize("block", [1, 5, 1000])


def vectors(count: int, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, 3)))


def test_a_unit_vector_has_length_one_and_zeros_stay_zeros() -> None:
    """(3, 4) becomes (0.6, 0.8); the zero vector has no direction."""
    result = unit(np.array([[3, 4], [0, 0]], np.float16))
    np.testing.assert_allclose(result, np.array([[0.6, 0.8], [0, 0]]), rtol=1e-6)
    assert result.dtype == np.float32


@_BLOCKS
def test_vectors_are_scaled_where_they_are(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What leads to them from a centre has length 1, however many are scaled at once."""
    monkeypatch.setattr("job.acquisition.numerics.cosine._ROWS", block)
    given = np.array([[5, 2], [1, 4], [1, 2], [4, 6]], np.float16)
    scale_to_unit(given, np.array([1.0, 2.0]))
    expected = np.array([[1, 0], [0, 1], [0, 0], [0.6, 0.8]], np.float16)
    np.testing.assert_array_equal(given, expected)


def test_vectors_are_counted_for_the_most_similar() -> None:
    """Two are nearest to the first, one to the second; a copy of it that comes later has none."""
    others = unit(np.array([[1, 0], [0, 1], [0, 1]]))
    assert num_most_similar(unit(np.array([[1, 0], [2, 1], [1, 2]])), others).tolist() == [2, 1, 0]


@_BLOCKS
def test_the_most_similar_vector_does_not_depend_on_blocks(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the one that a plain loop over all pairs finds."""
    monkeypatch.setattr("job.acquisition.numerics.cosine._BLOCK", block)
    ours, others = vectors(7), vectors(4, 1)
    rows, cosines = most_similar(ours, others)
    expected = [[float(row @ other) for other in others] for row in ours]
    assert rows.tolist() == [max(range(4), key=each.__getitem__) for each in expected]
    np.testing.assert_allclose(cosines, [max(each) for each in expected], rtol=1e-6)


def test_without_others_the_cosine_is_minus_one() -> None:
    """So that no threshold is passed."""
    assert most_similar(vectors(2), np.zeros((0, 3), np.float32))[1].tolist() == [-1, -1]


@_BLOCKS
def test_the_most_similar_earlier_vector_does_not_depend_on_blocks(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first vector has none before it, and gets 0."""
    monkeypatch.setattr("job.acquisition.numerics.cosine._BLOCK", block)
    ours = vectors(6)
    expected = [0.0] + [max(float(ours[i] @ ours[j]) for j in range(i)) for i in range(1, 6)]
    np.testing.assert_allclose(most_similar_earlier(ours), expected, rtol=1e-5)
