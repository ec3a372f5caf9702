"""What the benchmarks share: timing side by side, and the table of what came out."""

import os
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Row:
    """One comparison; all its figures are of one run."""

    what: str
    ours: str
    others: str
    """The peer and the limit, each with its figure."""
    ratios: str
    aim: str


def table(rows: Iterable[Row]) -> str:
    """Return rows as Markdown."""
    lines = ["| what | ours | beside it | ratio | aim |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {r.what} | {r.ours} | {r.others} | {r.ratios} | {r.aim} |" for r in rows]
    return "\n".join(lines)


def fastest(functions: dict[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """Return the fewest seconds that each took: in turn, so that a busy moment hits all alike."""
    seconds = dict.fromkeys(functions, float("inf"))
    for number in range(repeats + 1):
        for name, function in functions.items():
            begun = time.perf_counter()
            function()
            if number:  # the first warms up
                seconds[name] = min(seconds[name], time.perf_counter() - begun)
    return seconds


def machine() -> str:
    """Describe this machine in a line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} CPU cores ({cpu}), {gpu}, torch {torch.__version__}; load {load:.1f}"
