# ruff: noqa: N803, N806 - shape suffixes
"""Near-duplicates, and the effective number of different vectors."""

import numpy as np
import pytest

from job.acquisition.numerics.near_duplicates import in_runs, redundancy_of
from job.records.arrays import Floats


def numbers(vectors_NE: Floats) -> tuple[int, int, int, float]:
    """Return what is compared, equal to the most common and alike, and the effective number."""
    found = redundancy_of(vectors_NE)
    effective = round(found.effective_number, 5)
    return found.num_compared, found.num_equal, found.num_near_duplicates, effective


def test_copies_count_once() -> None:
    """Three of one kind, two of another, one alone: the mean is 0, and 1/3 three times is 1."""
    vectors_NE = np.array([[1, 0], [1, 0], [1, 0], [-1, 2], [-1, 2], [-1, -4]], np.float16)
    assert numbers(vectors_NE) == (6, 3, 5, 3)


def test_near_duplicates_lie_within_the_angle_whose_cosine_is_0_8() -> None:
    """About 37 degrees: of two opposite pairs, one of 30 degrees is, and one of 45 is not."""

    def pairs(degrees: float) -> tuple[int, int, int, float]:
        angles = np.deg2rad([0, degrees, 180, 180 + degrees])
        return numbers(np.column_stack([np.cos(angles), np.sin(angles)]))

    assert pairs(30) == (4, 1, 4, 2)
    assert pairs(45) == (4, 1, 0, 4)


def test_what_all_vectors_have_in_common_makes_none_alike() -> None:
    """Embeddings of one network are far from the origin, all in one direction."""
    vectors_NE = np.array([[100, 0, 1], [100, 1, 0], [100, 0, -1], [100, -1, 0]], np.float32)
    assert redundancy_of(vectors_NE).num_near_duplicates == 0


@pytest.mark.parametrize(("num", "alike", "effective"), [(0, 0, 0), (1, 0, 1), (4, 4, 1)])
def test_equal_vectors_are_one(num: int, alike: int, effective: float) -> None:
    """As those of a network that says nothing; a single vector is like no other."""
    assert numbers(np.zeros((num, 3), np.float16)) == (num, num, alike, effective)


def test_blocks_do_not_matter() -> None:
    """More vectors than a block has: the counts are those of the matrix of all pairs."""
    vectors_NE = np.random.default_rng(0).normal(size=(1100, 3)).astype(np.float16)
    centred_NE = vectors_NE.astype(np.float64) - vectors_NE.mean(axis=0, dtype=np.float64)
    lengths_N = np.linalg.norm(centred_NE, axis=1)
    alike_NN = centred_NE @ centred_NE.T >= 0.8 * np.outer(lengths_N, lengths_N)
    found = redundancy_of(vectors_NE)
    assert found.effective_number == pytest.approx((1 / alike_NN.sum(axis=1)).sum(), rel=1e-3)
    assert found.near_duplicate_share == pytest.approx((alike_NN.sum(axis=1) > 1).mean(), abs=2e-3)


def test_of_a_large_set_neighbours_are_compared() -> None:
    """Two runs of three of ten rows, from the first to the last."""
    assert in_runs(10, 6, run=3).tolist() == [0, 1, 2, 7, 8, 9]
    assert in_runs(6, 6, run=3).tolist() == [0, 1, 2, 3, 4, 5]
