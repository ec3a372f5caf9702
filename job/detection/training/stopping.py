"""Signals as a question that a training answers between two steps."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from job.errors import StopRequested
from job.runtime import log
from job.runtime.signals import SIGNALS, exit_code_of


@contextmanager
def asked_to_stop(tell: Callable[[], None] = lambda: None) -> Iterator[Callable[[], bool]]:
    """Within, SIGTERM and Ctrl-C end nothing; give the function that says whether one came.

    Args:
        tell: Also called when one comes, by the signal's handler.

    The log says how many seconds after the first one the training has stopped, with its checkpoint
    saved: a pod's grace period has to be longer.

    Raises:
        StopRequested: One came, and nothing within stopped for it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked: list[int] = []
    times: list[float] = []

    def ask(number: int, _: object) -> None:
        asked.append(number)
        times.append(time.monotonic())
        tell()

    before = [signal.signal(number, ask) for number in SIGNALS]
    try:
        yield lambda: bool(asked)
    except StopRequested as error:
        if times:
            log.get().info("train.stopped", seconds=round(time.monotonic() - times[0], 1))
        error.exit_code = exit_code_of(asked[0]) if asked else error.exit_code
        raise
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if asked:
        message = "asked to stop; run the same command to resume"
        raise StopRequested(message, exit_code_of(asked[0]))
