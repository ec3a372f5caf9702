# ruff: noqa: N803, N806, N815 - shape suffixes
"""k-means with some centres held: Lloyd's algorithm, begun by k-means++.

N = points, H = centres that are held, K = free centres, E = length of a vector.
"""

from dataclasses import dataclass

import numpy as np

from job.acquisition.numerics.k_center import squared_to_nearest
from job.acquisition.numerics.top_k import Rows
from job.records.arrays import Float32s, Float64s

_MAX_ITERATIONS = 50
_BLOCK = 4096


@dataclass(frozen=True)
class Clusters:
    """Free centres, and the points that are nearest to each."""

    centres_KE: Float32s
    cluster_N: Rows
    """(N,): the free centre that each point is nearest to; -1 if a held one is nearer."""


def k_means(
    points_NE: Float32s, held_HE: Float32s, num_free: int, rng: np.random.Generator
) -> Clusters:
    """Return `num_free` centres, at most one a point, beside those that are held.

    Args:
        points_NE: The points.
        held_HE: Centres that stay where they are, such as what is known already.
        num_free: How many centres to place.
        rng: Draws where they begin: in proportion to the squared distance to the nearest centre.
    """
    num_free = min(num_free, len(points_NE))
    if num_free == 0:
        return Clusters(points_NE[:0], np.full(len(points_NE), -1))
    held_N = np.full(len(points_NE), np.inf, np.float32)
    if len(held_HE):
        held_N = squared_to_nearest(points_NE, held_HE)
    centres_KE = _begin(points_NE, held_N, num_free, rng)
    cluster_N = _assign(points_NE, held_N, centres_KE)
    for _ in range(_MAX_ITERATIONS):
        for cluster in np.unique(cluster_N[cluster_N >= 0]):
            centres_KE[cluster] = points_NE[cluster_N == cluster].mean(axis=0)
        moved_N = _assign(points_NE, held_N, centres_KE)
        if np.array_equal(moved_N, cluster_N):
            break
        cluster_N = moved_N
    return Clusters(centres_KE, cluster_N)


def squared_distances(points_NE: Float32s, centres_KE: Float32s) -> Float64s:
    """Return the squared distance of each point to each centre: (N, K)."""
    squares_N1 = np.square(points_NE).sum(axis=1)[:, None]
    result_NK = squares_N1 + np.square(centres_KE).sum(axis=1) - 2 * points_NE @ centres_KE.T
    return np.asarray(np.maximum(result_NK, 0), np.float64)


def _begin(
    points_NE: Float32s, held_N: Float32s, num_free: int, rng: np.random.Generator
) -> Float32s:
    nearest_N = held_N.astype(np.float64)
    rows: list[int] = []
    for _ in range(num_free):
        weights_N = np.where(np.isinf(nearest_N), 1.0, nearest_N)
        weights_N[rows] = 0
        if not weights_N.any():  # copies only
            weights_N[:] = 1
            weights_N[rows] = 0
        rows.append(int(rng.choice(len(points_NE), p=weights_N / weights_N.sum())))
        newest_N = squared_distances(points_NE, points_NE[rows[-1:]])[:, 0]
        nearest_N = np.minimum(nearest_N, newest_N)
    return points_NE[rows].copy()


def _assign(points_NE: Float32s, held_N: Float32s, centres_KE: Float32s) -> Rows:
    """Return the free centre that each point is nearest to; -1 if a held one is as near."""
    cluster_N = np.empty(len(points_NE), np.intp)
    for first in range(0, len(points_NE), _BLOCK):
        block = slice(first, first + _BLOCK)
        squared_BK = squared_distances(points_NE[block], centres_KE)
        is_free_B = squared_BK.min(axis=1) < held_N[block]
        cluster_N[block] = np.where(is_free_B, squared_BK.argmin(axis=1), -1)
    return cluster_N
