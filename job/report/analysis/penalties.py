"""How often each arm beats each other arm: the pairwise penalty matrix.

A = arms, P = budgets.
"""
# ruff: noqa: N803 - shape suffixes

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from job.report.analysis.curves import Curve, arms_of, compared
from job.report.analysis.pairs import Pairs, pairs
from job.report.analysis.statistics import LEVEL, MIN_SEEDS, paired_t

PENALTY_SIGN = (
    "The number in a row and a column is the share of the budgets at which the row's arm is"
    " significantly better than the column's: high in its row is good for an arm, high in its"
    " column is bad."
)


@dataclass(frozen=True)
class Penalties:
    """Ash et al., Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds, 2020."""

    arms: tuple[str, ...]
    beats: tuple[tuple[float | None, ...], ...]
    """(A, A): row and column as in PENALTY_SIGN; None for an arm with itself, and if no budget has
    enough paired seeds."""
    num_budgets: tuple[tuple[int, ...], ...]
    """(A, A): at how many budgets the two could be compared."""
    beaten: tuple[float | None, ...]
    """(A,): the mean of each column: how often others beat the arm. Low is good."""


def penalties(curves: Sequence[Curve]) -> Penalties:
    """Compare every arm with every other arm at each number of images, by paired t-tests at 5 %.

    As in the paper, these tests are not corrected: the matrix gives an overview and claims nothing.
    A budget counts if the two arms have at least 5 paired seeds there and are not the same by
    construction.
    """
    curves = compared(curves)
    arms = arms_of(curves)
    tested = {
        (one, other): _tested(pairs(curves, one, other, "images"))
        for one in arms
        for other in arms
        if one != other
    }
    beats = tuple(tuple(_share(tested.get((one, other), [])) for other in arms) for one in arms)
    columns = [[each for each in column if each is not None] for column in zip(*beats, strict=True)]
    return Penalties(
        arms=tuple(arms),
        beats=beats,
        num_budgets=tuple(
            tuple(len(tested.get((one, other), [])) for other in arms) for one in arms
        ),
        beaten=tuple(fmean(column) if column else None for column in columns),
    )


def _tested(at_budgets_P: Sequence[Pairs]) -> list[bool]:
    """For each budget that counts, whether the first arm is significantly better."""
    result = []
    for each in at_budgets_P:
        p = paired_t(each.differences_N)
        if p is not None and len(each.seeds) >= MIN_SEEDS:
            result.append(p < LEVEL and bool(each.differences_N.mean() > 0))
    return result


def _share(is_better_P: Sequence[bool]) -> float | None:
    return sum(is_better_P) / len(is_better_P) if is_better_P else None
