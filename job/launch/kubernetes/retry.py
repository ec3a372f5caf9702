"""Waiting for a store or a cluster that is away: for minutes, which a driver has to survive."""

import time
from collections.abc import Callable
from typing import TypeVar

from job.errors import TemporaryError
from job.launch.kubernetes.client import DeniedError
from job.runtime import log

SECONDS_OF_OUTAGE = 900.0
"""How long it may be away."""
SECONDS_BETWEEN_TRIES = 2.0

T = TypeVar("T")


def retry_while_unavailable(work: Callable[[], T]) -> T:
    """Do what needs store and cluster again and again, until both answer.

    Raises:
        TemporaryError: They do not for long.
        DeniedError: The cluster goes on refusing; one that has just started knows no roles yet.
    """
    limit = time.monotonic() + SECONDS_OF_OUTAGE
    while True:
        try:
            return work()
        except (TemporaryError, DeniedError) as error:
            if time.monotonic() > limit:
                raise
            log.get().warning("driver.waits", reason=str(error))
        time.sleep(SECONDS_BETWEEN_TRIES)
