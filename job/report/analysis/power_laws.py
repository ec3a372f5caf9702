"""Power laws through the first points of learning curves, and how sure they are.

A curve is taken as mAP(n) = a - b n^-c with noise, where a <= 1 is what it cannot surpass. It is
written as level + slope * (1 - exp(-c l)) / c with l = log(n / last): the level is that of its last
point, and the slope is what it gains there for each e-fold of images. So a = level + slope / c.

Nothing is fitted to one best law: through three points with noise go many. Each law on a grid
counts as much as it makes the points likely (Bayes, with a flat prior over the grid and the level).

D = draws, G = power laws on the grid, K = points of a curve, P = points on an axis, V = noises.
"""
# ruff: noqa: N803, N806, N815 - shape suffixes

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from job.records.arrays import Float64s

NUM_DRAWS = 2_000

_SLOPES: Float64s = np.arange(0.0, 0.6001, 0.005)
"""Never below 0: labels do not make a detector worse. The steepest measured curves have 0.4."""
_NOISES_V: Float64s = np.array([0.003, 0.005, 0.0075, 0.011, 0.016, 0.024, 0.036, 0.05])
"""What the standard deviation of one training around its curve may be."""
_LOG_PRIOR_V: Float64s = -((np.log(_NOISES_V / 0.015) / 0.7) ** 2) / 2
"""About 1.5 points, give or take a factor of two, before any point is seen."""


@dataclass(frozen=True)
class Family:
    """Which power laws may be, each as likely as the next before any point is seen."""

    exponents: tuple[float, ...]
    """What c may be. Near 0 it is a logarithm; below 0 it rises even faster than one."""
    highest: float = 1.0
    """The largest a."""
    is_shared: bool = False
    """Whether seeds share slope and exponent, and differ by their levels alone."""


POWER_LAWS = Family((-0.5, -0.25, *np.geomspace(0.1, 2.0, 18)))
"""The report's. A tenth of them have no bound: the first images of some curves gain more and more.
Without these such a curve is forecast far too low, and with more of them all others too widely."""


@dataclass(frozen=True)
class Draws:
    """Power laws drawn in proportion to how likely they make the points, as many for each seed."""

    last: float
    """Images at the last point of all seeds."""
    level_D: Float64s
    """(D,): the metric there."""
    slope_D: Float64s
    """(D,): what it gains there for each e-fold of images."""
    exponent_D: Float64s
    """(D,): c."""
    noise_D: Float64s
    """(D,): the standard deviation of one training around the law."""

    def metric_at(self, images_P: Sequence[float] | Float64s) -> Float64s:
        """Return the metric at numbers of images, from 0 to 1 and without noise: (D, P)."""
        logs_P = np.log(np.asarray(images_P, np.float64) / self.last)
        gains_DP = self.slope_D[:, None] * _shape(self.exponent_D[:, None], logs_P)
        metric_DP: Float64s = np.clip(self.level_D[:, None] + gains_DP, 0.0, 1.0)
        return metric_DP

    def gain_of(self, more: float) -> Float64s:
        """Return what so many images add to the metric after the last point: (D,)."""
        logs = np.log1p(np.float64(more / self.last))
        gain_D: Float64s = self.slope_D * _shape(self.exponent_D, logs)
        return gain_D

    def images_for(self, goal: float) -> Float64s:
        """Return how many images reach a metric: (D,), infinite if no number does."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            efolds_D = (goal - self.level_D) / self.slope_D
            logs_D = -np.log1p(-self.exponent_D * efolds_D) / self.exponent_D
            images_D = self.last * np.exp(logs_D)
        return np.nan_to_num(images_D, nan=np.inf, posinf=np.inf)


def draw_power_laws(
    points: Sequence[tuple[Float64s, Float64s]], family: Family = POWER_LAWS
) -> Draws:
    """Return power laws through the points of all seeds, which share at least their noise.

    Args:
        points: Of each seed, images and metrics, (K,) each: at least two, images ascending.
        family: Which power laws may be.
    """
    grid = _Grid.of(family, last=float(max(images[-1] for images, _ in points)))
    fits = [grid.fit(*each) for each in points]
    logs_GV = [fit.log_GV for fit in fits]
    if family.is_shared:
        logs_GV = [np.sum(logs_GV, axis=0)]
    evidence_V = [_log_sum(each) for each in logs_GV]
    log_noise_V = _LOG_PRIOR_V + np.sum(evidence_V, axis=0)
    posteriors_GV = [
        each - own_V + log_noise_V for each, own_V in zip(logs_GV, evidence_V, strict=True)
    ]
    generator = np.random.default_rng(0)
    drawn = [
        grid.draw(fit, log_GV, NUM_DRAWS // len(fits), generator)
        for fit, log_GV in zip(fits, cycle(posteriors_GV))
    ]
    return Draws(grid.last, *(np.concatenate(each) for each in zip(*drawn, strict=True)))


@dataclass(frozen=True)
class _Fit:
    """How likely each law of the grid makes the points of one seed, at each noise."""

    num_points: int
    level_G: Float64s
    """(G,): the mean of the level, given slope and exponent; its variance is noise^2 / K."""
    log_GV: Float64s
    """(G, V)"""


@dataclass(frozen=True)
class _Grid:
    """All power laws that may be, but for their level."""

    last: float
    slope_G: Float64s
    exponent_G: Float64s
    highest: float

    @classmethod
    def of(cls, family: Family, last: float) -> "_Grid":
        slopes, exponents = np.meshgrid(_SLOPES, family.exponents)
        return cls(last, slopes.ravel(), exponents.ravel(), family.highest)

    def fit(self, images_K: Float64s, metric_K: Float64s) -> _Fit:
        """Hold the laws against the points of a seed."""
        gains_GK = _shape(self.exponent_G[:, None], np.log(images_K / self.last))
        rest_GK = metric_K - self.slope_G[:, None] * gains_GK
        level_G = rest_GK.mean(axis=1)
        squares_G = ((rest_GK - level_G[:, None]) ** 2).sum(axis=1)
        # The level is integrated out: it takes one degree of freedom.
        log_GV = -squares_G[:, None] / (2 * _NOISES_V**2) - (len(images_K) - 1) * np.log(_NOISES_V)
        log_GV[level_G + self.slope_G / self.exponent_G > self.highest] = -np.inf
        return _Fit(len(images_K), level_G, log_GV)

    def draw(
        self, fit: _Fit, log_GV: Float64s, num: int, generator: np.random.Generator
    ) -> tuple[Float64s, Float64s, Float64s, Float64s]:
        """Draw levels, slopes, exponents and noises by the logarithms of their probabilities."""
        weight_GV = np.exp(log_GV - log_GV.max())
        picked_D = generator.choice(weight_GV.size, num, p=weight_GV.ravel() / weight_GV.sum())
        law_D, index_D = np.unravel_index(picked_D, weight_GV.shape)
        noise_D = _NOISES_V[index_D]
        error_D = generator.standard_normal(num) * noise_D / np.sqrt(fit.num_points)
        return fit.level_G[law_D] + error_D, self.slope_G[law_D], self.exponent_G[law_D], noise_D


def _log_sum(log_GV: Float64s) -> Float64s:
    """(V,): the logarithm of the sum over all laws."""
    top_V = log_GV.max(axis=0)
    total_V: Float64s = top_V + np.log(np.exp(log_GV - top_V).sum(axis=0))
    return total_V


def _shape(exponent: Float64s, logs: Float64s) -> Float64s:
    """(1 - exp(-c l)) / c: what a slope of 1 gains over so many e-folds."""
    gains: Float64s = -np.expm1(-exponent * logs) / exponent
    return gains
