"""All that an experiment's learning curves say, in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from job.report.analysis.areas import Area, areas_of
from job.report.analysis.comparison import Comparison, compare, nothing_compared
from job.report.analysis.curves import Curve, compared, curves_of
from job.report.analysis.penalties import Penalties, penalties
from job.report.analysis.primary import SMALLEST_EFFECT, Primary, primary_tests
from job.report.analysis.results import Row
from job.report.analysis.savings import Saving, savings_of


@dataclass(frozen=True)
class Findings:
    """The curves, and what follows from them."""

    curves: list[Curve]
    comparison: Comparison
    primary: tuple[Primary, ...]
    savings: tuple[Saving, ...]
    areas: tuple[Area, ...]
    penalties: Penalties


def find(
    rows: Sequence[Row],
    compared_arms: Sequence[str],
    pool_images: int | None,
    missing: Mapping[str, int] | None = None,
    smallest_effect: float = SMALLEST_EFFECT,
) -> Findings:
    """Compare the arms of an experiment. If nothing was measured, there is nothing to say of them.

    Args:
        rows: At least one.
        compared_arms: The arms that are compared; others are references.
        pool_images: How many images the pool has, if that is known.
        missing: How many planned rounds are not evaluated yet, by arm. Nothing is claimed of an arm
            before all rounds of it and the baseline are there.
        smallest_effect: The smallest difference in the metric that matters.
    """
    curves = curves_of(rows, compared_arms)
    if not compared(curves):
        return Findings(curves, nothing_compared(compared_arms), (), (), (), penalties(curves))
    return analyse(curves, pool_images, missing, smallest_effect)


def analyse(
    curves: list[Curve],
    pool_images: int | None = None,
    missing: Mapping[str, int] | None = None,
    smallest_effect: float = SMALLEST_EFFECT,
) -> Findings:
    """Compare the arms of learning curves, see `find`.

    Raises:
        ValueError: There is no curve of an arm that is compared.
    """
    comparison = compare(curves, pool_images, missing=missing)
    num_arms = len({*comparison.arms, *comparison.missing}) - 1
    areas = areas_of(curves)
    return Findings(
        curves=curves,
        comparison=comparison,
        primary=primary_tests(areas, num_arms, comparison.unfinished, smallest_effect),
        savings=savings_of(curves, num_arms=num_arms),
        areas=areas,
        penalties=penalties(curves),
    )
