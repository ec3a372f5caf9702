"""How far repeated measurements scatter, and how much of the CPUs others took meanwhile."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import quantile_test

CONFIDENCE = 0.95
MOST_OTHERS = 0.10
"""If other work takes a larger share of the CPUs, nothing is said of speed."""
MOST_SCATTER = 1.3
"""If the ends of an interval are further apart than this ratio, it says too little."""


@dataclass(frozen=True)
class Interval:
    """The median of repeated measurements, and its 95 % confidence interval."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """Return that of six or more values, by their order alone: it assumes no distribution."""
        ends = quantile_test(values, p=0.5).confidence_interval(CONFIDENCE)
        ordered = sorted(values)
        middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        return cls(float(middle), float(ends.low), float(ends.high))

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def reason_to_refuse(interval: Interval, others: float) -> str:
    """Return why a measurement cannot be trusted, or an empty text."""
    if others > MOST_OTHERS:
        return f"too busy: other work took {100 * others:.0f} % of the CPUs"
    if not interval.high <= interval.low * MOST_SCATTER:
        return f"too noisy: {interval}"
    return ""


class OtherWork:
    """What processes other than this one and its children take of the CPUs that it may use."""

    def __init__(self) -> None:
        self._begun = self._now()

    def share(self) -> float:
        """Return the share, from 0 to 1, since this was made."""
        seconds, everybody, own = (
            now - before for now, before in zip(self._now(), self._begun, strict=True)
        )
        return max(0.0, everybody - own) / max(seconds * len(os.sched_getaffinity(0)), 1e-9)

    @staticmethod
    def _now() -> tuple[float, float, float]:
        ticks = os.sysconf("SC_CLK_TCK")
        everybody = busy_ticks(Path("/proc/stat").read_text(), os.sched_getaffinity(0))
        return time.perf_counter(), everybody / ticks, own_ticks(processes(), os.getpid()) / ticks


def busy_ticks(stat: str, cpus: Iterable[int]) -> int:
    """Return for how long these CPUs worked, in ticks, by the text of `/proc/stat`."""
    named = {line.split()[0]: line.split()[1:] for line in stat.splitlines() if line[:3] == "cpu"}
    total = 0
    for cpu in cpus:
        user, nice, system, _idle, _iowait, *interrupts = map(int, named[f"cpu{cpu}"][:8])
        total += user + nice + system + sum(interrupts)
    return total


def processes() -> dict[int, tuple[int, int]]:
    """Return each process's parent, and the ticks that it and its ended children took."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of a program may have spaces and brackets: it ends at the last one.
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        found[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found


def own_ticks(found: dict[int, tuple[int, int]], root: int) -> int:
    """Return the ticks of a process and of all that it started."""
    children = defaultdict(list)
    for process, (parent, _) in found.items():
        children[parent].append(process)
    left, total = [root], 0
    while left:
        process = left.pop()
        total += found[process][1]
        left += children[process]
    return total
