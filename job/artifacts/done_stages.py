"""Which stages are done, as a driver remembers it: a few bytes of each marker."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from job.artifacts.markers import Marker, Markers
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.errors import BadDataError, UsageError
from job.keys import ExperimentKeys, Stage, StageRef, is_marker
from job.plan import Plan
from job.records.pace import NO_PACE, Pace
from job.runtime import log
from job.runtime.parallel import in_threads
from job.storage import Store
from job.whole import WholeRef

_REPORTED: tuple[Stage, ...] = ("annotate", "evaluate")
"""The stages by which a round's row in the report changes."""
NUM_THREADS = 32
"""As many as the store has connections."""


@dataclass(frozen=True, slots=True)
class Done:
    """What is kept of a stage that is done."""

    digest: str
    """`Marker.digest`."""
    seconds: float
    """How long it ran."""
    map50: float | None = None
    """The metric of a stage `evaluate`."""
    test_version: int | None = None
    """The version of the test set that it was measured on."""
    pace: Pace = NO_PACE
    """How fast it went through its images."""


_Found = tuple[Marker, float | None]
"""A marker, and the metric of a stage `evaluate`."""


class DoneStages:
    """The stages that were done when they were asked for, by their markers and inputs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._done: dict[str, Done] = {}
        self._markers = _OneAtATime(store, self._done)

    @property
    def known(self) -> Mapping[str, Done]:
        """What is known of stages, by their markers' keys; any other is not done, or unasked."""
        return self._done

    def report(self, plan: Plan) -> StageRef:
        """Return the report of all rounds that are evaluated, as a stage."""
        refs = dict.fromkeys(ref for _, ref in plan.rounds())
        keys = [ref.stage(stage).done for ref in refs for stage in _REPORTED]
        told = "".join(f"{key} {self._done[key].digest}\n" for key in keys if key in self._done)
        return WholeRef.report(plan.config.experiment, hashlib.sha256(told.encode()).hexdigest())

    def is_done(self, stage: StageRef, config: Config) -> bool:
        """Whether a stage is done with this configuration and its present inputs.

        Raises:
            BadDataError: Its marker is damaged.
        """
        return stage.done in self._done or self._judge(stage, config, self._find(stage))

    def read(self, stages: Iterable[StageRef], config: Config) -> None:
        """Read the markers that there are, many at a time.

        A stage that read what is not done itself is left to `is_done`.

        Args:
            stages: Each after all that it needs.
            config: The experiment.
        """
        listed = self._store.list(ExperimentKeys(config.experiment).prefix)
        there = {key for key in listed if is_marker(key)}
        left = [ref for ref in stages if ref.done in there and ref.done not in self._done]
        found = in_threads(self._find_if_readable, left, NUM_THREADS, 4 * NUM_THREADS)
        for ref, each in zip(left, found, strict=True):
            if each and all(key in self._done for key in each[0].inputs if is_marker(key)):
                self._judge(ref, config, each)

    def _find_if_readable(self, stage: StageRef) -> _Found | None:
        try:
            return self._find(stage)
        except BadDataError:  # whoever asks for this stage is told
            return None

    def _find(self, stage: StageRef) -> _Found | None:
        reader = Reader(self._store)
        marker = reader.markers.get(stage)
        if marker is None:
            return None
        return marker, _map50(reader, stage) if stage.stage == "evaluate" else None

    def _judge(self, stage: StageRef, config: Config, found: _Found | None) -> bool:
        """Note a stage if its marker fits."""
        if found is None or not self._markers.judges(stage, config, found[0]):
            return False
        marker, map50 = found
        tested = marker.test_version if stage.stage == "evaluate" else None
        self._done[stage.done] = Done(marker.digest, marker.seconds, map50, tested, marker.pace)
        return True


class _OneAtATime(Markers):
    """Judges a marker by the digests of those that are done, and remembers none."""

    def __init__(self, store: Store, done: dict[str, Done]) -> None:
        super().__init__(store)
        self._done = done

    def judges(self, stage: StageRef, config: Config, marker: Marker) -> bool:
        self._known[stage.done] = marker
        try:
            return self.is_done(stage, config)
        finally:
            self._known.clear()

    def _digest(self, key: str) -> str | None:
        return self._done[key].digest if key in self._done else super()._digest(key)


def _map50(reader: Reader, stage: StageRef) -> float | None:
    try:
        return reader.metrics(stage.round).map50_area
    except (BadDataError, UsageError) as error:  # nothing else has to go untold
        log.get().warning("status.incomplete", reason=str(error))
        return None
