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
from dataclasses import dataclass, fields

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


POWER_LAWS = Family((-0.5, -0.25, *np.geomspace(0.1, 2.0, 18)))
"""The report's. A tenth of them have no bound: the first images of some curves gain more and more.
Without these such a curve is forecast far too low, and with more of them all others too widely."""


@dataclass(frozen=True)
class Draws:
    """Power laws drawn in proportion to how likely they make the points, as many for each seed."""

    last_D: Float64s
    """(D,): images at the last point that the law was fitted to."""
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
        logs_DP = np.log(np.asarray(images_P, np.float64) / self.last_D[:, None])
        gains_DP = self.slope_D[:, None] * _shape(self.exponent_D[:, None], logs_DP)
        metric_DP: Float64s = np.clip(self.level_D[:, None] + gains_DP, 0.0, 1.0)
        return metric_DP

    def gain_of(self, more: float) -> Float64s:
        """Return what so many images add to the metric after the last point: (D,)."""
        gain_D: Float64s = self.slope_D * _shape(self.exponent_D, np.log1p(more / self.last_D))
        return gain_D

    def images_for(self, goal: float) -> Float64s:
        """Return how many images reach a metric: (D,), infinite if no number does."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            efolds_D = (goal - self.level_D) / self.slope_D
            logs_D = -np.log1p(-self.exponent_D * efolds_D) / self.exponent_D
            images_D = self.last_D * np.exp(logs_D)
        return np.nan_to_num(images_D, nan=np.inf, posinf=np.inf)


def draw_power_laws(
    points: Sequence[tuple[Float64s, Float64s]], family: Family = POWER_LAWS
) -> Draws:
    """Return power laws through the points of each seed, which share nothing but their noise.

    Args:
        points: Of each seed, images and metrics, (K,) each: at least two, images ascending.
        family: Which power laws may be.
    """
    slope_G, exponent_G = (each.ravel() for each in np.meshgrid(_SLOPES, family.exponents))
    fits = [_Fit.to(images, metric, slope_G, exponent_G, family) for images, metric in points]
    log_noise_V = _LOG_PRIOR_V + np.sum([each.log_evidence_V for each in fits], axis=0)
    generator = np.random.default_rng(0)
    drawn = []
    for fit in fits:
        log_GV = fit.log_GV - fit.log_evidence_V + log_noise_V
        weight_GV = np.exp(log_GV - log_GV.max())
        picked_D = generator.choice(
            weight_GV.size, NUM_DRAWS // len(fits), p=weight_GV.ravel() / weight_GV.sum()
        )
        law_D, noise_D = np.unravel_index(picked_D, weight_GV.shape)
        error_D = generator.standard_normal(len(law_D)) / np.sqrt(fit.num_points)
        drawn.append(
            Draws(
                last_D=np.full(len(law_D), fit.last),
                level_D=fit.level_G[law_D] + error_D * _NOISES_V[noise_D],
                slope_D=slope_G[law_D],
                exponent_D=exponent_G[law_D],
                noise_D=_NOISES_V[noise_D],
            )
        )
    names = [field.name for field in fields(Draws)]
    return Draws(*(np.concatenate([getattr(each, name) for each in drawn]) for name in names))


@dataclass(frozen=True)
class _Fit:
    """How likely each law of the grid makes the points of one seed, at each noise."""

    last: float
    num_points: int
    level_G: Float64s
    """(G,): the mean of the level, given slope and exponent; its variance is noise^2 / K."""
    log_GV: Float64s
    """(G, V)"""
    log_evidence_V: Float64s
    """(V,): of all laws together."""

    @classmethod
    def to(
        cls,
        images_K: Float64s,
        metric_K: Float64s,
        slope_G: Float64s,
        exponent_G: Float64s,
        family: Family,
    ) -> "_Fit":
        logs_K = np.log(images_K / images_K[-1])
        rest_GK = metric_K - slope_G[:, None] * _shape(exponent_G[:, None], logs_K)
        level_G = rest_GK.mean(axis=1)
        squares_G = ((rest_GK - level_G[:, None]) ** 2).sum(axis=1)
        # The level is integrated out: it takes one degree of freedom.
        log_GV = -squares_G[:, None] / (2 * _NOISES_V**2) - (len(logs_K) - 1) * np.log(_NOISES_V)
        log_GV[level_G + slope_G / exponent_G > family.highest] = -np.inf
        top_V = log_GV.max(axis=0)
        evidence_V = top_V + np.log(np.exp(log_GV - top_V).sum(axis=0))
        return cls(float(images_K[-1]), len(logs_K), level_G, log_GV, evidence_V)


def _shape(exponent: Float64s, logs: Float64s) -> Float64s:
    """(1 - exp(-c l)) / c: what a slope of 1 gains over so many e-folds."""
    gains: Float64s = -np.expm1(-exponent * logs) / exponent
    return gains
