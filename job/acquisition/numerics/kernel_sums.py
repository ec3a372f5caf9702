# ruff: noqa: N803, N806 - shape suffixes
"""Sums over neighbours, weighted by a Gaussian kernel of the distance.

N = points, K = neighbours, C = values of a neighbour, E = length of a vector.
"""

import numpy as np

from job.records.arrays import Float64s, Floats

_BLOCK = 4_000_000
"""Kernels that are in memory at once."""


def kernel_sums(
    points_NE: Floats, neighbours_KE: Floats, values_KC: Floats, sigma: float
) -> Float64s:
    """Return for each point the sum of exp(-distance^2 / sigma^2) times the values: (N, C)."""
    neighbours_KE = neighbours_KE.astype(np.float32)
    squares_K = np.square(neighbours_KE).sum(axis=1)
    result_NC = np.zeros((len(points_NE), values_KC.shape[1]))
    step = max(_BLOCK // max(len(neighbours_KE), 1), 1)
    for first in range(0, len(points_NE), step):
        block_BE = points_NE[first : first + step].astype(np.float32)
        squared_BK = np.square(block_BE).sum(axis=1)[:, None] + squares_K
        squared_BK -= 2 * (block_BE @ neighbours_KE.T)
        np.maximum(squared_BK, 0, out=squared_BK)  # rounding
        result_NC[first : first + step] = np.exp(-squared_BK / np.float32(sigma**2)) @ values_KC
    return result_NC
