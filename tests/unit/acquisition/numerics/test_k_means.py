"""k-means with centres that stay."""

import numpy as np
import pytest

from job.acquisition.numerics.k_means import k_means, squared_distances

RNG = np.random.default_rng(0)
NOTHING = np.empty((0, 1), np.float32)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


@pytest.mark.parametrize("seed", range(5))
def test_two_groups_have_their_means_as_centres(seed: int) -> None:
    """0 and 2, and 10 and 14: 1 and 12, whatever k-means begins with."""
    found = k_means(column(0, 2, 10, 14), NOTHING, 2, np.random.default_rng(seed))
    assert sorted(found.centres_KE[:, 0].tolist()) == [1, 12]
    first, second, third, fourth = found.cluster_N.tolist()
    assert first == second
    assert third == fourth
    assert first != third


@pytest.mark.parametrize("seed", range(5))
def test_a_centre_that_is_held_keeps_its_points(seed: int) -> None:
    """One at 1 holds 0 and 2, so the free one goes to 10 and 14, and the held one stays."""
    found = k_means(column(0, 2, 10, 14), column(1), 1, np.random.default_rng(seed))
    assert found.centres_KE.tolist() == [[12]]
    assert found.cluster_N.tolist() == [-1, -1, 0, 0]


@pytest.mark.parametrize(("num_points", "num_free"), [(0, 3), (2, 0), (2, 5)])
def test_there_are_no_more_centres_than_points(num_points: int, num_free: int) -> None:
    """Also of none."""
    points = column(*range(num_points))
    assert len(k_means(points, NOTHING, num_free, RNG).centres_KE) == min(num_points, num_free)


def test_copies_can_all_be_centres() -> None:
    """Nothing is divided by their distance, which is 0."""
    assert k_means(column(3, 3, 3), NOTHING, 2, RNG).centres_KE.tolist() == [[3], [3]]


def test_squared_distances_by_hand() -> None:
    """3-4-5."""
    points = np.array([[0, 0], [3, 4]], np.float32)
    assert squared_distances(points, points).tolist() == [[0, 25], [25, 0]]
