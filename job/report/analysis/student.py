"""Student's t distribution."""

import math
from functools import lru_cache


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


def student_above(t: float, freedom: int) -> float:
    """Return the one-sided p of Student's t: the probability to be at least as large.

    Args:
        t: The statistic.
        freedom: Degrees of freedom, at least 1.
    """
    beyond = student_two_sided(t, freedom) / 2
    return beyond if t > 0 else 1.0 - beyond


@lru_cache
def student_quantile(probability: float, freedom: int) -> float:
    """Return the t below which Student's t is with a probability, by bisection.

    Args:
        probability: From 0.5 on and below 1.
        freedom: Degrees of freedom, at least 1.
    """
    low, high = 0.0, 1.0
    while student_above(high, freedom) > 1 - probability:
        high *= 2
    while low < (middle := (low + high) / 2) < high:
        if student_above(middle, freedom) > 1 - probability:
            low = middle
        else:
            high = middle
    return high
