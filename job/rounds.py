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
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from job import config as configuration
from job import log
from job.acquisition.registry import make_strategy
from job.config import BOUND, Config
from job.data.dataset import Dataset
from job.errors import AlJobError, BadDataError, ConfigError, MissingObjectError, UsageError
from job.kept import Kept
from job.keys import STAGES, ExperimentKeys, RoundRef, Stage, StageRef, check_name
from job.pool import Pool
from job.storage import Store
from job.storage.cache import fetch


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


@dataclass(frozen=True)
class Cost:
    """What labelling took, of one round or of all up to it."""

    images: int
    boxes: int
    seconds: float
    money: float
    class_counts: dict[str, int] = field(default_factory=dict)
    """Boxes of each class, in the data set's order."""

    def __add__(self, other: "Cost") -> "Cost":
        """Both together."""
        counts = dict(self.class_counts)
        for name, count in other.class_counts.items():
            counts[name] = counts.get(name, 0) + count
        return Cost(
            images=self.images + other.images,
            boxes=self.boxes + other.boxes,
            seconds=round(self.seconds + other.seconds, 6),
            money=round(self.money + other.money, 6),
            class_counts=counts,
        )


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

    def is_done(self, stage: StageRef, config: Config, shard: tuple[int, int] = (0, 1)) -> bool:
        """Whether a stage, or one share of it, is done: with this configuration and these inputs.

        A marker that does not fit is forgotten, since the stage is about to write another.
        """
        index, count = shard
        keys = [stage.done] + ([stage.shard_done(index, count)] if count > 1 else [])
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


class StageIO:
    """The objects of one stage: reading records its inputs, writing records its outputs."""

    def __init__(
        self,
        store: Store,
        config: Config,
        ref: StageRef,
        shard: tuple[int, int] = (0, 1),
        squares: Kept[Any] | None = None,
    ) -> None:
        self.store = store
        self.config = config
        self.ref = ref
        self.shard = shard
        """This process's share (i, n) of a stage that several share: 0 <= i < n."""
        self.squares = squares or Kept[Any](0)
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
        self._marker(self.ref.round.stage("annotate-sim"))
        return self.pool_before.label(self.picks(self.ref.round))

    @cached_property
    def budget(self) -> int:
        """How many images to label in this round; may be set to another number."""
        if self.ref.round.arm == BOUND:
            return len(self.pool_before.unlabelled)
        return self.config.budget_of(self.ref.round.index)

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
        text = self._read(round_ref.stage("select"), "queries.csv").decode()
        return [row["id"] for row in csv.DictReader(io.StringIO(text))]

    def cost_before(self) -> Cost:
        """What all earlier rounds' labels cost."""
        if not self.earlier:
            return Cost(0, 0, 0.0, 0.0)
        content = json.loads(self._read(self.earlier[-1].stage("annotate-sim"), "cost.json"))
        return Cost(**content["cumulative"])

    def labelled_shards(self) -> Iterator[Path]:
        """Local tar files of everything labelled up to and with this round.

        All are inputs from now on; each is fetched when it is asked for.
        """
        stages = [ref.stage("annotate-sim") for ref in (*self.earlier, self.ref.round)]
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
        index, count = self.shard
        if count > 1:
            self.store.write(self.ref.shard_done(index, count), marker.to_json())
            join_shares(self.store, self.ref, marker, count)
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


def join_shares(store: Store, ref: StageRef, own: Marker, count: int) -> None:
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
    keys = [ref.shard_done(index, count) for index in range(count)]
    if not set(keys).issubset(store.list(ref.key("shard-"))):  # one call, however many they are
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


def experiment_names(store: Store) -> list[str]:
    """The experiments that the store holds."""
    names = store.list_names("experiments/")
    return [name for name in names if store.exists(ExperimentKeys(name).config)]


def load_experiment(store: Store, name: str) -> Config:
    """Read the configuration that an experiment began with.

    Raises:
        UsageError: There is no such experiment; the message names those there are.
    """
    key = ExperimentKeys(check_name("experiment", name)).config
    try:
        return configuration.parse(store.read(key).decode(), f"{store.url}/{key}")
    except MissingObjectError:
        message = (
            f"{store.url} holds no experiment {name!r} "
            f"({configuration.known(experiment_names(store))}); `al-job run CONFIG` makes one"
        )
        raise UsageError(message) from None


def begin_experiment(store: Store, config: Config, dataset_digest: str) -> Config:
    """Write the configuration of a new experiment, or take up one that has begun.

    While no stage of it is done, nothing depends on the configuration and all of it may change.

    Raises:
        ConfigError: It began with another configuration or another content of the data set.
    """
    refuse_other_dataset(config, dataset_digest)
    dataset = config.dataset.model_copy(update={"sha256": dataset_digest})
    config = config.model_copy(update={"dataset": dataset})
    keys = ExperimentKeys(config.experiment)
    if store.exists(keys.config):
        begun = load_experiment(store, config.experiment)
        if begun == config:
            return config
        if any(key.endswith("/done.json") for key in store.list(keys.prefix)):
            configuration.refuse_changes(begun, config)
    store.write(keys.config, config.to_yaml().encode())
    return config


def refuse_other_dataset(config: Config, digest: str) -> None:
    """Guard that an experiment goes on with the data it began with.

    Raises:
        ConfigError: The data set is another.
    """
    if config.dataset.sha256 not in {None, digest}:
        message = (
            f"dataset.sha256: {config.experiment!r} is on a data set {config.dataset.name!r} of "
            f"digest {config.dataset.sha256}, and the store's has {digest}: give an experiment on "
            "other data another name"
        )
        raise ConfigError(message)


def all_rounds(config: Config) -> Iterator[tuple[str, RoundRef]]:
    """Yield (arm, round) of every arm's every round; round 0 comes once for each arm compared."""
    for seed in config.seeds:
        for arm in config.arms:
            for index in range(config.rounds):
                yield arm, RoundRef(config.experiment, seed, arm, index)
        if config.bound:
            yield BOUND, RoundRef(config.experiment, seed, BOUND, 1)


def stages_of(config: Config, ref: RoundRef) -> list[Stage]:
    """Return the stages that a round has, in their order."""
    return [stage for stage in STAGES if stage != "score" or is_scored(config, ref)]


def is_scored(config: Config, ref: RoundRef) -> bool:
    """Whether a later round reads the scores: not in the last, and not for `random` alone."""
    readers = [ref.arm] if ref.arm else list(config.arms)
    return ref.index < config.rounds - 1 and any(needs_scores(config, arm) for arm in readers)


def needs_scores(config: Config, arm: str | None) -> bool:
    """Whether an arm selects by score."""
    strategy = make_strategy(config.selection_of(arm))
    return bool(strategy.columns | strategy.labelled_columns)
