"""Reads where every seed, arm and round of an experiment stands."""

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from job.artifacts import names
from job.artifacts.annotating import Annotating, load_annotating
from job.artifacts.done_stages import Done
from job.artifacts.listing import Listing
from job.artifacts.reader import Reader
from job.errors import BadDataError, MissingObjectError, UsageError
from job.keys import STAGES, ExperimentKeys, RoundRef, Stage, StageRef, is_marker
from job.plan import Plan
from job.progress import (
    ALIVE,
    ANNOTATING,
    OVER,
    Driver,
    RoundStatus,
    StageStatus,
    States,
    Status,
    parse_status,
)
from job.runtime import log
from job.runtime.parallel import in_threads
from job.storage import Store

_THREADS = 16


def rounds_of(plan: Plan) -> Iterator[tuple[str, RoundRef]]:
    """Yield every round of an experiment with its arm; those of the test set come first."""
    yield from (("", ref) for ref in plan.test_rounds())
    yield from ((arm.name, ref) for arm, ref in plan.rounds())


class Progress:
    """Reads the status of an experiment, as often as wanted.

    One status reads no object twice. Metrics are read again only if their marker changed.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        reader: Reader | None = None,
        known: Mapping[str, Done] | None = None,
    ) -> None:
        """Prepare to read.

        Args:
            store: Where the experiment is.
            plan: The experiment.
            reader: What it has read is not read again; None: a new one.
            known: What is known of stages that are done, by their markers' keys: their markers are
                not read.
        """
        self._plan = plan
        self._reader = reader or Reader(store)
        self._known = known if known is not None else {}
        self._told: set[str] = set()

    def read(
        self,
        done: Container[str],
        begun: States,
        driver: Driver | None = None,
    ) -> Status:
        """Return the status.

        Args:
            done: The keys of the markers that are there: only these are read.
            begun: What the stages that were begun are doing.
            driver: What the driver says, if there is one.
        """
        rounds = [self.round(arm, ref, done, begun) for arm, ref in rounds_of(self._plan)]
        config = self._plan.config
        return Status(
            experiment=config.experiment, driver=driver, moves=config.dataset.moves, rounds=rounds
        )

    def round(self, arm: str, ref: RoundRef, done: Container[str], begun: States) -> RoundStatus:
        """Return where one round stands, under the name of an arm; see `read`."""
        stages: dict[Stage, StageStatus] = {}
        for stage in STAGES:
            told = self._stage(ref.stage(stage), done, begun)
            if told:
                stages[stage] = told
        is_evaluated = "evaluate" in stages and stages["evaluate"].state == "done"
        return RoundStatus(
            seed=ref.seed,
            arm=arm,
            round=ref.index,
            stages=stages,
            planned=tuple(self._plan.stages_of(ref)),
            map50=self._map50(ref) if is_evaluated else None,
            test_version=self._test_version(ref) if is_evaluated else None,
        )

    def _stage(self, ref: StageRef, done: Container[str], begun: States) -> StageStatus | None:
        """Return what a stage is doing; if its marker cannot be read, the others are told still."""
        if ref.done in done and (known := self._known.get(ref.done)):
            return StageStatus(state="done", seconds=known.seconds)
        try:
            if ref.done in done and (marker := self._reader.markers.at(ref.done)):
                return StageStatus(state="done", seconds=marker.seconds)
        except BadDataError as error:
            return StageStatus(state="unreadable", reason=str(error))
        return begun.get(ref)

    def _map50(self, ref: RoundRef) -> float | None:
        """Return a round's metric; if it cannot be read, nothing else has to go untold."""
        if known := self._known.get(ref.stage("evaluate").done):
            return known.map50
        try:
            return self._reader.metrics(ref).map50_area
        except (BadDataError, UsageError) as error:
            self._warn(error)
            return None

    def _test_version(self, ref: RoundRef) -> int | None:
        if known := self._known.get(ref.stage("evaluate").done):
            return known.test_version
        marker = self._reader.markers.get(ref.stage("evaluate"))
        return marker.test_version if marker else None

    def _warn(self, error: Exception) -> None:
        """Say once what cannot be read."""
        if str(error) not in self._told:
            self._told.add(str(error))
            log.get().warning("status.incomplete", reason=str(error))

    def look(self) -> Status:
        """Return the status: what is done by the store, what runs by the experiment's driver.

        Of a large experiment the driver writes into the store what is done. While it lives, no
        marker is looked for.
        """
        told = self._told_by_driver()
        self._known = dict(self._written()) if told and told.arms else {}
        if told and told.arms and _is_alive(told.driver):
            return _counted(self.read(self._known.keys(), _begun(told), told.driver), told)
        listing = self._reader.markers.refresh(self._plan.config.experiment)
        keys = listing.below(ExperimentKeys(self._plan.config.experiment).prefix)
        left = [key for key in keys if is_marker(key) and key not in self._known]
        for _ in in_threads(self._read_ahead, left, _THREADS, _THREADS):
            pass
        return self.listed()

    def _read_ahead(self, key: str) -> None:
        with suppress(BadDataError):  # told when the stage's turn comes
            self._reader.markers.at(key)

    def _written(self) -> Iterator[tuple[str, Done]]:
        """Yield what the driver of a large experiment has written of the stages that are done."""
        name = self._plan.config.experiment
        lines = dict.fromkeys((ref.seed, arm) for arm, ref in rounds_of(self._plan))
        for rounds in in_threads(self._read_line, lines, _THREADS, _THREADS):
            for each in rounds:
                ref = RoundRef(name, each.seed, each.arm, each.round)
                for stage, told in each.stages.items():
                    is_measured = stage == "evaluate"
                    yield (
                        ref.stage(stage).done,
                        Done(
                            digest="",
                            seconds=told.seconds or 0.0,
                            map50=each.map50 if is_measured else None,
                            test_version=each.test_version if is_measured else None,
                        ),
                    )

    def _read_line(self, line: tuple[int | None, str]) -> list[RoundStatus]:
        key = ExperimentKeys(self._plan.config.experiment).progress(*line)
        try:
            return parse_status(self._reader.store.read(key)).rounds
        except (BadDataError, MissingObjectError):  # markers tell it
            return []

    def listed(self) -> Status:
        """Return the same by the reader's listing, without another one."""
        listing = self._reader.listing
        prefix = ExperimentKeys(self._plan.config.experiment).prefix
        done = {key for key in listing.below(prefix) if is_marker(key)}
        told = self._told_by_driver() if self._status_key in listing else None
        begun = {**dict(self._with_people(listing)), **(_begun(told) if told else {})}
        return _counted(self.read(done, begun, told.driver if told else None), told)

    @property
    def _status_key(self) -> str:
        return ExperimentKeys(self._plan.config.experiment).status

    def _told_by_driver(self) -> Status | None:
        """Return what a driver has published, if that can be read."""
        try:
            return parse_status(self._reader.store.read(self._status_key))
        except MissingObjectError:
            return None
        except BadDataError as error:
            self._warn(error)
            return None

    def _with_people(self, listing: Listing) -> Iterator[tuple[StageRef, StageStatus]]:
        """Yield the stages whose picks people are labelling, as of the last look at them."""
        rounds = [*self._plan.test_rounds(), *(ref for _, ref in self._plan.rounds())]
        for ref in dict.fromkeys(rounds):
            stage = ref.stage("annotate")
            key = stage.key(names.ANNOTATING)
            is_left = stage.done not in listing and ref.stage("select").done in listing
            if key not in listing or not is_left:
                continue
            try:
                told = load_annotating(self._reader.store.read(key), key)
            except (BadDataError, MissingObjectError) as error:
                self._warn(error)
                continue
            yield stage, StageStatus(state=ANNOTATING, reason=f"{told.summary}{self._since(told)}")

    def _since(self, told: Annotating) -> str:
        """Say since when nobody has looked at what people do, if somebody should have."""
        limit = ALIVE + timedelta(seconds=self._plan.config.annotation.poll_seconds)
        if datetime.now(UTC) - told.updated < limit:
            return ""
        since = f"{told.updated.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"; nobody has looked since {since}: the command that looks has to run"


def _is_alive(driver: Driver | None) -> bool:
    if driver is None or driver.phase in OVER:
        return False
    return datetime.now(UTC) - driver.updated < ALIVE


def _counted(status: Status, told: Status | None) -> Status:
    """Return a status with what a driver has counted of the cluster."""
    return status.model_copy(update={"usage": told.usage}) if told else status


def _begun(told: Status) -> dict[StageRef, StageStatus]:
    """Return what a driver says of the stages that it has begun and that were not done then."""
    return {
        RoundRef(told.experiment, each.seed, each.arm, each.round).stage(stage): status
        for each in told.rounds
        for stage, status in each.stages.items()
        if status.state != "done"
    }
