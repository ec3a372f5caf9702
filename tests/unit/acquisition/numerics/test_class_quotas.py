"""A budget divided among classes by their rarity."""

import numpy as np
import pytest

from job.acquisition.numerics.class_quotas import class_weights, largest_remainder, rarity


def test_rarity_is_what_the_shares_lack() -> None:
    """Labelled: 3/4 and 1/4; predicted: 1/5 and 4/5. r = 1 - (0.75 + 0.2) / 2 and 1 - 0.525."""
    np.testing.assert_allclose(rarity(np.array([3, 1]), np.array([1, 4])), [0.525, 0.475])
    assert rarity(np.zeros(2, np.int64), np.zeros(2, np.int64)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("budget", "weights", "most", "expected"),
    [
        (10, [1, 1], [9, 9], [5, 5]),
        (5, [1, 1], [9, 9], [3, 2]),  # of equal remainders the first
        (10, [0.5, 0.3, 0.2], [9, 9, 9], [5, 3, 2]),
        (4, [0.5, 0.3, 0.2], [9, 9, 9], [2, 1, 1]),  # 2, 1.2, 0.8
        (3, [0, 0], [9, 9], [2, 1]),
        (0, [1, 1], [9, 9], [0, 0]),
        (10, [0.5, 0.3, 0.2], [1, 9, 9], [1, 5, 4]),  # 4 left, by 3 to 2: 2.4 and 1.6
        (10, [0.5, 0.5, 0], [2, 3, 9], [2, 3, 5]),
        (10, [1, 1], [2, 0], [2, 0]),  # 8 that no class can take
    ],
)
def test_a_budget_is_divided_by_the_largest_remainders(
    budget: int, weights: list[float], most: list[int], expected: list[int]
) -> None:
    """Whole images; what a class cannot take goes to the others."""
    assert largest_remainder(budget, np.array(weights), np.array(most)).tolist() == expected


def test_rare_classes_weigh_more() -> None:
    """5 boxes a class on average: 9 and 1 give 5/9 and 5; 0 gives the limit of 8."""
    assert class_weights(np.array([9, 1])).tolist() == pytest.approx([5 / 9, 5])
    assert class_weights(np.array([0, 2])).tolist() == [8, 0.5]
    assert class_weights(np.array([0, 0])).tolist() == [1, 1]
