"""All that an experiment's learning curves say, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from job.report.analysis.areas import Area, areas_of
from job.report.analysis.comparison import Comparison, compare, nothing_compared
from job.report.analysis.curves import Curve, compared, curves_of
from job.report.analysis.missing import ALL_THERE, MissingRounds
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

    @cached_property
    def penalties(self) -> Penalties:
        """How often each arm beats each other arm."""
        return penalties(self.curves)


def find(
    rows: Sequence[Row],
    compared_arms: Sequence[str],
    pool_images: int | None,
    missing: MissingRounds = ALL_THERE,
    smallest_effect: float = SMALLEST_EFFECT,
) -> Findings:
    """Compare the arms of an experiment. If nothing was measured, there is nothing to say of them.

    Args:
        rows: At least one.
        compared_arms: The arms that are compared; others are references.
        pool_images: How many images the pool has, if that is known.
        missing: The planned rounds without a result. Nothing is claimed of an arm before all rounds
            of it and of the baseline are there.
        smallest_effect: The smallest difference in the metric that matters.
    """
    curves = curves_of(rows, compared_arms)
    if not compared(curves):
        return Findings(curves, nothing_compared(compared_arms), (), (), ())
    return analyse(curves, pool_images, missing, smallest_effect)


def analyse(
    curves: list[Curve],
    pool_images: int | None = None,
    missing: MissingRounds = ALL_THERE,
    smallest_effect: float = SMALLEST_EFFECT,
) -> Findings:
    """Compare the arms of learning curves, see `find`.

    Raises:
        ValueError: There is no curve of an arm that is compared.
    """
    comparison = compare(curves, pool_images, missing=missing)
    num_arms, unfinished = comparison.num_compared, comparison.unfinished
    areas = areas_of(curves)
    return Findings(
        curves=curves,
        comparison=comparison,
        primary=primary_tests(areas, num_arms, unfinished, smallest_effect),
        savings=savings_of(curves, num_arms=num_arms, unfinished=unfinished),
        areas=areas,
    )
