"""Numbers as a manager reads them."""

from collections.abc import Sequence

from job.report.analysis.curves import Axis
from job.report.analysis.statistics import Estimate

UNITS: dict[Axis, str] = {
    "images": "labelled images",
    "boxes": "labelled boxes",
    "annotation_seconds": "hours of annotation",
    "money": "in money",
    "wall_seconds": "hours of selecting and training",
}


def amount(axis: Axis, value: float) -> str:
    """Return a value of an axis without its unit, seconds as hours."""
    if axis in {"images", "boxes"}:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if axis == "money" else f"{value / 3600:,.1f}"


def points(metric: float) -> str:
    """Return a difference of metrics in points, which are hundredths."""
    return f"{100 * metric:.1f} points"


def interval(of: Estimate, factor: float = 1.0, unit: str = "") -> str:
    """Return an interval in words; with one seed, that there is none."""
    if of.low is None or of.high is None:
        return "one seed, so no interval"
    low, high = sorted((factor * of.low, factor * of.high))
    return f"95 % interval {low:.1f} to {high:.1f}{unit}"


def probability(p: float | None) -> str:
    """Return a p value to three decimals."""
    if p is None:
        return "not tested"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"  # noqa: PLR2004 - what three decimals show


def listing(names: Sequence[object]) -> str:
    """Return names as "a, b and c"."""
    *before, last = map(str, names)
    return f"{', '.join(before)} and {last}" if before else last


def counted(number: int, name: str) -> str:
    """Return a number with its noun: "1 seed", "5 seeds"."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
