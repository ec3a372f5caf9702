"""Markers: a stage's output exists when its `done.json` does.

The marker is written last and holds the digests of what the stage read and wrote, so a stage whose
marker matches its inputs need not run again.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace

from job.config.experiment import Config
from job.errors import BadDataError, MissingObjectError
from job.keys import StageRef
from job.runtime import log
from job.storage import Store


@dataclass(frozen=True)
class Marker:
    """The content of `done.json`."""

    inputs: dict[str, str]
    """Key of each object that was read -> its digest; another stage counts by its own marker."""
    outputs: dict[str, str]
    """Name of each object that was written -> SHA-256."""
    digest: str
    """SHA-256 of what the outputs say, those that hold times left out."""
    config: str
    """`Config.stage_digest` of the configuration."""
    seconds: float
    """How long the stage ran."""
    version: str
    """The program's version."""
    attempt: str
    """Which process wrote it."""
    threads: int
    """CPU threads of torch."""
    image: str = ""
    """The container image, by its digest where the chart names one; empty outside of a cluster."""

    def to_json(self) -> bytes:
        """The marker as it is stored."""
        return (json.dumps(asdict(self), indent=1) + "\n").encode()


class Markers:
    """Reads markers, and remembers those that were there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Marker] = {}
        self._digests: dict[str, str] = {}

    @property
    def known(self) -> Collection[str]:
        """The keys of the markers that were seen."""
        return self._known.keys()

    def get(self, stage: StageRef) -> Marker | None:
        """Return the stage's marker, if it has one."""
        return self.at(stage.done)

    def at(self, key: str) -> Marker | None:
        """Return the marker under a key, if there is one.

        Raises:
            BadDataError: What is there is no marker.
        """
        if key not in self._known:
            try:
                self._known[key] = Marker(**json.loads(self._store.read(key)))
            except MissingObjectError:
                return None
            except (ValueError, TypeError) as error:
                message = f"{self._store.url}: {key} is no marker: delete it to run the stage again"
                raise BadDataError(message) from error
        return self._known[key]

    def is_done(self, stage: StageRef, config: Config, partition: tuple[int, int] = (0, 1)) -> bool:
        """Whether a stage, or one share of it, is done: with this configuration and these inputs.

        A marker that does not fit is forgotten, since the stage is about to write another.
        """
        index, count = partition
        keys = [stage.done] + ([stage.partition_done(index, count)] if count > 1 else [])
        if any(self._fits(key, config.stage_digest(stage.round.arm)) for key in keys):
            return True
        for key in keys:
            self._known.pop(key, None)
        return False

    def _fits(self, key: str, config_digest: str) -> bool:
        marker = self.at(key)
        if marker is None or marker.config != config_digest:
            return False
        return all(self._digest(name) == digest for name, digest in marker.inputs.items())

    def _digest(self, key: str) -> str | None:
        """The digest of what a stage read: of a stage's output by its marker, else of the bytes."""
        if key.endswith("/done.json"):
            marker = self.at(key)
            return marker.digest if marker else None
        if key not in self._digests:
            try:
                self._digests[key] = hashlib.sha256(self._store.read(key)).hexdigest()
            except MissingObjectError:
                return None
        return self._digests[key]


def join_partitions(store: Store, ref: StageRef, own: Marker, count: int) -> None:
    """Write one marker for the work of all shares, if all have been done from the same inputs.

    Args:
        store: Where the shares' markers are.
        ref: The stage.
        own: The marker of a share that is done: whoever ends last finds all of them.
        count: The number of shares.
    """
    markers = Markers(store)
    outputs: dict[str, str] = {}
    seconds = 0.0
    keys = [ref.partition_done(index, count) for index in range(count)]
    if not set(keys).issubset(store.list(ref.key("partition-"))):  # one call, however many they are
        log.get().info("stage.shares_left", stage=ref.stage)
        return
    for key in keys:
        share = markers.at(key)
        if share is None or (share.inputs, share.config) != (own.inputs, own.config):
            log.get().info("stage.shares_left", stage=ref.stage)
            return
        outputs |= share.outputs
        seconds += share.seconds
    outputs = dict(sorted(outputs.items()))
    joined = replace(own, outputs=outputs, digest=_digest(outputs), seconds=round(seconds, 3))
    store.write(ref.done, joined.to_json())


def _digest(outputs: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(outputs).encode()).hexdigest()
