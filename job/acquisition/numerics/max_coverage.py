# ruff: noqa: N803, N806, N815 - shape suffixes
"""Greedy maximum coverage by a kernel: in each step, take the point that covers most more.

Bae, Noh, Ko and Sutherland: Generalized Coverage for More Robust Low-Budget Active Learning, ECCV
2024 (MaxHerding), arXiv 2407.12212; with weights, Uncertainty Herding, ICLR 2025, arXiv 2412.20644.

N = points, R = references, K = centres, E = length of a vector, M = active points. Points are in
ascending order of their ids, so equal gains are taken in that order, up to rounding.

A reference n is covered by the largest k(n, x) = exp(-|n - x|^2 / sigma^2) of all x that were
taken. The gain of a point is what it adds to the weighted sum of that over the references. A gain
can only fall, so an old gain is an upper bound, and few have to be computed anew (lazy greedy). The
kernels of the active points, which have the highest bounds, are held in memory.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from job.acquisition.numerics.k_center import squared_to_nearest
from job.acquisition.numerics.top_k import Rows
from job.records.arrays import Float32s, Float64s, Floats

SIGMA = 1.0
"""The width of the kernel that the authors of MaxHerding use, on embeddings of length 1."""
MIN_SIGMA = 1e-2
"""Embeddings are float16: a smaller distance between two of length 1 is rounding."""
_ACTIVE = 1024
_AT_ONCE = 16
_BLOCK = 512
"""Points whose kernels are computed at once: few would leave BLAS's threads waiting."""
_TAKEN = -1.0


@dataclass(frozen=True)
class Covering:
    """Points in the order in which they were taken."""

    rows: Rows
    """(taken,)"""
    gains: Float64s
    """(taken,): what each added to the weighted sum, at the time."""


@dataclass(frozen=True)
class References:
    """What is to be covered, and how well it is covered."""

    points_RE: Float32s
    weights_R: Float32s
    """At least 0."""
    sigma: float
    """The width of the kernel, above 0: a distance between vectors."""
    covered_R: Float32s
    """From 0 to 1; changes as points are taken."""

    @classmethod
    def of(
        cls, points_RE: Floats, weights_R: Floats, sigma: float, centres_KE: Floats
    ) -> "References":
        """Return references that some centres cover already."""
        points_RE = points_RE.astype(np.float32)
        covered_R = np.zeros(len(points_RE), np.float32)
        if len(centres_KE) and len(points_RE):
            covered_R = np.exp(-squared_to_nearest(points_RE, centres_KE) / np.float32(sigma**2))
        return cls(points_RE, weights_R.astype(np.float32), sigma, covered_R)

    @cached_property
    def _half_squares(self) -> Float32s:
        return np.asarray(np.square(self.points_RE).sum(axis=1) / 2)

    def kernels(self, points_ME: Floats) -> Float32s:
        """Return the kernel between points and references: (M, R)."""
        result_MR = np.empty((len(points_ME), len(self.points_RE)), np.float32)
        for first in range(0, len(points_ME), _BLOCK):
            block_BE = points_ME[first : first + _BLOCK].astype(np.float32)
            block_BR = result_MR[first : first + _BLOCK]
            np.matmul(block_BE, self.points_RE.T, out=block_BR)
            block_BR -= self._half_squares
            block_BR -= np.square(block_BE).sum(axis=1)[:, None] / 2
            np.minimum(block_BR, 0, out=block_BR)  # rounding
            block_BR *= np.float32(2 / self.sigma**2)
            np.exp(block_BR, out=block_BR)
        return result_MR

    def gains(self, kernels_MR: Float32s) -> Float64s:
        """Return what each point adds to the weighted sum: (M,)."""
        more_MR = np.subtract(kernels_MR, self.covered_R)
        np.maximum(more_MR, 0, out=more_MR)
        more_MR *= self.weights_R
        return np.asarray(more_MR.sum(axis=1), np.float64)

    def cover(self, kernels_R: Float32s) -> None:
        """Let a point cover what it can."""
        np.maximum(self.covered_R, kernels_R, out=self.covered_R)


def max_coverage(points_NE: Floats, references: References, budget: int) -> Covering:
    """Return `budget` points, or all, each with the highest gain at its time.

    Args:
        points_NE: The points to choose from.
        references: What they are to cover; they are covered better afterwards.
        budget: How many to take.
    """
    search = _Search(points_NE, references)
    taken = [search.take() for _ in range(min(budget, len(points_NE)))]
    rows, gains = zip(*taken, strict=True) if taken else ((), ())
    return Covering(np.array(rows, np.intp), np.array(gains, np.float64))


@dataclass
class _Search:
    """The points that are left, and the bounds of their gains."""

    points_NE: Floats
    references: References
    bound_N: Float64s = field(init=False)
    """An upper bound of each point's gain, or `_TAKEN`."""
    active_M: Rows = field(init=False)
    """The rows of the active points, ascending."""
    kernels_MR: Float32s = field(init=False)
    bound_M: Float64s = field(init=False)
    is_exact_M: NDArray[np.bool_] = field(init=False)
    """Whether the bound is the gain as it is now."""
    elsewhere: float = field(init=False)
    """The highest bound of all other points."""

    def __post_init__(self) -> None:
        self.bound_N = np.empty(len(self.points_NE))
        for first in range(0, len(self.points_NE), _BLOCK):
            block = slice(first, first + _BLOCK)
            kernels_BR = self.references.kernels(self.points_NE[block])
            self.bound_N[block] = self.references.gains(kernels_BR)
        self._activate()

    def take(self) -> tuple[int, float]:
        """Take the point with the highest gain, and return its row and its gain."""
        place = self._best()
        row, gain = int(self.active_M[place]), float(self.bound_M[place])
        self.references.cover(self.kernels_MR[place])
        self.bound_M[place] = _TAKEN
        self.is_exact_M = self.bound_M == _TAKEN
        return row, gain

    def _best(self) -> int:
        """Return the place of the active point with the highest gain, which nothing exceeds."""
        while True:
            place = int(self.bound_M.argmax())  # ties go to the first: the lowest id
            if self.bound_M[place] < self.elsewhere:
                self.bound_N[self.active_M] = self.bound_M
                self._activate()
            elif self.is_exact_M[place]:
                return place
            else:
                stale = np.flatnonzero(~self.is_exact_M)
                self._update(stale[_highest(self.bound_M[stale], _AT_ONCE)])

    def _activate(self) -> None:
        """Make the points with the highest bounds active, and bring their gains up to date."""
        self.active_M = _highest(self.bound_N, _ACTIVE)
        is_other_N = np.ones(len(self.bound_N), bool)
        is_other_N[self.active_M] = False
        self.elsewhere = float(self.bound_N.max(where=is_other_N, initial=_TAKEN))
        self.kernels_MR = self.references.kernels(self.points_NE[self.active_M])
        self.bound_M = self.bound_N[self.active_M]
        self.is_exact_M = self.bound_M == _TAKEN
        self._update(np.flatnonzero(~self.is_exact_M))

    def _update(self, places: Rows) -> None:
        """Bring the gains of some active points up to date."""
        for first in range(0, len(places), _AT_ONCE):
            some = places[first : first + _AT_ONCE]
            self.bound_M[some] = self.references.gains(self.kernels_MR[some])
            self.is_exact_M[some] = True


def _highest(values_N: Float64s, count: int) -> Rows:
    """Return the rows of the `count` highest values, ascending; of equal ones, the first."""
    if len(values_N) <= count:
        return np.arange(len(values_N))
    lowest = np.partition(values_N, len(values_N) - count)[len(values_N) - count]
    (above,) = np.nonzero(values_N > lowest)
    (equal,) = np.nonzero(values_N == lowest)
    return np.sort(np.concatenate([above, equal[: count - len(above)]]))


def mean_to_nearest(points_RE: Floats) -> float:
    """Return the mean distance of each point to its nearest other point; 0 for less than two."""
    if len(points_RE) < 2:  # noqa: PLR2004 - a point and another
        return 0.0
    return float(np.sqrt(_squared_to_nearest_other(points_RE)).mean())


def smallest_distance(points_RE: Floats) -> float:
    """Return the smallest positive distance between two points; 0 if there is none."""
    if len(points_RE) < 2:  # noqa: PLR2004 - a point and another
        return 0.0
    distinct_RE = np.unique(points_RE, axis=0)
    if len(distinct_RE) < 2:  # noqa: PLR2004
        return 0.0
    return float(np.sqrt(_squared_to_nearest_other(distinct_RE).min()))


def _squared_to_nearest_other(points_RE: Floats) -> Float64s:
    """Return each point's squared distance to the nearest point of another row: (R,)."""
    wide_RE = points_RE.astype(np.float32)
    half_R = np.square(wide_RE).sum(axis=1) / 2
    nearest_R = np.empty(len(wide_RE), np.intp)
    for first in range(0, len(wide_RE), _BLOCK):
        block = slice(first, first + _BLOCK)
        closeness_BR: NDArray[np.float32] = wide_RE[block] @ wide_RE.T - half_R
        own = np.arange(len(closeness_BR))
        closeness_BR[own, first + own] = -np.inf
        nearest_R[block] = closeness_BR.argmax(axis=1)
    return np.asarray(np.square(wide_RE - wide_RE[nearest_R]).sum(axis=1, dtype=np.float64))
