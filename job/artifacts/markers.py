"""Markers: a stage's output exists when its `done.json` does.

The marker is written last and holds the digests of what the stage read and wrote, so a stage whose
marker matches its inputs need not run again.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace

from job.artifacts import names
from job.artifacts.listing import Listing
from job.artifacts.pruned import is_pruned
from job.config.schema import Config
from job.errors import MissingObjectError
from job.keys import PARTITIONS, TEST, StageRef, is_marker
from job.records.pace import NO_PACE, Pace
from job.runtime import log
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

_FORMAT = 2
"""Of markers. In format 1 every output lies under its own name."""
_REMEDY = (
    "restore this object from a copy of the store; without one, remove it and nothing else, and "
    "its stage runs again from the same inputs"
)


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
    """The container image, by its digest if the chart names one; empty outside of a cluster."""
    start: dict[str, str] = field(default_factory=dict)
    """What a training started from: each part of the detector -> where its weights came from."""
    cautions: tuple[str, ...] = ()
    """What looks wrong about the picks of a round, a sentence for each."""
    processes: int = 1
    """How many processes trained together."""
    nodes: int = 1
    """On how many machines."""
    keys: dict[str, str] = field(default_factory=dict)
    """Name of each object that lies under another name, which its content gives -> that name."""
    pace: Pace = NO_PACE
    """How fast it went through its images, if a network saw any."""

    @property
    def reads_scores(self) -> bool:
        """Whether the stage read a score record."""
        return any("/score/" in key for key in self.inputs)

    def key_of(self, stage: StageRef, name: str) -> str:
        """Return the key of an object that the stage wrote."""
        return stage.key(self.keys.get(name, name))

    def is_alike(self, other: "Marker") -> bool:
        """Whether both were made from the same inputs with the same configuration."""
        return (self.inputs, self.config) == (other.inputs, other.config)

    @property
    def test_version(self) -> int | None:
        """The version of the test set that the stage read; None: of one that the pool lacks."""
        rounds = [key for key in self.inputs if f"/{TEST}/round-" in key and "/annotate/" in key]
        return len(rounds) or None


def dump_marker(marker: Marker) -> bytes:
    """Return a marker as it is stored."""
    return dump_json(asdict(marker), _FORMAT)


def load_marker(data: bytes, where: str) -> Marker:
    """Read a stored marker; keys of a newer version are left alone.

    Raises:
        BadDataError: It is damaged, or of a format that this version does not read.
    """
    return checked(Marker, load_json(data, where, _REMEDY, _FORMAT), where, _REMEDY)


class Markers:
    """Reads markers, and remembers those that were there until `refresh`.

    One instance serves a whole process. With a listing, a marker that is not listed is not there,
    and the store is not asked for it.
    """

    def __init__(self, store: Store, listing: Listing | None = None) -> None:
        self._store = store
        self.listing = listing
        self._known: dict[str, Marker] = {}
        self._digests: dict[str, str] = {}

    @property
    def known(self) -> Collection[str]:
        """The keys of the markers that were seen."""
        return self._known.keys()

    def refresh(self, experiment: str) -> Listing:
        """List an experiment's objects, and forget all that was read: it may have changed."""
        self.listing = Listing.of(self._store, experiment)
        self._known = {}
        self._digests.clear()
        return self.listing

    def relist(self, experiment: str) -> Listing:
        """List an experiment's objects, and keep what was read of markers that are still there.

        A marker that was written anew meanwhile is known by its earlier content until `refresh`.
        """
        known = self._known
        listing = self.refresh(experiment)
        self._known = {key: marker for key, marker in known.items() if key in listing}
        return listing

    def forget(self, key: str) -> None:
        """Read the marker under a key anew when it is asked for."""
        self._known.pop(key, None)

    def get(self, stage: StageRef) -> Marker | None:
        """Return the stage's marker, if it has one."""
        return self.at(stage.done)

    def at(self, key: str) -> Marker | None:
        """Return the marker under a key, if there is one.

        Raises:
            BadDataError: It is damaged, or of a format that this version does not read.
        """
        known = self._known
        if key not in known:
            if self.listing is not None and key not in self.listing:
                return None
            try:
                data = self._store.read(key)
            except MissingObjectError:
                return None
            known[key] = load_marker(data, f"{self._store.url}: {key}")
        return known[key]

    def write(self, key: str, marker: Marker, *, if_absent: bool = False) -> bool:
        """Write a marker, and return whether it was written; see `Store.write`."""
        is_written = self._store.write(key, dump_marker(marker), if_absent=if_absent)
        if is_written:
            self._known[key] = marker
        else:
            self.forget(key)
        return is_written

    def outranks(self, other: Marker, marker: Marker) -> bool:
        """Whether a marker that is there stays, although a later attempt would write another.

        The first one of the same inputs stays. One of other inputs stays if they are the present
        ones, as when the later attempt was suspended while earlier stages ran again.
        """
        return other.is_alike(marker) or not Markers(self._store).has_inputs_of(marker)

    def remove(self, key: str) -> None:
        """Remove a marker that may be there."""
        self._known.pop(key, None)
        if self._store.exists(key):
            self._store.delete(key)

    def is_done(self, stage: StageRef, config: Config, partition: tuple[int, int] = (0, 1)) -> bool:
        """Whether a stage, or one partition of it, is done with this configuration and inputs.

        A marker that does not fit is forgotten, since the stage is about to write another.
        """
        index, count = partition
        keys = [stage.done] + ([stage.partition_done(index, count)] if count > 1 else [])
        if any(self._fits(key, config.stage_digest(stage)) for key in keys):
            return True
        if self._cannot_be_measured_again(stage, config):
            return True
        for key in keys:
            self._known.pop(key, None)
        return False

    def _cannot_be_measured_again(self, stage: StageRef, config: Config) -> bool:
        """Whether a model was measured before the test set grew, and is pruned since."""
        if stage.stage != "evaluate" or config.test is None:
            return False
        train = stage.round.stage("train")
        trained = self.get(train)
        model = trained.key_of(train, names.MODEL) if trained else train.key(names.MODEL)
        earlier = (config.test.version(number) for number in range(1, len(config.test_sizes)))
        return any(
            self._fits(stage.done, config.model_copy(update={"test": test}).stage_digest(stage))
            for test in earlier
        ) and is_pruned(self._store, model)

    def _fits(self, key: str, config_digest: str) -> bool:
        marker = self.at(key)
        return marker is not None and marker.config == config_digest and self.has_inputs_of(marker)

    def has_inputs_of(self, marker: Marker) -> bool:
        """Whether the inputs that a marker names are there, unchanged."""
        return all(self._digest(name) == digest for name, digest in marker.inputs.items())

    def _digest(self, key: str) -> str | None:
        """The digest of what a stage read: of a stage's output by its marker, else of the bytes."""
        if is_marker(key):
            marker = self.at(key)
            return marker.digest if marker else None
        if key not in self._digests:
            try:
                self._digests[key] = hashlib.sha256(self._store.read(key)).hexdigest()
            except MissingObjectError:
                return None
        return self._digests[key]


def join_partitions(store: Store, ref: StageRef, own: Marker, count: int) -> None:
    """Write one marker for all partitions of a stage, if all are done from the same inputs.

    Args:
        store: Where the partitions' markers are.
        ref: The stage.
        own: The marker of a partition that is done. Whichever ends last finds all of them.
        count: The number of partitions.
    """
    keys = [ref.partition_done(index, count) for index in range(count)]
    markers = Markers(store, Listing(store.list(ref.key(PARTITIONS))))  # read anew: others write
    found = [marker for key in keys if (marker := markers.at(key))]
    alike = [each for each in found if each.is_alike(own)]
    if len(alike) < count:
        log.get().info("stage.partitions_left", stage=ref.stage)
        return
    outputs = {name: digest for each in alike for name, digest in each.outputs.items()}
    outputs = dict(sorted(outputs.items()))
    places = {name: place for each in alike for name, place in each.keys.items()}
    seconds = round(sum(each.seconds for each in alike), 3)
    joined = replace(
        own,
        outputs=outputs,
        digest=digest_of(outputs),
        seconds=seconds,
        keys=dict(sorted(places.items())),
        pace=sum((each.pace for each in alike), NO_PACE),
    )
    there = Markers(store).get(ref)
    if there is None or not markers.outranks(there, joined):
        store.write(ref.done, dump_marker(joined), if_absent=there is None)


def digest_of(outputs: Mapping[str, str]) -> str:
    """Return the digest that stands for some outputs: of their names and their digests."""
    return hashlib.sha256(json.dumps(outputs).encode()).hexdigest()
