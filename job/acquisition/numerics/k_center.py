# ruff: noqa: N803, N806, N815 - shape suffixes
"""Greedy k-centre: in each step, take the point that is farthest from all points taken before.

Gonzalez: Clustering to minimize the maximum intercluster distance, 1985; for active learning, Sener
and Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR 2018.

N = points, K = centres, E = length of a vector, M = active points. Points are in ascending order of
their ids, so equal distances are taken in that order. They stay float16.

The result is that of the plain algorithm, which compares every point with every new centre. It is
faster because a point's distance to the nearest centre can only shrink, so an old distance is an
upper bound. Only the active points, which have the highest bounds, are kept up to date, as long as
one of them is farther than the bounds of all others.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from job.acquisition.numerics.top_k import Rows
from job.records.arrays import Float32s, Float64s, Floats

MAX_EXACT_MEDOID = 20_000
"""Of more points than this, the medoid is approximated by the point nearest to their mean."""
_ACTIVE = 1024
_BLOCK = 4096
_FEW = 256
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Centres:
    """Points in the order in which they were taken."""

    rows: Rows
    """(taken,)"""
    distances: Float64s
    """(taken,): to the nearest centre at the time; 0 for the first one if there was none."""


def k_center(
    points_NE: Floats, centres_KE: Floats, budget: int, first: int | None = None
) -> Centres:
    """Return `budget` points, or all, each the farthest from all centres and points taken before.

    Args:
        points_NE: The points.
        centres_KE: The centres to begin with.
        budget: How many to take.
        first: The row that is taken first if there are no centres; unset: the medoid.
    """
    budget = min(budget, len(points_NE))
    if budget == 0:
        return Centres(np.empty(0, np.intp), np.empty(0))
    rows, distances = [], []
    if len(centres_KE):
        squared_N = squared_to_nearest(points_NE, centres_KE)
    else:
        first = medoid(points_NE) if first is None else first
        rows, distances = [first], [0.0]
        squared_N = squared_to_nearest(points_NE, points_NE[first : first + 1])
    search = _Search(points_NE, squared_N)
    for row in rows:
        search.leave_out(row)
    while len(rows) < budget:
        row, squared = search.take()
        rows.append(row)
        distances.append(float(np.sqrt(squared)))
    return Centres(np.array(rows, np.intp), np.array(distances))


@dataclass
class _Search:
    """The points that are left, and the bounds of their distances."""

    points_NE: Floats
    bound_N: Float32s
    """An upper bound of each point's squared distance to the nearest centre; -1 if it is taken."""
    num_seen_N: NDArray[np.intp] = field(init=False)
    """How many of `centres` each bound takes into account."""
    centres: list[Float32s] = field(default_factory=list)
    active_M: Rows = field(init=False)
    """The rows of the active points, ascending."""
    near_ME: Float32s = field(init=False)
    squared_M: Float32s = field(init=False)
    elsewhere: float = field(init=False)
    """The highest bound of all other points."""

    def __post_init__(self) -> None:
        self.num_seen_N = np.zeros(len(self.bound_N), np.intp)
        self._activate()

    def leave_out(self, row: int) -> None:
        """Never take this point."""
        self.bound_N[row] = -1
        self._activate()

    def take(self) -> tuple[int, float]:
        """Take the farthest point, and return its row and its squared distance."""
        while True:
            place = int(self.squared_M.argmax())  # ties go to the first: the lowest id
            if self.squared_M[place] > self.elsewhere:
                break
            self._remember()
            self._activate()
        row, squared = int(self.active_M[place]), float(self.squared_M[place])
        centre_E = self.near_ME[place].copy()
        self.centres.append(centre_E)
        np.minimum(self.squared_M, _squared(self.near_ME, centre_E), out=self.squared_M)
        self.squared_M[place] = -1
        return row, squared

    def _remember(self) -> None:
        self.bound_N[self.active_M] = self.squared_M
        self.num_seen_N[self.active_M] = len(self.centres)

    def _activate(self) -> None:
        """Make the points with the highest bounds active, ties included, and update them."""
        num_points = len(self.bound_N)
        if num_points > _ACTIVE:
            lowest = np.partition(self.bound_N, num_points - _ACTIVE)[num_points - _ACTIVE]
            is_active = self.bound_N >= lowest
        else:
            is_active = np.ones(num_points, bool)
        self.active_M = np.flatnonzero(is_active)
        self.elsewhere = float(self.bound_N.max(where=~is_active, initial=-1))
        self.near_ME = self.points_NE[self.active_M].astype(np.float32)
        self.squared_M = self.bound_N[self.active_M]
        missed = self.centres[self.num_seen_N[self.active_M].min() :]
        if missed:
            nearer_M = squared_to_nearest(self.near_ME, np.stack(missed))
            np.minimum(self.squared_M, nearer_M, out=self.squared_M)


def squared_to_nearest(points_NE: Floats, centres_KE: Floats) -> Float32s:
    """Return each point's squared distance to the nearest of at least one centre: (N,).

    Matrix products find the nearest centre. Its distance is then computed from the difference, so
    it is exactly 0 to an equal vector, and equal for equal points.
    """
    centres_KE = centres_KE.astype(np.float32)
    half_K = np.square(centres_KE).sum(axis=1) / 2
    result_N = np.empty(len(points_NE), np.float32)
    for first in range(0, len(points_NE), _BLOCK):
        block_BE = points_NE[first : first + _BLOCK].astype(np.float32)
        nearest_B = (half_K - block_BE @ centres_KE.T).argmin(axis=1)
        result_N[first : first + _BLOCK] = _squared(block_BE, centres_KE[nearest_B])
    return result_N


def nearest_before(points_NE: Floats, centres_KE: Floats) -> Rows:
    """Return what is nearest to each point of all centres and the points before it: (N,).

    It is a row of the centres, or K + the row of a point. The first point of no centres gets 0.
    """
    wide_NE = points_NE.astype(np.float32)
    known_TE = np.concatenate(
        [centres_KE.astype(np.float32).reshape(-1, wide_NE.shape[1]), wide_NE]
    )
    half_T = np.square(known_TE).sum(axis=1) / 2
    places_T = np.arange(len(known_TE)) - len(centres_KE)
    result_N = np.empty(len(wide_NE), np.intp)
    for first in range(0, len(wide_NE), _FEW):
        block = slice(first, first + _FEW)
        closeness_BT = wide_NE[block] @ known_TE.T - half_T
        closeness_BT[places_T >= np.arange(len(wide_NE))[block, None]] = -np.inf
        result_N[block] = closeness_BT.argmax(axis=1)
    return result_N


def _squared(points_ME: Float32s, centres: Float32s) -> Float32s:
    difference_ME = points_ME - centres
    np.square(difference_ME, out=difference_ME)
    return np.asarray(difference_ME.sum(axis=1))


def medoid(points_NE: Floats) -> int:
    """Return the row of the point with the lowest sum of distances to all points.

    If several are equal up to rounding, it is the first. Of more than `MAX_EXACT_MEDOID` points, it
    is the one nearest to their mean.
    """
    if len(points_NE) > MAX_EXACT_MEDOID:
        mean_1E = points_NE.mean(axis=0, dtype=np.float64)[None]
        return int(squared_to_nearest(points_NE, mean_1E).argmin())
    wide_NE = points_NE.astype(np.float32)
    squares_N = np.square(wide_NE).sum(axis=1)
    sums_N = np.empty(len(wide_NE))
    for first in range(0, len(wide_NE), _BLOCK):
        block_BE = wide_NE[first : first + _BLOCK]
        squared_BN = squares_N[first : first + _BLOCK, None] + squares_N - 2 * block_BE @ wide_NE.T
        distances_BN = np.sqrt(np.maximum(squared_BN, 0))
        sums_N[first : first + _BLOCK] = distances_BN.sum(axis=1, dtype=np.float64)
    return int((sums_N <= sums_N.min() * (1 + _ROUNDING)).argmax())
