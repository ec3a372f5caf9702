"""Logs of a stage's attempts, kept in the store."""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from job.artifacts.listing import Listing
from job.errors import AlJobError, StopRequested
from job.keys import LOGS, PARTITIONS, StageRef
from job.runtime import log
from job.storage import Store


@contextmanager
def keep_log(store: Store, ref: StageRef) -> Iterator[None]:
    """Keep in the store what is logged within, if the attempt has a name: its pod will be gone."""
    attempt = os.environ.get("AL_ATTEMPT")
    if not attempt:
        yield
        return
    with log.copied() as copy:
        try:
            yield
        except (AlJobError, StopRequested) as error:
            copy.write(f"al-job: {error}\n")
            raise
        except Exception:
            copy.write(traceback.format_exc())
            raise
        finally:
            try:
                store.write(ref.log(attempt), copy.getvalue().encode())
            except AlJobError as error:
                log.get().warning("stage.log_lost", reason=str(error))


def kept_logs(store: Store, ref: StageRef) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the log of each attempt at a stage that the store keeps."""
    for key in store.list(ref.log("").removesuffix(".log")):
        yield key.rpartition("/")[2].removesuffix(".log"), store.read(key)


def num_attempts(listing: Listing, ref: StageRef) -> int:
    """Return how many attempts at a stage the store keeps logs of.

    Each partition of a stage has a log of its own, and a marker: together they are one attempt.
    """
    logs = listing.below(ref.key(LOGS))
    partitions = listing.below(ref.key(PARTITIONS))
    return len(logs) - max(len(partitions) - 1, 0)
