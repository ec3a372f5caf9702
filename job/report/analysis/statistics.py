"""Statistics for a few paired seeds: intervals, tests, their correction, and areas.

N = seeds, B = resamples, F = flips of signs, T = tests, R = points of a curve.
"""
# ruff: noqa: N802, N803, N806 - shape suffixes

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.records.arrays import Float64s

LEVEL = 0.05
"""A test is significant if its p is below this."""
MIN_SEEDS = 5
"""With fewer paired seeds nothing is claimed."""
MAX_ENUMERATED = 6
"""Up to this many seeds, all resamples are enumerated: 6^6 = 46,656."""
NUM_DRAWS = 10_000
"""How many resamples are drawn for more seeds, by a generator with a fixed seed."""
MAX_FLIPPED = 16
"""Up to this many pairs, all flips of signs are enumerated: 2^16 = 65,536."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and its 95 % interval."""

    mean: float
    low: float | None
    """None with one seed, which says nothing about the spread."""
    high: float | None
    num_seeds: int


def estimate(values_N: Sequence[float] | Float64s) -> Estimate:
    """Return the mean over seeds with its percentile bootstrap interval.

    Seeds are drawn with replacement; the interval's ends are the 2.5 % and 97.5 % quantiles of the
    resamples' means (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3).
    Up to 6 seeds all N^N resamples are enumerated, so the interval is exact. With few seeds it is
    too narrow: for 5 normally distributed values it holds the mean in 84 cases of 100. Therefore a
    claim rests on the test, and never on the interval alone.

    Args:
        values_N: (N,), in any unit, all finite.

    Raises:
        ValueError: There is no value.
    """
    values_N = np.asarray(values_N, np.float64)
    if not len(values_N):
        message = "no value to estimate a mean of"
        raise ValueError(message)
    low = high = None
    if len(values_N) > 1:
        means_B = _weights_BN(len(values_N)) @ values_N
        # A quantile that is one of the means: with few seeds there are few, and nothing in between.
        ends = np.quantile(means_B, [0.025, 0.975], method="inverted_cdf")
        low, high = (float(end) for end in ends)
    return Estimate(float(values_N.mean()), low, high, len(values_N))


@lru_cache
def _weights_BN(num_seeds: int) -> Float64s:
    """(B, N): the share of each seed in each resample."""
    if num_seeds <= MAX_ENUMERATED:
        drawn_BN = np.indices((num_seeds,) * num_seeds).reshape(num_seeds, -1).T
        counts_BN = (drawn_BN[:, :, None] == np.arange(num_seeds)).sum(axis=1)
    else:
        shares = np.full(num_seeds, 1 / num_seeds)
        counts_BN = np.random.default_rng(0).multinomial(num_seeds, shares, size=NUM_DRAWS)
    weights_BN: Float64s = counts_BN / num_seeds
    return weights_BN


def student_two_sided(t: float, freedom: int) -> float:
    """Return the two-sided p of Student's t: the probability to be at least as far from 0.

    The finite sums of Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 for
    odd and 26.7.4 for even degrees of freedom; the error is about 1e-15, whatever the probability.

    Args:
        t: The statistic.
        freedom: Degrees of freedom, at least 1.
    """
    is_odd = freedom % 2
    theta = math.atan(abs(t) / math.sqrt(freedom))
    term = math.cos(theta) if is_odd else 1.0
    total = 0.0
    for factor in range(1 + is_odd, freedom, 2):
        total += term
        term *= factor / (factor + 1) * math.cos(theta) ** 2
    within = math.sin(theta) * total
    if is_odd:
        within = (theta + within) * 2 / math.pi
    return max(0.0, 1.0 - within)


def paired_t(differences_N: Sequence[float] | Float64s) -> float | None:
    """Return the two-sided p of the paired t-test; its hypothesis is a mean difference of 0.

    If all differences are the same and not 0, t is infinite and p is 0.

    Args:
        differences_N: (N,), one for each pair.

    Returns:
        None if there is nothing to test: fewer than two pairs, or all differences are exactly 0, as
        in a round that both arms share.
    """
    differences_N = np.asarray(differences_N, np.float64)
    if len(differences_N) < 2 or not differences_N.any():  # noqa: PLR2004 - a spread needs two
        return None
    mean, deviation = float(differences_N.mean()), float(differences_N.std(ddof=1))
    if deviation == 0:
        return 0.0
    t = mean / (deviation / math.sqrt(len(differences_N)))
    return student_two_sided(t, len(differences_N) - 1)


def sign_flip(differences_N: Sequence[float] | Float64s) -> float | None:
    """Return the two-sided p of the exact permutation test of paired differences.

    The share of all 2^N ways to swap the two arms within pairs whose mean difference is at least
    as far from 0 (Fisher, The Design of Experiments, 1935, section 21). It assumes no distribution;
    its smallest p is 2 / 2^N: 1/16 at 5 seeds, so that there it can never be below 0.05.

    Args:
        differences_N: (N,), one for each pair.

    Returns:
        None if the paired t-test has nothing to test either, or for more than 16 pairs.
    """
    differences_N = np.asarray(differences_N, np.float64)
    if not 2 <= len(differences_N) <= MAX_FLIPPED or not differences_N.any():  # noqa: PLR2004
        return None
    signs_FN = np.array(list(product((1.0, -1.0), repeat=len(differences_N))))
    # Sums of the same differences in another order differ by rounding.
    least = abs(differences_N.sum()) * (1 - 1e-9)
    return float((np.abs(signs_FN @ differences_N) >= least).mean())


def holm(p_T: Sequence[float]) -> list[float]:
    """Return p values corrected so that any false claim among all tests has at most their level.

    Step-down: the k-th smallest of T is multiplied by T - k + 1. It is at least the previous one,
    and at most 1 (Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979).

    Returns:
        In the order given.
    """
    corrected = [0.0] * len(p_T)
    reached = 0.0
    for rank, index in enumerate(sorted(range(len(p_T)), key=p_T.__getitem__)):
        reached = max(reached, min(1.0, (len(p_T) - rank) * p_T[index]))
        corrected[index] = reached
    return corrected


def mean_between(x_R: NDArray[Any], y_R: NDArray[Any], low: float, high: float) -> float:
    """Return the mean of a curve over a range: the area under it, divided by the range's width.

    The area is that of trapezoids between the points of the curve; the ends of the range lie on its
    straight lines. The mean is in the unit of y, so it can be compared across axes.

    Args:
        x_R: (R,), ascending.
        y_R: (R,)
        low: Start of the range.
        high: End of the range.

    Raises:
        ValueError: The range is empty or the curve does not reach over it.
    """
    if not x_R[0] <= low < high <= x_R[-1]:
        message = f"{low:g} to {high:g} is not a range within {x_R[0]:g} to {x_R[-1]:g}"
        raise ValueError(message)
    inside = (low < x_R) & (x_R < high)
    ends = np.interp([low, high], x_R, y_R)
    x = np.concatenate([[low], x_R[inside], [high]])
    y = np.concatenate([ends[:1], y_R[inside], ends[1:]])
    return float(np.trapezoid(y, x) / (high - low))
