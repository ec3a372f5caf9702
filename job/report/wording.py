"""Numbers as a reader sees them: with their units, rounded, and as parts of sentences."""

from collections.abc import Sequence
from math import floor, log10
from typing import Protocol

from job.report.analysis.curves import Axis
from job.report.analysis.intervals import Estimate
from job.report.analysis.results import Row
from job.report.analysis.statistics import LEVEL

UNITS: dict[Axis, str] = {
    "images": "labelled images",
    "boxes": "labelled boxes",
    "annotation_seconds": "hours of annotation",
    "money": "money for annotation",
    "wall_seconds": "hours of selecting and training",
}
SMALLEST_P = 0.001
"""A smaller p is not told from it: three decimals show no more."""
PER_UNIT: dict[Axis, float] = {"annotation_seconds": 3600.0, "wall_seconds": 3600.0}
"""By what a value of an axis is divided to be shown; 1 for an axis that is not there."""


def amount(axis: Axis, value: float) -> str:
    """Return a value of an axis in the unit that `UNITS` names, without that unit.

    It has at least three digits, so that a percentage of two values follows from what is shown.
    """
    value /= PER_UNIT.get(axis, 1.0)
    decimals = {"images": 0, "boxes": 0, "money": 2}.get(axis, 1)
    if value > 0:
        decimals = max(decimals, 2 - floor(log10(value)))
    return f"{value:,.{decimals}f}"


def rough(value: float) -> str:
    """Return a number that is known roughly, to two digits: 1,234 as "1,200"."""
    shown = float(f"{value:.2g}")
    return f"{shown:,.0f}" if abs(shown) >= 10 else f"{shown:g}"  # noqa: PLR2004 - two digits


def points(metric: float) -> str:
    """Return a difference of metrics in points, which are hundredths."""
    return f"{100 * metric:.1f} points"


def whole(metric: float) -> str:
    """Return a round number of points: "1 point", "0.5 points"."""
    number = f"{100 * metric:g}"
    return f"{number} {'point' if number == '1' else 'points'}"


def signed_points(metric: float) -> str:
    """Return a difference of metrics in points, with its sign and without its unit."""
    return f"{100 * metric:+.1f}"


def interval(
    of: Estimate, factor: float = 1.0, unit: str = "", *, decimals: int = 1, level: int = 95
) -> str:
    """Return an interval in words; with one seed, that there is none."""
    if of.low is None or of.high is None:
        return "one seed, so no interval"
    low, high = sorted((factor * of.low, factor * of.high))
    return f"{level} % interval {low:.{decimals}f} to {high:.{decimals}f}{unit}"


class Interval(Protocol):
    """What has the ends of an interval, if there is one."""

    @property
    def low(self) -> float | None:
        """The lower end."""

    @property
    def high(self) -> float | None:
        """The upper end."""


def interval_cell(of: Interval | None, factor: float = 1.0, form: str = "+.1f") -> str:
    """Return an interval for a table, its ends as `form` says; empty if there is none."""
    if of is None or of.low is None or of.high is None:
        return ""
    return f"{factor * of.low:{form}} to {factor * of.high:{form}}"


def probability(p: float | None) -> str:
    """Return a p value in words, see `p_cell`."""
    if p is None:
        return "not tested"
    return f"p < {SMALLEST_P}" if p < SMALLEST_P else f"p = {p_cell(p)}"


def corrected(p: float | None) -> str:
    """Return a p value that was corrected, in words."""
    return f"corrected {probability(p)}"


def p_cell(p: float | None) -> str:
    """Return a p value for a table; empty if there is none.

    It has three decimals, or as many as it takes to tell one that is below 0.05 from 0.05.
    """
    if p is None:
        return ""
    if p < SMALLEST_P:
        return f"< {SMALLEST_P}"
    decimals = 3
    while p < LEVEL <= round(p, decimals):
        decimals += 1
    return f"{p:.{decimals}f}"


def three_decimals(value: float | None) -> str:
    """Return a metric for a table; empty if there is none."""
    return "" if value is None else f"{value:.3f}"


def percent(share: float, decimals: int = 0) -> str:
    """Return a share in percent."""
    return f"{100 * share:.{decimals}f} %"


def listing(names: Sequence[object]) -> str:
    """Return names as "a, b and c"."""
    *before, last = map(str, names)
    return f"{', '.join(before)} and {last}" if before else last


def counted(number: int, name: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 seed", "5 seeds"."""
    return f"{number} {name}" if number == 1 else f"{number} {plural or f'{name}s'}"


def without_labels(rows: Sequence[Row]) -> str:
    """Return a sentence on the rounds that labelled no image; nothing if there are none.

    Round 0 may do with the images that came along.
    """
    rounds: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        if not row.new_samples and row.round:
            rounds.setdefault((row.arm, row.seed), []).append(row.round)
    if not rounds:
        return ""
    which = "; ".join(
        f"{arm}, seed {seed}: {listing(numbers)}" for (arm, seed), numbers in rounds.items()
    )
    return (
        f"Rounds that labelled no image ({which}): they trained on the images of earlier rounds, "
        "and their points in the curves stand at the same number of images."
    )
