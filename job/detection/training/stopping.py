"""Signals as a question that a training answers between two steps."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from job.errors import StopRequested
from job.runtime.process_setup import SIGNALS


@contextmanager
def asked_to_stop(tell: Callable[[], None] = lambda: None) -> Iterator[Callable[[], bool]]:
    """Within, SIGTERM and Ctrl-C end nothing; give the function that says whether one came.

    Args:
        tell: Also called when one comes, by the signal's handler.

    Raises:
        StopRequested: One came, and nothing within stopped for it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()

    def ask(*_: object) -> None:
        asked.set()
        tell()

    before = [signal.signal(number, ask) for number in SIGNALS]
    try:
        yield asked.is_set
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if asked.is_set():
        message = "asked to stop; run the same command to resume"
        raise StopRequested(message)
