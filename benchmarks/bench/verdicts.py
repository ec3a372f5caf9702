"""What may be said of a measurement: whether it reaches its aim, and whether it changed."""

from typing import Literal

from bench.lines import Line
from bench.noise import Interval

Verdict = Literal["reached", "missed"]
SAME = 1.05
"""Runs differ by as much as this without a cause: by where memory lies, by the CPU's clock."""


def is_better(value: float, than: float, unit: str) -> bool:
    """Return whether a value is better: a larger ratio, or less of anything else."""
    return value > than if unit == "x" else value < than


def verdict(line: Line, aim: float, before: Verdict | None) -> Verdict:
    """Return whether a measurement reaches an aim.

    If the aim lies within the interval, the verdict of the last run stays, or the median decides.
    """
    value = line.value
    if before and value.low <= aim <= value.high:
        return before
    return "missed" if is_better(aim, value.median, line.unit) else "reached"


def change(line: Line, before: Line | None) -> str:
    """Return how a measurement compares with that of the last run."""
    if before is None:
        return "first measured"
    if before.machine != line.machine:
        return f"{before.shown} on another machine"
    if are_same(line.value, before.value):
        return f"within noise of {before.value.median:.3g}"
    better = is_better(line.value.median, before.value.median, line.unit)
    return f"{'better' if better else 'worse'} than {before.value.median:.3g}"


def are_same(one: Interval, other: Interval) -> bool:
    """Return whether two runs may have measured the same."""
    overlap = one.low <= other.high and other.low <= one.high
    least, most = sorted((one.median, other.median))
    return overlap or most <= least * SAME
