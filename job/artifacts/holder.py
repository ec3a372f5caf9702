"""`holder.json`: the driver that runs an experiment's stages, and when it said so last."""

import os
import socket
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from job.errors import MissingObjectError
from job.keys import ExperimentKeys
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

_REMEDY = "remove it: the driver that is at work writes another within 20 seconds"


def _this_process() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


@dataclass(frozen=True)
class Holder:
    """Who runs an experiment's stages."""

    release: str
    """The name under which the experiment is installed."""
    place: str
    """Where the release starts stages, such as `namespace al of cluster 6f1c2a90`."""
    process: str = field(default_factory=_this_process)
    """The driver's host, which is its pod's name on a cluster, and the id of its process."""
    beat: int = 0
    """How often it was written: whoever sees this grow knows that the driver is alive."""
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was written, by the driver's clock."""

    def __str__(self) -> str:
        """Return whose the experiment is, in words."""
        return f"release {self.release} in {self.place} ({self.process})"

    def is_same_release(self, other: "Holder") -> bool:
        """Whether both are drivers of one release, of which the later one takes over."""
        return (self.release, self.place) == (other.release, other.place)

    def next_beat(self) -> "Holder":
        """Return what to write next."""
        return replace(self, beat=self.beat + 1, updated=datetime.now(UTC))


def read_holder(store: Store, experiment: str) -> Holder | None:
    """Return who holds an experiment, or nothing if nobody says so.

    Raises:
        BadDataError: `holder.json` is damaged, or written by a newer version.
    """
    key = ExperimentKeys(experiment).holder
    try:
        data = store.read(key)
    except MissingObjectError:
        return None
    where = f"{store.url}: {key}"
    return checked(Holder, load_json(data, where, _REMEDY), where, _REMEDY)


def write_holder(store: Store, experiment: str, holder: Holder, *, if_absent: bool = False) -> None:
    """Say who holds an experiment; with `if_absent`, unless somebody does."""
    content = asdict(holder) | {"updated": holder.updated.isoformat()}
    store.write(ExperimentKeys(experiment).holder, dump_json(content), if_absent=if_absent)


def remove_holder(store: Store, experiment: str) -> None:
    """Say that nobody holds an experiment."""
    store.delete(ExperimentKeys(experiment).holder)
