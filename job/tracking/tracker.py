"""Shows an experiment as it grows. Whatever cannot be shown ends no run."""

import time

from job.artifacts.experiment_file import load_experiment
from job.artifacts.listing import Listing
from job.artifacts.markers import Markers
from job.artifacts.reader import Reader
from job.config.tracking import TrackingConfig
from job.errors import AlJobError
from job.keys import ExperimentKeys
from job.plan import Plan
from job.runtime import log
from job.storage import Store
from job.tracking.mlflow import Mlflow
from job.tracking.runs import Run, Sink, runs_of
from job.tracking.tensorboard import TensorBoard

SECONDS_AFTER_FAILURE = 300.0
"""A server that does not answer is left alone for so long."""


class Tracker:
    """Shows one experiment in one place."""

    def __init__(self, store: Store, experiment: str, sink: Sink) -> None:
        self.sink = sink
        self._store = store
        self._experiment = experiment
        self._plan: Plan | None = None
        self._shown: dict[str, list[str]] = {}
        """The digests of each run's parts that are shown, by its name."""
        self._not_before = float("-inf")
        self._said = ""

    def update(self) -> None:
        """Show what stands in the store now.

        Raises:
            AlJobError: Something could not be read, or not be shown.
        """
        if not self._store.exists(ExperimentKeys(self._experiment).config):
            return
        plan = Plan(load_experiment(self._store, self._experiment, read_only=True))
        if self._plan is None or plan.config != self._plan.config:  # the test set may have grown
            self._plan, self._shown = plan, {}
        listing = Listing.of(self._store, self._experiment)
        for run in runs_of(plan):
            # A reader of its own: the histories of a large study have no room in a driver.
            self._show(run, Reader(self._store, Markers(self._store, listing)))

    def _show(self, run: Run, reader: Reader) -> None:
        shown = self._shown.get(run.name, [])
        digests = list(shown)
        while len(digests) < run.num_parts and (digest := run.digest(reader, len(digests))):
            digests.append(digest)
        if len(digests) > len(shown):
            self.sink.put(run, digests, reader)
            self._shown[run.name] = digests

    def try_update(self, *, is_last: bool = False) -> None:
        """Show what stands in the store now; what fails is logged once, and retried later.

        Args:
            is_last: Whether there is no later.
        """
        if time.monotonic() < self._not_before and not is_last:
            return
        try:
            self.update()
        except Exception as error:  # noqa: BLE001 - a library's, too, ends no run
            self._not_before = time.monotonic() + SECONDS_AFTER_FAILURE
            reason = str(error) if isinstance(error, AlJobError) else repr(error)
            if reason != self._said:
                log.get().warning("tracking.failed", reason=reason)
                self._said = reason


def trackers_of(store: Store, experiment: str, config: TrackingConfig | None) -> list[Tracker]:
    """Return a tracker for each place where an experiment is to be shown.

    Raises:
        ConfigError: An extra is not installed, or a secret that is named cannot be read.
    """
    wanted = config or TrackingConfig()
    sinks: list[Sink] = []
    if wanted.mlflow:
        sinks.append(Mlflow(wanted.mlflow, experiment))
    if wanted.tensorboard:
        sinks.append(TensorBoard(store, experiment))
    return [Tracker(store, experiment, sink) for sink in sinks]
