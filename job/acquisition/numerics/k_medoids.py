# ruff: noqa: N803, N806 - shape suffixes
"""k-medoids on given distances: k points such that all points are near one of them.

Alternation, as in Lloyd's k-means (Park and Jun 2009): each point joins its nearest medoid, and
each group's medoid becomes its member with the least sum of distances to the others. It begins with
greedy k-centre. M = points.
"""

import numpy as np

from job.acquisition.numerics.top_k import Rows
from job.records.arrays import Floats

_MAX_ITERATIONS = 100


def k_medoids(distances_MM: Floats, k: int) -> Rows:
    """Return the rows of k medoids, or of all points where there are no more: (k,), ascending.

    Ties go to the lower row. Points at distance 0 from each other can all be medoids. The answer is
    a local optimum: no other member of a medoid's group is nearer to the group.

    Args:
        distances_MM: Symmetric, with zeros on the diagonal.
        k: How many.
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
    """Return each point's group, the place of its nearest medoid: (M,); a medoid's is its own."""
    group_M: Rows = distances_MM[:, medoids_K].argmin(axis=1)
    group_M[medoids_K] = np.arange(len(medoids_K))
    return group_M


def _spread(distances_MM: Floats, k: int) -> Rows:
    """Begin with the first point, and take the one farthest from all taken, k in all."""
    taken = [0][:k]
    nearest_M = distances_MM[0].copy()
    while len(taken) < k:
        nearest_M[taken[-1]] = -1
        taken.append(int(nearest_M.argmax()))
        np.minimum(nearest_M, distances_MM[taken[-1]], out=nearest_M)
    return np.sort(np.array(taken, np.intp))


def _centres(distances_MM: Floats, group_M: Rows, k: int) -> Rows:
    """Return each group's member with the least sum of distances to the other members."""
    members = np.argsort(group_M, kind="stable")
    groups = np.split(members, np.searchsorted(group_M[members], np.arange(1, k)))
    centres = [
        each[distances_MM[np.ix_(each, each)].sum(axis=1).argmin()] for each in groups if len(each)
    ]
    return np.sort(np.array(centres, np.intp))
