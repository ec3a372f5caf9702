"""Where every seed, arm and round of an experiment stands."""

from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from job.artifacts import names
from job.artifacts.annotating import Annotating, load_annotating
from job.artifacts.listing import Listing
from job.artifacts.reader import Reader
from job.artifacts.usage import Usage
from job.config.dataset import MoveConfig
from job.errors import BadDataError, MissingObjectError, UsageError
from job.keys import STAGES, ExperimentKeys, RoundRef, Stage, StageRef, is_marker
from job.plan import Plan
from job.runtime import log
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

Phase = Literal[
    "waiting", "running", "annotating", "finished", "failed", "needs labels", "stopped", "cancelled"
]
OVER: tuple[Phase, ...] = ("finished", "failed", "needs labels", "cancelled")
ALIVE = timedelta(minutes=5)
"""How long after its last status a driver, or a stage that it started, may still be at work."""
ANNOTATING = "annotating"
"""The state of a stage whose images people are labelling in a tool."""
NEEDS_LABELS = "needs labels"
"""The state of a stage that waits for people to add labels to the data set."""


class StageStatus(BaseModel):
    """One stage."""

    model_config = ConfigDict(frozen=True)

    state: str
    """`done`, or what its Job is doing."""
    reason: str = ""
    seconds: float | None = None
    """How long it ran, when it is done."""

    @property
    def short(self) -> str:
        """How long it ran if that is known, else its state."""
        return self.state if self.seconds is None else f"{self.seconds:.1f} s"


States = Mapping[StageRef, StageStatus]
"""What the stages that were started are doing."""


def is_with_people(status: StageStatus) -> bool:
    """Whether a stage waits for people, and no process is at work on it."""
    return status.state in {ANNOTATING, NEEDS_LABELS}


class RoundStatus(BaseModel):
    """One arm's round under one seed, or a round of the test set."""

    model_config = ConfigDict(frozen=True)

    seed: int | None
    """None: it is a round of the test set, which has no arm either."""
    arm: str
    round: int
    stages: dict[Stage, StageStatus]
    """Those that are done or were begun."""
    planned: tuple[Stage, ...] = STAGES
    """Those that the round has."""
    map50: float | None = None
    test_version: int | None = Field(None, exclude_if=lambda version: version is None)
    """The version of the test set that it was measured on; None: it is not drawn from the pool."""

    @field_validator("stages", mode="before")
    @classmethod
    def _known_stages(cls, stages: Any) -> Any:
        """Leave out the stages that a newer version has."""
        if not isinstance(stages, dict):
            return stages
        return {stage: status for stage, status in stages.items() if stage in STAGES}

    @field_validator("planned", mode="before")
    @classmethod
    def _known_plan(cls, planned: Any) -> Any:
        if not isinstance(planned, list):
            return planned
        return [stage for stage in planned if stage in STAGES]


class Driver(BaseModel):
    """What the driver says of itself."""

    model_config = ConfigDict(frozen=True)

    phase: str
    """A `Phase`, or one that a newer version has."""
    message: str = ""
    updated: AwareDatetime
    release: str
    image: str = ""


class Status(BaseModel):
    """An experiment, as the store and its driver tell it."""

    model_config = ConfigDict(frozen=True)

    experiment: str
    driver: Driver | None = None
    """Unset if no driver runs it."""
    moves: tuple[MoveConfig, ...] = Field((), exclude_if=lambda moves: not moves)
    """To later versions of the data set."""
    usage: Mapping[str, Usage] = Field({}, exclude_if=lambda usage: not usage)
    """What the Jobs of each kind of stage took of the cluster; empty: no driver has counted it."""
    rounds: list[RoundStatus]


class Progress:
    """Reads the status of an experiment, as often as wanted.

    One status reads no object twice. Metrics are read again only if their marker changed.
    """

    def __init__(self, store: Store, plan: Plan, reader: Reader | None = None) -> None:
        self._plan = plan
        self._reader = reader or Reader(store)
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
        tests = [("", ref) for ref in self._plan.test_rounds()]
        every = [*tests, *((arm.name, ref) for arm, ref in self._plan.rounds())]
        rounds = [self._round(arm, ref, done, begun) for arm, ref in every]
        config = self._plan.config
        return Status(
            experiment=config.experiment, driver=driver, moves=config.dataset.moves, rounds=rounds
        )

    def _round(
        self,
        arm: str,
        ref: RoundRef,
        done: Container[str],
        begun: States,
    ) -> RoundStatus:
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
        try:
            if ref.done in done and (marker := self._reader.markers.at(ref.done)):
                return StageStatus(state="done", seconds=marker.seconds)
        except BadDataError as error:
            return StageStatus(state="unreadable", reason=str(error))
        return begun.get(ref)

    def _map50(self, ref: RoundRef) -> float | None:
        """Return a round's metric; if it cannot be read, nothing else has to go untold."""
        try:
            return self._reader.metrics(ref).map50_area
        except (BadDataError, UsageError) as error:
            self._warn(error)
            return None

    def _test_version(self, ref: RoundRef) -> int | None:
        marker = self._reader.markers.get(ref.stage("evaluate"))
        return marker.test_version if marker else None

    def _warn(self, error: Exception) -> None:
        """Say once what cannot be read."""
        if str(error) not in self._told:
            self._told.add(str(error))
            log.get().warning("status.incomplete", reason=str(error))

    def look(self) -> Status:
        """Return the status: what is done by the store, what runs by the experiment's driver."""
        self._reader.markers.refresh(self._plan.config.experiment)
        return self.listed()

    def listed(self) -> Status:
        """Return the same by the reader's listing, without another one."""
        listing = self._reader.listing
        prefix = ExperimentKeys(self._plan.config.experiment).prefix
        done = {key for key in listing.below(prefix) if is_marker(key)}
        told = self._told_by_driver(listing)
        begun = {**dict(self._with_people(listing)), **(_begun(told) if told else {})}
        status = self.read(done, begun, told.driver if told else None)
        return status.model_copy(update={"usage": told.usage}) if told else status

    def _told_by_driver(self, listing: Listing) -> Status | None:
        """Return what a driver has published, if that can be read."""
        key = ExperimentKeys(self._plan.config.experiment).status
        if key not in listing:
            return None
        try:
            return parse_status(self._reader.store.read(key))
        except (BadDataError, MissingObjectError) as error:
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


def _begun(told: Status) -> dict[StageRef, StageStatus]:
    """Return what a driver says of the stages that it has begun and that were not done then."""
    return {
        RoundRef(told.experiment, each.seed, each.arm, each.round).stage(stage): status
        for each in told.rounds
        for stage, status in each.stages.items()
        if status.state != "done"
    }


def is_over(status: Status) -> bool:
    """Whether nothing changes until somebody starts the experiment again."""
    if status.driver:
        return status.driver.phase in OVER
    return all(_is_over(each) for each in status.rounds)


def _is_over(status: RoundStatus) -> bool:
    """Whether the last stage of a round is done: a test set is only annotated."""
    last = status.stages.get("annotate" if status.seed is None else "evaluate")
    return last is not None and last.state == "done"


def seconds_left(status: Status) -> float | None:
    """Estimate the work that is left, one stage at a time, from the stages that are done.

    A kind of stage of which none is done yet counts nothing, so early estimates are too low.

    Returns:
        Seconds; None if none is left, or if trainings are left and none is done: they take most
        of the time.
    """
    # Round 0 is listed once for each arm.
    rounds = {(each.seed, each.round and each.arm, each.round): each for each in status.rounds}
    took: dict[Stage, list[float]] = {stage: [] for stage in STAGES}
    left: list[Stage] = []
    for each in rounds.values():
        for stage in each.planned:
            told = each.stages.get(stage)
            if told and told.seconds is not None:
                took[stage].append(told.seconds)
            else:
                left.append(stage)
    if not left or not any(took.values()) or ("train" in left and not took["train"]):
        return None
    return sum(fmean(took[stage]) for stage in left if took[stage])


def dump_status(status: Status) -> bytes:
    """Return a status as a driver writes it."""
    return dump_json(status.model_dump(mode="json"))


def parse_status(data: bytes | str) -> Status:
    """Read what a driver wrote.

    Raises:
        BadDataError: It is damaged, or of a format that this version does not read.
    """
    where, remedy = "the driver's status", "the driver writes it anew when it runs"
    return checked(Status, load_json(data, where, remedy), where, remedy)
