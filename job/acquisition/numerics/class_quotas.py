# ruff: noqa: N803, N806 - shape suffixes
"""How rare classes are, and a budget divided among them.

C = classes.
"""

import numpy as np

from job.records.arrays import Float64s, Integers

MAX_WEIGHT = 8.0
"""The highest class weight; the lowest is its inverse."""


def rarity(labelled_C: Integers, predicted_C: Integers) -> Float64s:
    """Return the rarity of each class: (C,).

    r_c = 1 - (the class's share of labelled boxes + its share of predicted boxes) / 2.
    """
    shares = (each / max(each.sum(), 1) for each in (labelled_C, predicted_C))
    return np.asarray(1 - sum(shares) / 2)


def class_weights(counts_C: Integers) -> Float64s:
    """Return the mean number of labelled boxes a class, over that of each class: (C,).

    From 1/8 to 8. Without labelled boxes, all are 1.
    """
    if not counts_C.any():
        return np.ones(len(counts_C))
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(counts_C.mean() / counts_C, 1 / MAX_WEIGHT, MAX_WEIGHT))


def largest_remainder(budget: int, by_C: Float64s, max_C: Integers) -> Integers:
    """Return whole quotas in proportion to `by_C`, by the largest remainder method: (C,).

    The largest remainders are rounded up; if two are equal, the first one is. What a class cannot
    take is divided among the others in the same way. So the quotas sum to the budget, unless no
    class can take more.

    Args:
        budget: What to divide.
        by_C: The proportions. If those of all classes that can take more are 0, these get equal
            parts.
        max_C: The maximum of each class.
    """
    quotas_C = np.zeros(len(by_C), np.int64)
    while (left := budget - int(quotas_C.sum())) and (open_C := quotas_C < max_C).any():
        weights_C = by_C * open_C
        weights_C = weights_C if weights_C.any() else open_C.astype(np.float64)
        exact_C = left * weights_C / weights_C.sum()
        whole_C = np.floor(exact_C).astype(np.int64)
        remainder_C = np.where(open_C, exact_C - whole_C, -1)
        whole_C[np.argsort(-remainder_C, kind="stable")[: left - int(whole_C.sum())]] += 1
        quotas_C = np.minimum(quotas_C + whole_C, max_C)
    return quotas_C
