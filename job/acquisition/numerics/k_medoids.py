# ruff: noqa: N803, N806 - shape suffixes
"""k-medoids on given distances: k of the points, so that every point is near one of them.

The algorithm alternates like Lloyd's k-means (Park and Jun 2009): each point joins its nearest
medoid, and each group's medoid becomes its member with the lowest sum of distances to the others.
It begins with greedy k-centre.

M = points, K = medoids.
"""

import numpy as np

from job.acquisition.numerics.top_k import Rows
from job.records.arrays import Floats

_MAX_ITERATIONS = 100


def k_medoids(distances_MM: Floats, k: int) -> Rows:
    """Return the rows of k medoids, or of all points if there are fewer: (k,), ascending.

    Ties go to the lower row. Points at distance 0 from each other can all be medoids. The answer is
    a local optimum: no other member of a medoid's group has a lower sum of distances to the group.

    Args:
        distances_MM: Symmetric, with zeros on the diagonal.
        k: The number of medoids.
    """
    num_points = len(distances_MM)
    if not 0 < k < num_points:
        return np.arange(min(k, num_points))
    medoids_K = _spread(distances_MM, k)
    for _ in range(_MAX_ITERATIONS):
        better_K = _centres(distances_MM, assign(distances_MM, medoids_K), k)
        if np.array_equal(better_K, medoids_K):
            break
        medoids_K = better_K
    return medoids_K


def assign(distances_MM: Floats, medoids_K: Rows) -> Rows:
    """Return each point's group, the index of its nearest medoid: (M,); a medoid's is its own."""
    group_M: Rows = distances_MM[:, medoids_K].argmin(axis=1)
    group_M[medoids_K] = np.arange(len(medoids_K))
    return group_M


def _spread(distances_MM: Floats, k: int) -> Rows:
    """Return k points by greedy k-centre, which begins with the first point."""
    taken = [0][:k]
    nearest_M = distances_MM[0].copy()
    while len(taken) < k:
        nearest_M[taken[-1]] = -1
        taken.append(int(nearest_M.argmax()))
        np.minimum(nearest_M, distances_MM[taken[-1]], out=nearest_M)
    return np.sort(np.array(taken, np.intp))


def _centres(distances_MM: Floats, group_M: Rows, k: int) -> Rows:
    """Return each group's member with the lowest sum of distances to the other members."""
    members = np.argsort(group_M, kind="stable")
    groups = np.split(members, np.searchsorted(group_M[members], np.arange(1, k)))
    centres = [
        each[distances_MM[np.ix_(each, each)].sum(axis=1).argmin()] for each in groups if len(each)
    ]
    return np.sort(np.array(centres, np.intp))
