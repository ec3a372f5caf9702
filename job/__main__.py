"""`al-job`, also as `python -m job`: the signals first, then everything else."""

import atexit
import os
import signal
import sys
from typing import NoReturn

from job.runtime.signals import SIGNALS, end_at_once, end_by_interrupt, exit_code_of


def main() -> NoReturn:
    """Run the command line."""
    for number in SIGNALS:
        signal.signal(number, end_at_once)
    codes: list[int] = []
    atexit.register(_end, codes)  # the first to be registered is the last to be called
    from job.cli.main import main as run  # noqa: PLC0415 - a signal may come while it is imported

    try:
        run()
    except SystemExit as end:
        codes += [int(end.code or 0)]
        raise


def _end(codes: list[int]) -> None:
    """End the process without taking its modules apart.

    That takes a process with torch up to seconds, in which its pod still holds a GPU and the next
    stage waits.
    """
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # either may be closed
            stream.flush()
    except OSError:  # nobody reads: Python says so
        return
    for code in codes:
        if code == exit_code_of(signal.SIGINT):
            end_by_interrupt()
        os._exit(code)


if __name__ == "__main__":
    main()
