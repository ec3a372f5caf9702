"""What one stage reads of other stages, and what it writes: typed, and committed by a marker.

A stage's output exists when its `done.json` does. The marker is written last and holds the digests
of what the stage read and wrote, so a stage whose marker matches its inputs need not run again.
"""

import csv
import fnmatch
import hashlib
import io
import json
import os
import socket
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from job.artifacts.cost import Cost
from job.artifacts.experiments import refuse_other_dataset
from job.artifacts.markers import Marker, Markers, _digest, join_partitions
from job.data.dataset import Dataset
from job.detection.inference.image_cache import ImageCache
from job.errors import AlJobError, BadDataError, ConfigError, MissingObjectError, UsageError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.pool import Pool
from job.runtime import log
from job.storage import Store
from job.storage.cache import fetch


class StageIO:
    """The objects of one stage: reading records its inputs, writing records its outputs."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        ref: StageRef,
        partition: tuple[int, int] = (0, 1),
        image_cache: ImageCache[Any] | None = None,
    ) -> None:
        self.store = store
        self.config = plan.config
        self.ref = ref
        self.arm = plan.arm_of(ref.round)
        """The arm that the stage is of; in round 0, the cold start."""
        self.partition = partition
        """This process's share (i, n) of a stage that several share: 0 <= i < n."""
        self.image_cache = image_cache or ImageCache[Any](0)
        """The data set's images as the network sees them, left by earlier stages."""
        self._markers = Markers(store)
        self._inputs: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self._volatile: set[str] = set()
        self._keeps_checkpoints = False

    # Reading

    @cached_property
    def dataset(self) -> Dataset:
        """The experiment's data set.

        Raises:
            ConfigError: It is another than the experiment began with.
        """
        dataset = Dataset.open(self.store, self.config.dataset.name)
        refuse_other_dataset(self.config, dataset.digest)
        self.add_input(dataset.keys.manifest, dataset.digest)
        return dataset

    @cached_property
    def pool_before(self) -> Pool:
        """The pool before this round.

        Raises:
            BadDataError: A round before labelled an image twice, or one that is not there.
        """
        pool = Pool(self.dataset.ids("pool"))
        for round_ref in self.earlier:
            pool = pool.label(self.picks(round_ref))
        return pool

    @cached_property
    def pool_after(self) -> Pool:
        """The pool after this round's labelling."""
        self._marker(self.ref.round.stage("annotate"))
        return self.pool_before.label(self.picks(self.ref.round))

    @cached_property
    def budget(self) -> int:
        """How many images to label in this round; may be set to another number."""
        return self.arm.budget or len(self.pool_before.unlabelled)

    def add_input(self, key: str, digest: str) -> None:
        """Record an object that no stage wrote as read."""
        self._inputs[key] = digest

    @cached_property
    def earlier(self) -> tuple[RoundRef, ...]:
        """The rounds before this one, from round 0 on."""
        return tuple(self.ref.round.at(index) for index in range(self.ref.round.index))

    def _marker(self, stage: StageRef) -> Marker:
        marker = self._markers.get(stage)
        if marker is None:
            arm = f" --arm {stage.round.arm}" if stage.round.arm else ""
            message = (
                f"{self.ref}: {stage} is not done yet; `al-job {stage.stage} "
                f"--round {stage.round.index}{arm} --seed {stage.round.seed} "
                f"--experiment {stage.round.experiment}` does it"
            )
            raise UsageError(message)
        self._inputs[stage.done] = marker.digest
        return marker

    def _read(self, stage: StageRef, name: str) -> bytes:
        """Read an output of another stage, and hold it against its marker."""
        expected = self._marker(stage).outputs.get(name)
        data = self.store.read(stage.key(name))
        if hashlib.sha256(data).hexdigest() != expected:
            message = (
                f"{self.store.url}: {stage.key(name)} is not what its marker says: "
                f"delete {stage.done} and run the stage again"
            )
            raise BadDataError(message)
        return data

    def _fetch(self, stage: StageRef, pattern: str) -> list[Path]:
        """Local files of another stage's outputs whose names fit, in the order of names."""
        outputs = self._marker(stage).outputs
        names = sorted(fnmatch.filter(outputs, pattern))
        return [fetch(self.store, stage.key(name), outputs[name]) for name in names]

    def picks(self, round_ref: RoundRef) -> list[str]:
        """The ids a round selected, in the order of rank."""
        text = self._read(round_ref.stage("select"), "picks.csv").decode()
        return [row["id"] for row in csv.DictReader(io.StringIO(text))]

    def cost_before(self) -> Cost:
        """What all earlier rounds' labels cost."""
        if not self.earlier:
            return Cost(0, 0, 0.0, 0.0)
        content = json.loads(self._read(self.earlier[-1].stage("annotate"), "cost.json"))
        return Cost(**content["cumulative"])

    def labelled_shards(self) -> Iterator[Path]:
        """Local tar files of everything labelled up to and with this round.

        All are inputs from now on; each is fetched when it is asked for.
        """
        stages = [ref.stage("annotate") for ref in (*self.earlier, self.ref.round)]
        for stage in stages:
            self._marker(stage)
        return (path for stage in stages for path in self._fetch(stage, "*.tar"))

    def model(self, round_ref: RoundRef) -> bytes:
        """The model that a round trained."""
        return self._read(round_ref.stage("train"), "model.safetensors")

    def weights(self, key: str) -> Path:
        """Local file of pretrained weights that lie in the store.

        Raises:
            ConfigError: They do not.
        """
        try:
            digest = hashlib.sha256(self.store.read(key)).hexdigest()
        except MissingObjectError as error:
            message = f"detector.backbone: {self.store.url} holds no {key}; put the weights there"
            raise ConfigError(message) from error
        self.add_input(key, digest)
        return fetch(self.store, key, digest)

    def score_parts(self) -> list[Path]:
        """Local Parquet parts of the score record that this round selects from."""
        return self._fetch(self.earlier[-1].stage("score"), "part-*.parquet")

    def labelled_parts(self) -> list[Path]:
        """Local Parquet parts of the score record of what was labelled before this round.

        Raises:
            BadDataError: There are none.
        """
        if not self.earlier:
            return []
        stage = self.earlier[-1].stage("score")
        parts = self._fetch(stage, "labelled-*.parquet")
        if not parts:
            message = (
                f"{self.store.url}: {stage} has no record of the labelled images, as by an older "
                f"version: delete {stage.done} and run the stage again"
            )
            raise BadDataError(message)
        return parts

    # Writing

    def write(self, name: str, data: bytes, *, volatile: bool = False) -> None:
        """Write one of the stage's objects; a `volatile` one may differ between equal runs."""
        self.store.write(self.ref.key(name), data)
        self._record(name, hashlib.sha256(data).hexdigest(), volatile=volatile)

    def upload(self, name: str, path: Path) -> None:
        """Write one of the stage's objects from a local file."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.store.upload(self.ref.key(name), path)
        self._record(name, digest, volatile=False)

    @property
    def _checkpoint_key(self) -> str:
        """Named after the inputs: one of an attempt with other inputs is not found."""
        content = [sorted(self._inputs.items()), self.config.stage_digest(self.ref.round.arm)]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        return self.ref.key(f"checkpoint-{digest[:16]}.safetensors")

    def load_checkpoint(self) -> bytes | None:
        """Return what an earlier attempt at this stage saved, if it had read the same inputs."""
        self._keeps_checkpoints = True
        try:
            return self.store.read(self._checkpoint_key)
        except MissingObjectError:
            return None

    def save_checkpoint(self, data: bytes) -> None:
        """Save what a later attempt can go on from; no other stage reads it."""
        self.store.write(self._checkpoint_key, data)

    def _remove_checkpoints(self) -> None:
        """Remove what attempts at this stage saved; what cannot be removed does no harm."""
        try:
            for key in list(self.store.list(self.ref.key("checkpoint-"))):
                self.store.delete(key)
        except AlJobError as error:
            log.get().warning("stage.checkpoint_left", reason=str(error))

    def _record(self, name: str, digest: str, *, volatile: bool) -> None:
        self._outputs[name] = digest
        if volatile:
            self._volatile.add(name)

    def commit(self, seconds: float) -> None:
        """Write the marker. Of a stage that several processes share, the last one to end does."""
        marker = self._make_marker(seconds)
        index, count = self.partition
        if count > 1:
            self.store.write(self.ref.partition_done(index, count), marker.to_json())
            join_partitions(self.store, self.ref, marker, count)
            return
        self.store.write(self.ref.done, marker.to_json())
        if self._keeps_checkpoints:
            self._remove_checkpoints()

    def _make_marker(self, seconds: float) -> Marker:
        steady = {n: d for n, d in sorted(self._outputs.items()) if n not in self._volatile}
        return Marker(
            inputs=dict(sorted(self._inputs.items())),
            outputs=dict(sorted(self._outputs.items())),
            digest=_digest(steady),
            config=self.config.stage_digest(self.ref.round.arm),
            seconds=round(seconds, 3),
            version=version("al-voc"),
            attempt=os.environ.get("AL_ATTEMPT", f"{socket.gethostname()}-{os.getpid()}"),
            threads=self.config.runtime.threads,
            image=os.environ.get("AL_IMAGE", ""),
        )
