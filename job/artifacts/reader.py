"""Typed reads of what finished stages wrote; each object is held against its marker's digest."""

import fnmatch
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import pyarrow as pa
import pyarrow.parquet as pq

from job.acquisition.strategy import Pick
from job.artifacts import names
from job.artifacts.cost import RoundCost, load_cost
from job.artifacts.history import load_history
from job.artifacts.listing import Listing
from job.artifacts.markers import Marker, Markers
from job.artifacts.metrics import load_metrics
from job.artifacts.outcome import RoundOutcome, load_outcome
from job.artifacts.picks import load_ids, load_picks
from job.artifacts.pruned import is_pruned
from job.data.dataset import Dataset
from job.data.shards import LabelledImage, read_labelled
from job.detection.metrics.average_precision import Metrics
from job.detection.training.history import HistoryRow
from job.errors import BadDataError, MissingObjectError, UsageError
from job.keys import RoundRef, StageRef
from job.storage import Store
from job.storage.cache import fetch
from job.storage.opening import store_option

T = TypeVar("T")


class Reader:
    """Reads what finished stages wrote, each small object once."""

    def __init__(self, store: Store, markers: Markers | None = None) -> None:
        self.store = store
        self.markers = markers or Markers(store)
        self.datasets = dict[str, Dataset]()
        """Versions of the data set that were opened, by digest."""
        self.parsed: dict[tuple[str, str | None], Any] = {}
        """What was read and parsed, by its key and the digest of its marker."""

    @classmethod
    def listed(cls, store: Store, experiment: str, markers: Markers | None = None) -> Self:
        """Return a reader that knows which objects of an experiment there are, by one listing."""
        reader = cls(store, markers)
        reader.markers.refresh(experiment)
        return reader

    @property
    def listing(self) -> Listing:
        """The objects there were when this reader was made.

        Raises:
            RuntimeError: It was not made by `listed`.
        """
        if self.markers.listing is None:
            message = "this reader has no listing"
            raise RuntimeError(message)
        return self.markers.listing

    def marker(self, stage: StageRef) -> Marker:
        """Return the marker of a stage that has to be done.

        Raises:
            UsageError: It is not; the message has the command to run next.
        """
        marker = self.markers.get(stage)
        if marker is None:
            raise UsageError(self._undone(stage))
        return marker

    def picks(self, ref: RoundRef) -> tuple[Pick, ...]:
        """Return what a round selected, in the order of rank."""
        return self._parse(ref.stage("select"), names.PICKS, load_picks)

    def cost(self, ref: RoundRef) -> RoundCost:
        """Return what labelling took, in a round and up to it."""
        return self._parse(ref.stage("annotate"), names.COST, load_cost)

    def outcome(self, ref: RoundRef) -> RoundOutcome | None:
        """Return what became of a round's picks; None: nobody was asked, so all are labelled.

        None, too, while the round is not labelled.
        """
        marker = self.markers.get(ref.stage("annotate"))
        if marker is None or names.OUTCOME not in marker.outputs:
            return None
        return self._parse(ref.stage("annotate"), names.OUTCOME, load_outcome)

    def metrics(self, ref: RoundRef) -> Metrics:
        """Return the metrics of a round's model on the test set."""
        return self._parse(ref.stage("evaluate"), names.METRICS, load_metrics)

    def detections(self, ref: RoundRef) -> pa.Table:
        """Return what a round's model found in the test images, by `DETECTIONS_SCHEMA`."""
        return pq.read_table(pa.BufferReader(self._read(ref.stage("evaluate"), names.DETECTIONS)))

    def model(self, ref: RoundRef) -> bytes:
        """Return the model that a round trained."""
        return self._read(ref.stage("train"), names.MODEL)

    def history(self, ref: RoundRef) -> list[HistoryRow]:
        """Return how a round's training went."""
        return self._parse(ref.stage("train"), names.HISTORY, load_history)

    def corrected(self, ref: RoundRef) -> tuple[str, ...]:
        """Return the ids of the images that a round trained on with a label corrected since."""
        stage = ref.stage("train")
        has_any = names.CORRECTED in self.marker(stage).outputs
        return self._parse(stage, names.CORRECTED, load_ids) if has_any else ()

    def labelled_images(self, ref: RoundRef) -> list[LabelledImage]:
        """Return the images that a round labelled, with their annotations, in the order of rank."""
        paths = self._fetch(ref.stage("annotate"), names.LABELLED_SHARDS)
        return [image for path in paths for image in read_labelled(path)]

    def score_parts(self, ref: RoundRef) -> list[Path]:
        """Return local Parquet parts of a round's score record of the unlabelled images."""
        return self._fetch(ref.stage("score"), names.SCORE_PARTS)

    def labelled_parts(self, ref: RoundRef) -> list[Path]:
        """Return local Parquet parts of a round's score record of the labelled images.

        Raises:
            BadDataError: There are none.
        """
        stage = ref.stage("score")
        parts = self._fetch(stage, names.LABELLED_PARTS)
        if not parts:
            message = (
                f"{self.store.url}: {stage} has no record of the labelled images: remove "
                f"{stage.done} and it is scored again from the same model"
            )
            raise BadDataError(message)
        return parts

    def _parse(self, stage: StageRef, name: str, load: Callable[[bytes, str], T]) -> T:
        """Read and parse one object, once for each content that a marker gives it."""
        marker = self.marker(stage)
        known = (marker.key_of(stage, name), marker.outputs.get(name))
        if known not in self.parsed:
            self.parsed[known] = load(self._read(stage, name), f"{self.store.url}: {known[0]}")
        return cast("T", self.parsed[known])

    def _read(self, stage: StageRef, name: str) -> bytes:
        """Read an output of a stage, and hold it against its marker."""
        return self._twice(stage, lambda: self._read_once(stage, name))

    def _twice(self, stage: StageRef, read: Callable[[], T]) -> T:
        """Read again by a new marker what does not fit: the stage may have run again meanwhile."""
        try:
            return read()
        except BadDataError:
            self.markers.forget(stage.done)
            return read()

    def _read_once(self, stage: StageRef, name: str) -> bytes:
        marker = self.marker(stage)
        expected, key = marker.outputs.get(name), marker.key_of(stage, name)
        try:
            data = self.store.read(key)
        except MissingObjectError:
            raise self._gone(stage, key) from None
        if hashlib.sha256(data).hexdigest() != expected:
            message = (
                f"{self.store.url}: {key} is not what its marker says, so it was changed or "
                "damaged: restore it from a copy of the store, or remove "
                f"{stage.done} to run the stage again"
            )
            raise BadDataError(message)
        return data

    def _fetch(self, stage: StageRef, pattern: str) -> list[Path]:
        """Return local files of a stage's outputs whose names fit, in the order of names."""
        return self._twice(stage, lambda: self._fetch_once(stage, pattern))

    def _fetch_once(self, stage: StageRef, pattern: str) -> list[Path]:
        marker = self.marker(stage)
        found = sorted(fnmatch.filter(marker.outputs, pattern))
        keys = {marker.key_of(stage, name): marker.outputs[name] for name in found}
        try:
            return [fetch(self.store, key, digest) for key, digest in keys.items()]
        except MissingObjectError:
            raise self._gone(stage, stage.key(pattern)) from None

    def first_missing(self, stage: StageRef) -> StageRef:
        """Return the stage to run next so that this one, which is not done, will be done."""
        return stage

    def _undone(self, stage: StageRef) -> str:
        first = self.first_missing(stage)
        command = f"`{command_of(self.store, first)}`"
        advice = f"{command} does it" if first == stage else f"run {command} first"
        return f"{stage} is not done yet; {advice}"

    def _gone(self, stage: StageRef, key: str) -> BadDataError:
        """The error for an object of a finished stage that is not there."""
        why = (
            "was pruned" if is_pruned(self.store, key) else "is missing although its stage is done"
        )
        again = f"to make it again, remove {stage.done} and run `{command_of(self.store, stage)}`"
        return BadDataError(f"{self.store.url}: {key} {why}; {again}")


def command_of(store: Store, stage: StageRef) -> str:
    """Return the command line that runs a stage."""
    return f"al-job {stage.stage} {options_of(store, stage.round)}"


def options_of(store: Store, ref: RoundRef) -> str:
    """Return the options by which a command names a round."""
    arm = f" --arm {ref.arm}" if ref.arm else ""
    seed = "" if ref.is_test else f" --seed {ref.seed}"
    return f"--round {ref.label}{arm}{seed} --experiment {ref.experiment}{store_option(store)}"
