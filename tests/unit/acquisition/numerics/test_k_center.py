"""Greedy k-centre, against the plain algorithm and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.acquisition.numerics import k_center as module
from job.acquisition.numerics.k_center import k_center, medoid, nearest_before, squared_to_nearest


def plain(points: np.ndarray, centres: np.ndarray, budget: int) -> list[int]:
    """Compare every point with every centre, each time anew."""
    points, taken = points.astype(np.float64), [np.float64(centre) for centre in centres]
    rows: list[int] = []
    if not taken:
        rows, taken = [medoid(points)], [points[medoid(points)]]
    while len(rows) < min(budget, len(points)):
        left = [row for row in range(len(points)) if row not in rows]
        nearest = {row: min(((points[row] - c) ** 2).sum() for c in taken) for row in left}
        rows.append(max(left, key=lambda row: (nearest[row], -row)))
        taken.append(points[rows[-1]])
    return rows[:budget]


@pytest.mark.parametrize("active", [1, 3, 1000])
@given(seed=st.integers(0, 2**32 - 1), on_grid=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_picks_are_those_of_the_plain_algorithm(
    active: int, seed: int, *, on_grid: bool
) -> None:
    """However many points are kept up to date; on a grid most distances are equal."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 4))
    num_points, num_centres = int(rng.integers(1, 60)), int(rng.integers(4))
    values = rng.normal(size=(num_points + num_centres, size)).astype(np.float16)
    if on_grid:
        values = rng.integers(0, 4, values.shape).astype(np.float16)
    points, centres = values[:num_points], values[num_points:]
    budget = int(rng.integers(num_points + 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_ACTIVE", active)
        picks = k_center(points, centres, budget)
    assert picks.rows.tolist() == plain(points, centres, budget)


def test_by_hand() -> None:
    """On a line with a centre at 0: 10 is farthest, then 4 (4 away from 0), then 6 (2 from 4)."""
    points = np.array([[1], [4], [6], [10]], np.float16)
    picks = k_center(points, np.zeros((1, 1), np.float16), 3)
    assert picks.rows.tolist() == [3, 1, 2]
    assert picks.distances.tolist() == [10.0, 4.0, 2.0]


def test_without_centres_the_medoid_is_the_first() -> None:
    """0, 1, 3, 10, 11: the sum of distances is least for 3, 3 + 2 + 7 + 8; then 11 is 8 away."""
    points = np.array([[0], [1], [3], [10], [11]], np.float16)
    picks = k_center(points, np.empty((0, 1)), 2)
    assert picks.rows.tolist() == [2, 4]
    assert picks.distances.tolist() == [0.0, 8.0]


def test_another_first_point_than_the_medoid_can_be_asked_for() -> None:
    """From 0 the farthest is 10, then 3 (3 from 0), then 1; 0 itself is taken once."""
    points = np.array([[0], [1], [3], [10]], np.float16)
    taken = k_center(points, np.zeros((0, 1)), 9, first=0)
    assert taken.rows.tolist() == [0, 3, 2, 1]
    assert taken.distances.tolist() == [0, 10, 3, 1]
    assert k_center(points, np.zeros((0, 1)), 0, first=0).rows.tolist() == []


def test_the_medoid_of_many_points_is_the_nearest_to_their_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The mean of 0, 1, 3 and 10 is 3.5; the exact medoid of 0, 0, 0, 9 is 0, its mean is 2.25."""
    monkeypatch.setattr(module, "MAX_EXACT_MEDOID", 3)
    assert medoid(np.array([[0], [1], [3], [10]], np.float16)) == 2
    assert medoid(np.array([[9], [0], [0], [0]], np.float16)) == 1


def test_equal_points_are_taken_last_and_in_their_order() -> None:
    """At distance 0 from each other, to the last bit, however they are grouped."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=256).astype(np.float16)
    points = np.stack([one] * 5000)
    picks = k_center(points, one[None], 7)
    assert picks.rows.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert picks.distances.tolist() == [0.0] * 7


def test_distances_do_not_cancel() -> None:
    """Far from the origin, the difference of two near points is still exact: 3, 4, 5."""
    far = np.array([[1000.0, 1000.0]], np.float32)
    near = far + np.array([3.0, 4.0], np.float32)
    assert squared_to_nearest(near, np.concatenate([far + 100, far])).tolist() == [25.0]


@pytest.mark.parametrize("budget", [0, 1, 5])
def test_no_points(budget: int) -> None:
    """Nothing to pick from is not an error."""
    assert k_center(np.empty((0, 2)), np.empty((0, 2)), budget).rows.tolist() == []


@pytest.mark.parametrize("block", [1, 2, 1000])
def test_what_is_nearest_before_a_point(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Centres at 0 and 10; 9 is nearest to 10, 8 to the point 9, and 1 to 0; 7 comes too late."""
    monkeypatch.setattr("job.acquisition.numerics.k_center._FEW", block)
    points = np.array([[9], [8], [1], [7]], np.float16)
    assert nearest_before(points, np.array([[0], [10]])).tolist() == [1, 2, 0, 3]
