"""What one stage reads, and what it writes: recorded, and committed by a marker."""

import hashlib
import os
import socket
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from job.artifacts import names
from job.artifacts.checkpoints import Checkpoint, remove_checkpoints
from job.artifacts.markers import Marker, Markers, digest_of, join_partitions
from job.artifacts.round_reader import RoundReader
from job.errors import TemporaryError, UsageError
from job.keys import StageRef
from job.plan import Plan
from job.records.pace import NO_PACE
from job.runtime import log
from job.storage import Store

if TYPE_CHECKING:
    from job.runtime.place import Place

_SECONDS_BETWEEN_LOOKS = 1.0


class StageIO(RoundReader):
    """The objects of one stage: reading records its inputs, writing records its outputs."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        ref: StageRef,
        partition: tuple[int, int] = (0, 1),
        markers: Markers | None = None,
    ) -> None:
        super().__init__(store, plan, ref.round, markers)
        self.ref = ref
        self.annotator = plan.config.annotation.annotator
        """Who draws the boxes; whoever runs the stage may have another stand in."""
        self.partition = partition
        """This process's partition (i, n) of a stage that n processes do: 0 <= i < n."""
        self.threads = plan.config.runtime.num_threads()
        """CPU threads of torch, for the marker; a stage that takes another number sets it."""
        self.start: dict[str, str] = {}
        """What a training starts from, for the marker; the stage `train` sets it."""
        self.cautions: tuple[str, ...] = ()
        """What looks wrong about the picks, for the marker; the stage `select` sets it."""
        self.processes, self.nodes = 1, 1
        """By how many processes and machines, for the marker; the stage `train` sets them."""
        self.pace = NO_PACE
        """How fast a network saw images, for the marker; the stages that have one set it."""
        self.place: Place | None = None
        """This process's place among those that others have started to train together."""
        self._inputs: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self._volatile: set[str] = set()
        self._in_place: dict[str, bytes] = {}
        self._keeps_checkpoints = False

    @property
    def data_round(self) -> int:
        """The round whose version of the data set is read."""
        return self.ref.data_round

    def begin(self) -> None:
        """Remove the marker of an earlier attempt whose inputs were others.

        One that fits is of an attempt that was faster. A follower leaves it to the first process.
        """
        if self.place and self.place.is_follower:
            return
        self.markers.forget(self.ref.done)
        was_there = self.markers.get(self.ref) is not None  # or else one that is written now stays
        if was_there and not self.markers.is_done(self.ref, self.config):
            self.markers.remove(self.ref.done)

    def marker(self, stage: StageRef) -> Marker:
        """Return the marker of a stage that has to be done, and record it as an input."""
        try:
            marker = super().marker(stage)
        except UsageError as error:
            message = f"{self.ref}: {error}"
            raise UsageError(message) from None
        self._note(stage.done, marker.digest)
        return marker

    def _note(self, key: str, digest: str) -> None:
        self._inputs[key] = digest

    def write(
        self, name: str, data: bytes, *, volatile: bool = False, in_place: bool = False
    ) -> None:
        """Write one of the stage's objects, under a name that no other bytes have.

        Args:
            name: What readers call it.
            data: Its bytes.
            volatile: Whether it may differ between equal runs: the marker's digest leaves it out.
            in_place: Whether it keeps its name, because it is read before the stage is done. It is
                written when this attempt is known to be the one that counts.
        """
        digest = hashlib.sha256(data).hexdigest()
        self._outputs[name] = digest
        if volatile:
            self._volatile.add(name)
        if in_place:
            self._in_place[name] = data
        else:
            self.store.write(self.ref.key(names.by_content(name, digest)), data)

    def upload(self, name: str, path: Path) -> None:
        """Write one of the stage's objects from a local file."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.store.upload(self.ref.key(names.by_content(name, digest)), path)
        self._outputs[name] = digest

    def load_checkpoint(self) -> bytes | None:
        """Return what an earlier attempt at this stage saved, if it had read the same inputs."""
        self._keeps_checkpoints = True
        return self._checkpoint.load()

    def save_checkpoint(self, data: bytes) -> None:
        """Save what a later attempt can resume from, unless another one has done the stage.

        An attempt may have stood still with its node, and nobody would remove what it saves then.
        """
        if not self.store.exists(self.ref.done):
            self._checkpoint.save(data)

    @property
    def digest_of_inputs(self) -> str:
        """A digest of the configuration and of all that was read so far."""
        return self._checkpoint.key

    @property
    def _checkpoint(self) -> Checkpoint:
        config_digest = self.config.stage_digest(self.ref)
        return Checkpoint.of(self.store, self.ref, self._inputs, config_digest)

    def commit(self, seconds: float) -> None:
        """Write the marker, unless another attempt was faster: then its outputs count.

        The last of several processes that do a stage together writes it. A follower of a training
        waits until the first process has.

        Raises:
            TemporaryError: The first process did not write it in time.
        """
        if self.place and self.place.is_follower:
            self._wait_for_marker()
            return
        marker = self._make_marker(seconds)
        index, count = self.partition
        if count > 1:
            self._settle(self.ref.partition_done(index, count), marker)
            join_partitions(self.store, self.ref, marker, count)
            return
        self._settle(self.ref.done, marker)
        if self._keeps_checkpoints:
            remove_checkpoints(self.store, self.ref)

    def _settle(self, key: str, marker: Marker) -> None:
        """Write a marker, unless one is there that another attempt has written meanwhile."""
        self.markers.forget(key)
        other = self.markers.at(key)
        if other is None or not self.markers.outranks(other, marker):
            for name, data in self._in_place.items():
                self.store.write(self.ref.key(name), data)
            if self.markers.write(key, marker, if_absent=other is None):
                return
            other = self.markers.at(key)
            if other == marker:  # the answer to the first request was lost
                return
        winner = other.attempt if other else ""
        log.get().warning("stage.was_done_by_another", stage=self.ref.stage, attempt=winner)

    def _wait_for_marker(self) -> None:
        seconds = self.config.runtime.peer_seconds
        until = time.monotonic() + seconds
        while not self.markers.is_done(self.ref, self.config):
            if time.monotonic() > until:
                message = (
                    f"{self.ref}: process 0 has written no marker for {seconds} seconds after the "
                    "training: see how it ended, and run the same command again"
                )
                raise TemporaryError(message)
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _make_marker(self, seconds: float) -> Marker:
        outputs = dict(sorted(self._outputs.items()))
        steady = {name: each for name, each in outputs.items() if name not in self._volatile}
        keys = {
            name: names.by_content(name, each)
            for name, each in outputs.items()
            if name not in self._in_place
        }
        return Marker(
            inputs=dict(sorted(self._inputs.items())),
            outputs=outputs,
            digest=digest_of(steady),
            config=self.config.stage_digest(self.ref),
            seconds=round(seconds, 3),
            version=version("al-voc"),
            attempt=os.environ.get("AL_ATTEMPT", f"{socket.gethostname()}-{os.getpid()}"),
            threads=self.threads,
            image=os.environ.get("AL_IMAGE", ""),
            start=self.start,
            cautions=self.cautions,
            processes=self.processes,
            nodes=self.nodes,
            keys=keys,
            pace=self.pace,
        )
