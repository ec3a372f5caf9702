"""All that an experiment's learning curves say, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from job.report.analysis.areas import Area, areas_of
from job.report.analysis.comparison import Comparison, compare, nothing_compared
from job.report.analysis.curves import Curve, compared, curves_of
from job.report.analysis.penalties import Penalties, penalties
from job.report.analysis.results import Row
from job.report.analysis.savings import Saving, savings_of


@dataclass(frozen=True)
class Findings:
    """The curves, and what follows from them."""

    curves: list[Curve]
    comparison: Comparison
    savings: tuple[Saving, ...]
    areas: tuple[Area, ...]
    penalties: Penalties


def find(rows: Sequence[Row], compared_arms: Sequence[str], pool_images: int) -> Findings:
    """Compare the arms of an experiment. If nothing was measured, there is nothing to say of them.

    Args:
        rows: At least one.
        compared_arms: The arms that are compared; others are references.
        pool_images: How many images the pool has.
    """
    curves = curves_of(rows, compared_arms)
    if not compared(curves):
        return Findings(curves, nothing_compared(compared_arms), (), (), penalties(curves))
    return Findings(
        curves=curves,
        comparison=compare(curves, pool_images),
        savings=savings_of(curves),
        areas=areas_of(curves),
        penalties=penalties(curves),
    )
