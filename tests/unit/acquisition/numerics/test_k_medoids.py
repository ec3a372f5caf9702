"""k-medoids, by hand and against every possible answer."""

from itertools import combinations

import numpy as np
import pytest

from job.acquisition.numerics.k_medoids import assign, k_medoids


def line(*places: float) -> np.ndarray:
    x = np.array(places)
    return np.asarray(np.abs(x[:, None] - x))


def test_two_groups_have_their_middles() -> None:
    """0, 1, 2 and 10, 11, 12: the middle of each has the lowest sum of distances."""
    assert k_medoids(line(0, 1, 2, 10, 11, 12), 2).tolist() == [1, 4]


def test_each_point_belongs_to_the_nearest_medoid() -> None:
    """And a medoid to itself, also where another lies upon it."""
    assert assign(line(0, 1, 9, 9), np.array([0, 2, 3])).tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("seed", range(30))
def test_no_single_exchange_within_a_group_is_better(seed: int) -> None:
    """It is a local optimum, at most half as much again as the best of all answers on these."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(9, 2))
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    k = int(rng.integers(1, 5))
    medoids = k_medoids(distances, k)
    groups = assign(distances, medoids)
    for place, medoid in enumerate(medoids):
        members = np.flatnonzero(groups == place)
        sums = distances[np.ix_(members, members)].sum(axis=1)
        assert sums.min() == pytest.approx(distances[medoid, members].sum())
    best = min(distances[:, each].min(axis=1).sum() for each in combinations(range(9), k))
    assert distances[:, medoids].min(axis=1).sum() <= 1.5 * best + 1e-9


def test_duplicates_never_make_fewer_medoids() -> None:
    """All at distance 0: any k of them, distinct."""
    medoids = k_medoids(np.zeros((6, 6)), 4)
    assert len(set(medoids.tolist())) == 4


@pytest.mark.parametrize("k", [3, 4, 9])
def test_as_many_as_there_are(k: int) -> None:
    """Or more: all of them."""
    assert k_medoids(line(0, 1, 2), k).tolist() == [0, 1, 2]


def test_none() -> None:
    """Neither points nor medoids."""
    assert k_medoids(np.zeros((0, 0)), 0).tolist() == []
    assert k_medoids(np.zeros((3, 3)), 0).tolist() == []
