"""SIGTERM and Ctrl-C: from the first moment on, one line and no traceback.

This module is imported before all others, so it imports next to nothing.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""The signals that ask a process to stop."""
INTERRUPTED = "interrupted; run the same command to resume"
_CODES = {signal.SIGTERM: os.EX_TEMPFAIL, signal.SIGINT: 128 + signal.SIGINT}


def exit_code_of(number: int) -> int:
    """Return the exit code of a process that a signal has stopped: 75, or 130 for Ctrl-C."""
    return _CODES[signal.Signals(number)]


def end_at_once(number: int, _: object = None) -> None:
    """End this process with one line, as the handler of a signal: there is nothing to save yet.

    An exception would not do. While modules are imported, it may be raised in any code of theirs,
    and some of them make another error of it.
    """
    os.write(2, f"al-job: {INTERRUPTED}\n".encode())
    if number == signal.SIGINT:
        end_by_interrupt()
    os._exit(exit_code_of(number))


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Within, the signals end this process at once."""
    before = [signal.signal(number, end_at_once) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


def ignore_signals() -> None:
    """Let the signals do nothing any more: this process is ending already."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def end_by_interrupt() -> None:
    """End this process by SIGINT, so that a shell also ends the loop or the script around it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)  # without effect on the first process of a container
