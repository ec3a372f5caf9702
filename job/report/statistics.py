"""The few statistics that a comparison of learning curves needs.

Values are one a seed. Student's distribution is written out, since it is short for whole degrees
of freedom; the tests hold it against scipy.
"""

from collections.abc import Sequence
from itertools import product
from math import atan, cos, pi, prod, sin, sqrt
from statistics import fmean

import numpy as np

from job.acquisition.uncertainty import Float64s

_MOST_ENUMERATED = 6
_DRAWS = 10_000


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """Return the percentile bootstrap interval of a mean; None for fewer than two values.

    Efron 1979. Of up to six values all resamples are enumerated (46,656), of more 10,000 are drawn,
    always the same ones. With few values it is too narrow: of normal ones it covers the mean in
    67 of 100 cases with three, 84 with five, 90 with ten.
    """
    if len(values) < 2:  # noqa: PLR2004 - one says nothing of how others would be
        return None
    array, count = np.array(values), len(values)
    if count <= _MOST_ENUMERATED:
        rows = np.array(list(product(range(count), repeat=count)))
    else:
        rows = np.random.default_rng(0).integers(count, size=(_DRAWS, count))
    means = array[rows].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_t(differences: Sequence[float]) -> float | None:
    """Return the two-sided p-value of Student's paired t-test; None for fewer than two differences.

    Differences that are all equal have no spread to test against: 1 where they are 0, else 0.
    """
    count = len(differences)
    if count < 2:  # noqa: PLR2004 - no spread
        return None
    mean = fmean(differences)
    variance = sum((each - mean) ** 2 for each in differences) / (count - 1)
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    return two_sided_t(abs(mean) / sqrt(variance / count), count - 1)


def two_sided_t(t: float, freedom: int) -> float:
    """P(|T| > t) for Student's t: Abramowitz and Stegun 1964, 26.7.3 and 26.7.4."""
    theta = atan(t / sqrt(freedom))
    if freedom % 2:
        terms = [
            prod(2 * i / (2 * i + 1) for i in range(1, k + 1)) * cos(theta) ** (2 * k + 1)
            for k in range((freedom - 1) // 2)
        ]
        inside = 2 / pi * (theta + sin(theta) * sum(terms))
    else:
        terms = [
            prod((2 * i - 1) / (2 * i) for i in range(1, k + 1)) * cos(theta) ** (2 * k)
            for k in range(freedom // 2)
        ]
        inside = sin(theta) * sum(terms)
    return min(max(1 - inside, 0.0), 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number: Holm's step-down procedure, 1979."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    result, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        result[place] = highest
    return result


def mean_height(x: Float64s, y: Float64s, low: float, high: float) -> float:
    """Return the area under a curve between two places by their distance: its mean height.

    Straight lines between the points, which reach over both places; at one place, the height there.
    """
    inside = x[(x > low) & (x < high)]
    places = np.array([low, *inside, high])
    heights = np.interp(places, x, y)
    if high == low:
        return float(heights[0])
    return float(np.trapezoid(heights, places) / (high - low))


def first_reached(x: Float64s, y: Float64s, target: float) -> float | None:
    """Return where a curve first reaches a height, on the line between two points; None: never.

    A curve that begins above it reaches it at its first point.
    """
    if y[0] >= target:
        return float(x[0])
    (above,) = np.nonzero(y >= target)
    if not len(above):
        return None
    after = int(above[0])
    share = (target - y[after - 1]) / (y[after] - y[after - 1])
    return float(x[after - 1] + share * (x[after] - x[after - 1]))
