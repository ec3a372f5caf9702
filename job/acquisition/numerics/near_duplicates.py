# ruff: noqa: N803, N806 - shape suffixes
"""How redundant a set of vectors is: near-duplicates, and the effective number of different ones.

Two vectors are near-duplicates if the cosine of the angle between them, each less the mean of all,
is at least a threshold. The mean is subtracted because all embeddings of one network have much in
common.

Each vector counts 1 / (its near-duplicates + 1), and the sum is the effective number: in a set of
copies, each group of copies counts once. It is the effective number of sequences of Morcos et al.:
Direct-coupling analysis of residue coevolution, PNAS 2011, arXiv 1110.5223.

N = vectors, E = their length.
"""

from dataclasses import dataclass

import numpy as np

from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.top_k import Rows
from job.records.arrays import Floats

MIN_COSINE = 0.8
RUN = 10
"""Of a large set, vectors are compared in runs of this many, so that frames meet the next one."""
_BLOCK = 1024


@dataclass(frozen=True)
class Redundancy:
    """How alike vectors are."""

    num_compared: int
    num_equal: int
    """How many vectors are equal to the most common one: 1 if all differ, 0 of none."""
    num_near_duplicates: int
    """How many vectors are a near-duplicate of another one."""
    effective_number: float
    """From 1 to the number that was compared; 0 of none."""

    @property
    def near_duplicate_share(self) -> float:
        """The share of vectors that are a near-duplicate of another one."""
        return self.num_near_duplicates / max(self.num_compared, 1)


def redundancy_of(vectors_NE: Floats) -> Redundancy:
    """Return how redundant vectors are. They are compared in blocks: memory holds no N x N matrix.

    A vector that is equal to the mean of all is alike to none, or to all if all are equal.
    """
    num = len(vectors_NE)
    num_equal = int(np.unique(vectors_NE, axis=0, return_counts=True)[1].max()) if num else 0
    if num_equal == num:
        return Redundancy(num, num_equal, num if num > 1 else 0, float(num > 0))
    wide_NE = vectors_NE.astype(np.float32)
    unit_NE = unit(wide_NE - wide_NE.mean(axis=0))
    alike_N = np.empty(len(unit_NE), np.int64)
    for first in range(0, len(unit_NE), _BLOCK):
        cosine_BN = unit_NE[first : first + _BLOCK] @ unit_NE.T
        own = np.arange(len(cosine_BN))
        cosine_BN[own, first + own] = 1
        alike_N[first : first + _BLOCK] = (cosine_BN >= MIN_COSINE).sum(axis=1)
    return Redundancy(num, num_equal, int((alike_N > 1).sum()), float((1 / alike_N).sum()))


def in_runs(num_rows: int, most: int, run: int = RUN) -> Rows:
    """Return the rows to compare: all of them, or runs of neighbours, evenly over all."""
    if num_rows <= most:
        return np.arange(num_rows)
    begins = np.linspace(0, num_rows - run, most // run).astype(np.intp)
    return np.unique(begins[:, None] + np.arange(run))
