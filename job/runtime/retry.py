"""Retry what depends on a service that is away for minutes, which a driver has to survive."""

import time
from collections.abc import Callable
from typing import TypeVar

from job.errors import AlJobError, TemporaryError
from job.runtime import log

SECONDS_OF_OUTAGE = 900.0
"""How long a service may be away."""
SECONDS_BETWEEN_ATTEMPTS = 2.0

T = TypeVar("T")


def retry_while_unavailable(
    work: Callable[[], T],
    errors: tuple[type[AlJobError], ...] = (TemporaryError,),
    tell: Callable[[str], object] = lambda _: None,
) -> T:
    """Return what `work` returns, and retry it while a service is away.

    Args:
        work: Is idempotent.
        errors: Those that a later attempt can get past.
        tell: Called with what is waited for, after each attempt that failed.

    Raises:
        AlJobError: One of `errors`, if it persists for `SECONDS_OF_OUTAGE`, or any other error.
    """
    limit = time.monotonic() + SECONDS_OF_OUTAGE
    while True:
        try:
            return work()
        except errors as error:
            if time.monotonic() > limit:
                raise
            log.get().warning("driver.waits", reason=str(error))
            tell(str(error))
        time.sleep(SECONDS_BETWEEN_ATTEMPTS)
