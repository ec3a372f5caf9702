"""What an experiment takes of a cluster: kept in the store, and summed up for the status."""

from collections.abc import Mapping
from datetime import UTC

from job.artifacts.usage import Ledger, Usage
from job.errors import AlJobError
from job.launch.observer import JobEnd, Observer
from job.runtime import log
from job.storage import Store


class Accounts(Observer):
    """Writes what each Job took. What cannot be written ends no run, and is tried with the next."""

    def __init__(self, store: Store, experiment: str) -> None:
        self._ledger = Ledger(store, experiment)

    def job_ended(self, end: JobEnd) -> None:
        """Note what a Job took, and what it ran."""
        try:
            self._record(end)
        except AlJobError as error:
            log.get().warning("usage.unrecorded", job=end.name, reason=str(error))

    def job_found(self, end: JobEnd) -> None:
        """Note it unless an earlier driver has, which may have seen more of its pods."""
        try:
            if not self._ledger.knows(end.ref, _name(end)):
                self._record(end)
        except AlJobError as error:
            log.get().warning("usage.unrecorded", job=end.name, reason=str(error))

    def _record(self, end: JobEnd) -> None:
        images = {pod.name: pod.image for pod in end.pods if pod.image}
        self._ledger.record(end.ref, _name(end), end.usage, images)

    def totals(self) -> Mapping[str, Usage]:
        """Return what the Jobs of each kind of stage took so far; nothing if that is not known."""
        try:
            return self._ledger.totals()
        except AlJobError as error:
            log.get().warning("usage.unknown", reason=str(error))
            return {}


def _name(end: JobEnd) -> str:
    """Return what tells a Job from all others of its stage: attempts count anew if all are gone."""
    return f"{end.attempt}-{end.created.astimezone(UTC):%Y%m%dT%H%M%SZ}"
