# ruff: noqa: N803, N806 - shape suffixes
"""Selection by score: the best images, or the best of fixed batches.

N = images, in ascending order of their ids, so equal scores are taken in that order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from job.records.arrays import Float64s

Rows = NDArray[np.intp]


def top_k(scores_N: Float64s, budget: int, ties_N: Float64s | None = None) -> Rows:
    """Return the rows of the `budget` highest scores, the highest first.

    If scores are equal, the lowest value in `ties_N` is first; if these are equal, the first row.
    """
    descending_N = -scores_N
    rows = _lowest(descending_N, budget)
    if ties_N is not None:
        return rows[np.lexsort((ties_N[rows], descending_N[rows]))[:budget]]
    return rows[np.argsort(descending_N[rows], kind="stable")[:budget]]


def _lowest(values_N: Float64s, count: int) -> Rows:
    """Return the rows of the `count` lowest values and of all that equal the last, ascending.

    They are found without sorting, of which a large pool would have more than of anything else.
    """
    if not 0 < count < len(values_N):
        return np.arange(len(values_N))
    last = np.partition(values_N, count - 1)[count - 1]
    return np.flatnonzero(~(values_N > last))  # what is not a number comes last, as in a sort


@dataclass(frozen=True)
class BatchPicks:
    """Picks in whole batches, the best batch first."""

    rows: Rows
    """The images; within a batch, the highest score first."""
    ranks: Rows
    """For each pick, the rank of its batch, from 0."""
    worth: Float64s
    """For each pick, the sum of the scores of its batch."""
    num_batches: int


def best_batches(scores_N: Float64s, order_N: Rows, batch_size: int, budget: int) -> BatchPicks:
    """Return the batches with the highest sums of scores, cut from the images along an order.

    Brust et al. 2019 have a random order. From the last batch taken, only the highest scores are
    taken, so the budget is filled exactly. Batches of equal sums are taken in the order of the cut.
    The last batch of the cut may be smaller than the others.

    Args:
        scores_N: The images' scores.
        order_N: A permutation of the rows.
        batch_size: Images in a batch.
        budget: Images to pick.
    """
    num_images = len(scores_N)
    batch_N = np.empty(num_images, np.intp)
    batch_N[order_N] = np.arange(num_images) // batch_size
    worth = np.add.reduceat(scores_N[order_N], np.arange(0, num_images, batch_size))
    rank = np.empty(len(worth), np.intp)
    rank[np.argsort(-worth, kind="stable")] = np.arange(len(worth))
    rows = np.lexsort((-scores_N, rank[batch_N]))[:budget]  # stable: equal scores by id
    return BatchPicks(rows, rank[batch_N[rows]], worth[batch_N[rows]], len(worth))
