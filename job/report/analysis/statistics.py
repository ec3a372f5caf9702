"""Statistics for a few paired seeds: tests, their correction, and areas.

N = seeds, F = flips of signs, T = tests, R = points of a curve.
"""
# ruff: noqa: N802, N803, N806 - shape suffixes

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.records.arrays import Float64s
from job.report.analysis.student import student_above, student_two_sided

LEVEL = 0.05
"""A test is significant if its p is below this."""
MIN_SEEDS = 5
"""With fewer paired seeds nothing is claimed."""
MAX_FLIPPED = 16
"""Up to this many pairs, all flips of signs are enumerated: 2^16 = 65,536."""


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


def equivalence(differences_N: Sequence[float] | Float64s, margin: float) -> float | None:
    """Return the p of two one-sided tests; its hypothesis is a mean at or beyond the margin.

    The larger p of the two paired t-tests against -margin and +margin (Schuirmann, A Comparison of
    the Two One-Sided Tests Procedure and the Power Approach, 1987). It is below 0.05 if and only if
    Student's 90 % interval lies within the margin.

    Args:
        differences_N: (N,), one for each pair.
        margin: The largest difference that does not matter, above 0.

    Returns:
        None for fewer than two pairs, which have no spread.
    """
    differences_N = np.asarray(differences_N, np.float64)
    if len(differences_N) < 2:  # noqa: PLR2004 - a spread needs two
        return None
    distance = margin - abs(float(differences_N.mean()))
    error = float(differences_N.std(ddof=1)) / math.sqrt(len(differences_N))
    if error == 0:
        return float(distance <= 0)
    return student_above(distance / error, len(differences_N) - 1)


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
    # Sums of the same differences in another order differ by rounding, also where they are 0.
    least = abs(differences_N.sum()) - 1e-9 * np.abs(differences_N).sum()
    return float((np.abs(_signs_FN(len(differences_N)) @ differences_N) >= least).mean())


@lru_cache
def _signs_FN(num_pairs: int) -> Float64s:
    """(F, N): every way to swap pairs."""
    return np.array(list(product((1.0, -1.0), repeat=num_pairs)))


def holm(p_T: Sequence[float | None], num_tests: int = 0) -> list[float | None]:
    """Return p values corrected so that any false claim among all tests has at most their level.

    Step-down: the k-th smallest of T is multiplied by T - k + 1. It is at least the previous one,
    and at most 1 (Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979).

    Args:
        p_T: None for a test that was not made; it stays None.
        num_tests: How many tests there will be, if that is more. Those that are not made yet count
            as if their p were 1, so a p that is small enough now stays so.

    Returns:
        In the order given.
    """
    made = [(p, index) for index, p in enumerate(p_T) if p is not None]
    num_tests = max(num_tests, len(made))
    corrected: list[float | None] = [None] * len(p_T)
    reached = 0.0
    for rank, (p, index) in enumerate(sorted(made)):
        reached = max(reached, min(1.0, (num_tests - rank) * p))
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
