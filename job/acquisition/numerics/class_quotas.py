# ruff: noqa: N803, N806 - shape suffixes
"""Dividing a budget among classes by how rare they are.

C = classes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.acquisition.numerics.uncertainty import Float64s
from job.records.arrays import Integers


def rarity(class_counts: Mapping[str, int], predicted_C: NDArray[np.number[Any]]) -> Float64s:
    """r_c = 1 - (the class's share of labelled boxes + its share of predicted boxes) / 2: (C,)."""
    known_C = np.array(list(class_counts.values()))
    shares = (each / max(each.sum(), 1) for each in (known_C, predicted_C))
    return np.asarray(1 - sum(shares) / 2)


def divide(budget: int, by_C: Float64s, most_C: Integers) -> Integers:
    """Divide a budget in proportion, into whole images: (C,).

    The largest remainders are rounded up, of equal ones the first. What a class cannot take is
    divided among the others in the same way; nothing is left over but what no class can take.

    Args:
        budget: Images.
        by_C: The proportions; where those of the classes that can take more are all 0, equal parts.
        most_C: The most that each class can take.
    """
    shares_C = np.zeros(len(by_C), np.int64)
    while (left := budget - int(shares_C.sum())) and (open_C := shares_C < most_C).any():
        weights_C = by_C * open_C
        weights_C = weights_C if weights_C.any() else open_C.astype(np.float64)
        exact_C = left * weights_C / weights_C.sum()
        whole_C = np.floor(exact_C).astype(np.int64)
        remainder_C = np.where(open_C, exact_C - whole_C, -1)
        whole_C[np.argsort(-remainder_C, kind="stable")[: left - int(whole_C.sum())]] += 1
        shares_C = np.minimum(shares_C + whole_C, most_C)
    return shares_C
