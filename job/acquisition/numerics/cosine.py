# ruff: noqa: N803, N806 - shape suffixes
"""How alike vectors are by the cosine of the angle between them.

N, M, K = vectors, E = their length; `unit` vectors have length 1. The cosines of large sets are
computed in blocks, so that the matrix of all pairs is never held.
"""

import numpy as np

from job.acquisition.numerics.top_k import Rows
from job.records.arrays import Float32s, Float64s, Floats, Integers

_BLOCK = 2**22
"""At most this many cosines are computed at once."""
_ROWS = 2**14
"""At most this many vectors are scaled at once."""


def unit(vectors_NE: Floats) -> Float32s:
    """Return vectors scaled to length 1, as float32: (N, E).

    A vector of zeros stays as it is, so its cosine to every vector is 0.
    """
    wide_NE = vectors_NE.astype(np.float32)
    length_N1 = np.linalg.norm(wide_NE, axis=1, keepdims=True)
    scaled_NE = np.zeros_like(wide_NE)
    np.divide(wide_NE, length_N1, out=scaled_NE, where=length_N1 > 0)
    return scaled_NE


def scale_to_unit(vectors_NE: Floats, centre_E: Float64s) -> None:
    """Scale what leads from a centre to each vector to length 1, where the vectors are.

    It goes block by block: of a large array, nobody needs two. What is at the centre becomes zeros.
    """
    for first in range(0, len(vectors_NE), _ROWS):
        block = slice(first, first + _ROWS)
        vectors_NE[block] = unit(vectors_NE[block] - centre_E)


def most_similar(unit_NE: Float32s, others_KE: Float32s) -> tuple[Rows, Float32s]:
    """Return the row of the vector of `others_KE` with the highest cosine, and it: (N,), (N,).

    If there are no others, the row has no meaning and the cosine is -1.
    """
    rows_N = np.zeros(len(unit_NE), np.intp)
    cosines_N = np.full(len(unit_NE), -1, np.float32)
    step = max(_BLOCK // max(len(others_KE), 1), 1)
    for first in range(0, len(unit_NE) if len(others_KE) else 0, step):
        block = slice(first, first + step)
        cosine_BK = unit_NE[block] @ others_KE.T
        rows_N[block], cosines_N[block] = cosine_BK.argmax(axis=1), cosine_BK.max(axis=1)
    return rows_N, cosines_N


def num_most_similar(unit_NE: Float32s, others_KE: Float32s) -> Integers:
    """Return how many of the vectors are most similar to each of some others: (K,).

    If two others are equal, it is the first one.
    """
    rows_N, _ = most_similar(unit_NE, others_KE)
    return np.bincount(rows_N, minlength=len(others_KE)).astype(np.int64)


def most_similar_earlier(unit_ME: Float32s) -> Float64s:
    """Return each vector's highest cosine to a vector before it; 0 for the first: (M,)."""
    cosine_M = np.zeros(len(unit_ME))
    step = max(_BLOCK // max(len(unit_ME), 1), 1)
    for first in range(0, len(unit_ME), step):
        rows = np.arange(first, min(first + step, len(unit_ME)))
        cosine_BM = unit_ME[rows] @ unit_ME[: rows[-1]].T
        cosine_BM[np.arange(rows[-1]) >= rows[:, None]] = -1
        cosine_M[rows] = cosine_BM.max(axis=1, initial=-1)
    cosine_M[:1] = 0
    return cosine_M
