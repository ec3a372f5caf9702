"""Looks at the experiments of a store: a listing each, and what was read before is kept."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial

from job.artifacts import names
from job.artifacts.annotating import Annotating, load_annotating
from job.artifacts.experiment_file import load_experiment
from job.artifacts.listing import Listing
from job.artifacts.reader import Reader
from job.errors import AlJobError, BadDataError, MissingObjectError, TemporaryError
from job.keys import ExperimentKeys, RoundRef, StageRef, is_marker
from job.plan import Plan
from job.progress import Status
from job.report.analysis.results import Row, rows_of
from job.runtime.parallel import in_threads
from job.serve.cache import Kept, Remembered
from job.standing import Progress
from job.storage import Store

SECONDS_BETWEEN_LOOKS = 5.0
"""For so long, all who ask see the same."""
SECONDS_BETWEEN_LISTS = 15.0
"""Of the looks at the whole store."""
SECONDS_BETWEEN_REFRESHES = 300.0
"""After so long, what stages left is read anew: they may have run again."""
MAX_EXPERIMENTS = 16
"""So many experiments are kept in memory."""
_THREADS = 8


@dataclass(frozen=True)
class Look:
    """What an experiment is like at a moment."""

    store: Store
    plan: Plan
    reader: Reader
    listing: Listing
    """The objects there were."""
    status: Status
    annotating: Mapping[StageRef, Annotating]
    """How far people are, of the rounds that they label."""
    problems: tuple[str, ...] = ()
    """What could not be read."""

    @property
    def name(self) -> str:
        """The experiment's."""
        return self.plan.config.experiment

    @cached_property
    def rows(self) -> list[Row]:
        """A row for each round that is evaluated; those that cannot be read are left out."""
        try:
            return rows_of(self.reader, self.plan)
        except BadDataError:
            return []


class Experiment:
    """An experiment that somebody looks at."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self._reader = Reader(store)
        self._progress: tuple[Plan, Progress] | None = None
        self._next_refresh = 0.0

    def look(self) -> Look:
        """Look at it.

        Raises:
            AlJobError: It is not there, its configuration cannot be read, or the store does not
                answer.
        """
        plan, progress = self._planned()
        listing = self._listed()
        problems = [*self._read_ahead(plan, listing)]
        annotating = {}
        for ref in _waiting(plan, listing):
            try:
                annotating[ref] = self._annotating(ref)
            except MissingObjectError:  # it is over since the listing
                continue
            except BadDataError as error:
                problems.append(str(error))
        return Look(
            store=self._store,
            plan=plan,
            reader=self._reader,
            listing=listing,
            status=progress.listed(),
            annotating=annotating,
            problems=tuple(dict.fromkeys(problems)),
        )

    def _planned(self) -> tuple[Plan, Progress]:
        """Return the plan by the configuration as it is now: some settings may change."""
        config = load_experiment(self._store, self._name, read_only=True)
        if self._progress is None or self._progress[0].config != config:
            plan = Plan(config)
            self._progress = plan, Progress(self._store, plan, self._reader)
        return self._progress

    def _listed(self) -> Listing:
        markers, now = self._reader.markers, time.monotonic()
        if now < self._next_refresh:
            return markers.relist(self._name)
        listing = markers.refresh(self._name)
        self._next_refresh = now + SECONDS_BETWEEN_REFRESHES
        return listing

    def _read_ahead(self, plan: Plan, listing: Listing) -> Iterable[str]:
        """Read what a look needs, several objects at a time; return what cannot be read."""
        keys = [key for key in listing.below(ExperimentKeys(self._name).prefix) if is_marker(key)]
        rounds = {
            ref: None
            for _, ref in plan.rounds()
            if all(ref.stage(each).done in listing for each in ("evaluate", "annotate"))
        }
        yield from filter(None, in_threads(self._read_marker, keys, _THREADS, _THREADS))
        yield from filter(None, in_threads(self._read_results, rounds, _THREADS, _THREADS))

    def _read_marker(self, key: str) -> str:
        try:
            self._reader.markers.at(key)
        except BadDataError as error:
            return str(error)
        return ""

    def _read_results(self, ref: RoundRef) -> str:
        try:
            self._reader.metrics(ref)
            self._reader.cost(ref)
            self._reader.outcome(ref)
        except TemporaryError:
            raise
        except AlJobError as error:
            return str(error)
        return ""

    def _annotating(self, ref: StageRef) -> Annotating:
        key = ref.key(names.ANNOTATING)
        return load_annotating(self._store.read(key), f"{self._store.url}: {key}")


def _waiting(plan: Plan, listing: Listing) -> list[StageRef]:
    """Return the stages that people are at work on."""
    stages = [ref for ref in plan.stages() if ref.stage == "annotate" and ref.done not in listing]
    return [
        ref
        for ref in stages
        if ref.key(names.ANNOTATING) in listing and ref.round.stage("select").done in listing
    ]


class Looks:
    """Looks at experiments by name; the last ones that were looked at are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: Kept[str, Remembered[Look]] = Kept(MAX_EXPERIMENTS)

    def at(self, name: str) -> Look:
        """Return a look at an experiment, some seconds old at most.

        Raises:
            AlJobError: See `Experiment.look`.
        """
        return self._kept.get(name, lambda: self._watched(name)).get()

    def _watched(self, name: str) -> Remembered[Look]:
        return Remembered(Experiment(self._store, name).look, SECONDS_BETWEEN_LOOKS)


@dataclass(frozen=True)
class Summary:
    """An experiment in the list of all."""

    name: str
    dataset: str = ""
    num_stages: int = 0
    num_done: int = 0
    state: str = ""
    problem: str = ""
    """Why nothing else is known of it."""


class Summaries:
    """The experiments of a store, by one listing of all of them."""

    def __init__(self, store: Store, only: str | None = None) -> None:
        """List a store; `only`: one experiment of it, if it is named."""
        self._store, self._only = store, only
        self._plans: dict[str, Plan] = {}
        self._now = Remembered(self._look, SECONDS_BETWEEN_LISTS)
        self._next_refresh = 0.0

    def get(self) -> list[Summary]:
        """Return them by name, some seconds old at most.

        Raises:
            TemporaryError: The store does not answer.
            ConfigError: The store cannot be opened.
        """
        return self._now.get()

    def _look(self) -> list[Summary]:
        if time.monotonic() >= self._next_refresh:
            self._plans.clear()
            self._next_refresh = time.monotonic() + SECONDS_BETWEEN_REFRESHES
        listing = Listing(self._store.list("experiments/"))
        keys = listing.below("experiments/")
        found = sorted({key.split("/")[1] for key in keys if key.count("/") >= 2})  # noqa: PLR2004
        there = [name for name in found if ExperimentKeys(name).config in listing]
        chosen = [name for name in there if self._only in {None, name}]
        summary = partial(self._summary, listing)
        return list(in_threads(summary, chosen, _THREADS, _THREADS))

    def _summary(self, listing: Listing, name: str) -> Summary:
        try:
            if name not in self._plans:
                self._plans[name] = Plan(load_experiment(self._store, name, read_only=True))
            plan = self._plans[name]
        except TemporaryError:
            raise
        except AlJobError as error:
            return Summary(name, problem=str(error))
        stages = list(plan.stages())
        num_done = sum(ref.done in listing for ref in stages)
        state = "finished" if num_done == len(stages) else "begun" if num_done else "not begun"
        if waiting := _waiting(plan, listing):
            state = "annotating"
            with suppress(AlJobError):
                key = waiting[0].key(names.ANNOTATING)
                told = load_annotating(self._store.read(key), key)
                state = f"annotating: {told.to_go} of {told.total} to go"
        return Summary(name, plan.config.dataset.name, len(stages), num_done, state)
