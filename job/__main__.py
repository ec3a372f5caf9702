"""`al-job`, also as `python -m job`: the signals first, then everything else."""

import atexit
import signal
import sys
from contextlib import suppress
from typing import NoReturn

from job.runtime.signals import SIGNALS, end_at_once, end_by_interrupt, exit_code_of


def main() -> NoReturn:
    """Run the command line."""
    for number in SIGNALS:
        signal.signal(number, end_at_once)
    interrupted: list[bool] = []
    atexit.register(_end, interrupted)  # the first to be registered is the last to be called
    from job.cli.main import main as run  # noqa: PLC0415 - a signal may come while it is imported

    try:
        run()
    except SystemExit as end:
        interrupted += [True] if end.code == exit_code_of(signal.SIGINT) else []
        raise


def _end(interrupted: list[bool]) -> None:
    if interrupted:
        with suppress(OSError):
            sys.stdout.flush()
        end_by_interrupt()


if __name__ == "__main__":
    main()
