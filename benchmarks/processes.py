"""How a failure of one of two processes is told: by al-voc's handling of them, and by torch's.

Process 1 fails at once, and process 0 waits for it, deaf to SIGTERM and Ctrl-C: a training answers
these between two steps. `torch.multiprocessing` waits 30 seconds until it kills a process that does
not end; `--grace` is its own setting of that.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import first  # noqa: F401

from job.detection.training.member_processes import Exchange, run_together, take_part
from job.errors import BadDataError


def work(rank: int, folder: str) -> None:
    """Fail, or wait."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    Path(folder, f"ready-{rank}").touch()
    while not all(Path(folder, f"ready-{each}").exists() for each in (0, 1)):
        time.sleep(0.01)
    Path(folder, "failed").touch()
    if rank:
        message = "image 3 is broken"
        raise BadDataError(message)
    time.sleep(120)


def ours(folder: str) -> None:
    """Start both as al-voc does."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run_together(Path(__file__).stem, 2, Exchange(Path(folder)), lambda: None)


def torchs(folder: str, grace: float | None) -> None:
    """Start both as torch does."""
    from torch.multiprocessing.spawn import start_processes  # noqa: PLC0415 - the others do without

    context: Any = start_processes(work, (folder,), nprocs=2, join=False)  # type: ignore[no-untyped-call]
    while not context.join(grace_period=grace):
        pass


def told(name: str, start: Callable[[str], None]) -> str:
    """Return a row: how long it took, and what came."""
    with tempfile.TemporaryDirectory() as folder:
        error = ""
        try:
            start(folder)
        except Exception as caught:  # noqa: BLE001 - whatever it is
            error = f"`{type(caught).__name__}`, {len(str(caught).splitlines())} lines"
        failed = Path(folder, "failed").stat().st_mtime
        return f"| {name} | {time.time() - failed:.1f} s | {error} |"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grace", type=float, default=2.0)
    grace = parser.parse_args().grace
    print("| processes | from the failure to its message | message |")
    print("| --- | --- | --- |")
    print(told("al-voc", ours))
    print(told("torch.multiprocessing", lambda folder: torchs(folder, None)))
    print(told(f"with `grace_period={grace:g}`", lambda folder: torchs(folder, grace)))


if __name__ == "__main__":
    if sys.argv[1:2] and Path(sys.argv[1]).is_dir():
        take_part(lambda exchange, rank, _: work(rank, str(exchange.folder)))
    main()
