"""Where every seed, arm and round of an experiment stands."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from job.artifacts.markers import MARKER
from job.artifacts.reader import Reader
from job.errors import BadDataError, MissingObjectError, UsageError
from job.keys import STAGES, ExperimentKeys, RoundRef, Stage, StageRef
from job.plan import Arm, Plan
from job.storage import Store
from job.storage.documents import dump_json, load_json

Phase = Literal["waiting", "running", "finished", "failed", "stopped", "cancelled"]
OVER: tuple[Phase, ...] = ("finished", "failed", "cancelled")
ALIVE = timedelta(minutes=5)
"""How long after its last status a driver, or a stage that it started, may still be at work."""


class StageStatus(BaseModel):
    """One stage."""

    model_config = ConfigDict(frozen=True)

    state: str
    """`done`, or what its Job is doing."""
    reason: str = ""
    seconds: float | None = None
    """How long it ran, when it is done."""


States = Mapping[StageRef, StageStatus]
"""What the stages that were started are doing."""


class RoundStatus(BaseModel):
    """One arm's round under one seed."""

    model_config = ConfigDict(frozen=True)

    seed: int
    arm: str
    round: int
    stages: dict[Stage, StageStatus]
    """Those that are done or were begun."""
    planned: tuple[Stage, ...] = STAGES
    """Those that the round has."""
    map50: float | None = None


class Driver(BaseModel):
    """What the driver tells of itself."""

    model_config = ConfigDict(frozen=True)

    phase: Phase
    message: str = ""
    updated: datetime
    release: str
    image: str = ""


class Status(BaseModel):
    """An experiment, as the store and its driver tell it."""

    model_config = ConfigDict(frozen=True)

    experiment: str
    driver: Driver | None = None
    """Unset where no driver runs it."""
    rounds: list[RoundStatus]


class Progress:
    """Reads the status of an experiment, as often as wanted. No object is read twice."""

    def __init__(self, store: Store, plan: Plan, reader: Reader | None = None) -> None:
        self._plan = plan
        self._reader = reader or Reader(store)

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
            driver: What it tells, if there is one.
        """
        rounds = [self._round(arm, ref, done, begun) for arm, ref in self._plan.rounds()]
        return Status(experiment=self._plan.config.experiment, driver=driver, rounds=rounds)

    def _round(
        self,
        arm: Arm,
        ref: RoundRef,
        done: Container[str],
        begun: States,
    ) -> RoundStatus:
        stages: dict[Stage, StageStatus] = {}
        for stage in STAGES:
            key = ref.stage(stage).done
            if key in done and (marker := self._reader.markers.at(key)):
                stages[stage] = StageStatus(state="done", seconds=marker.seconds)
            elif ref.stage(stage) in begun:
                stages[stage] = begun[ref.stage(stage)]
        is_evaluated = "evaluate" in stages and stages["evaluate"].state == "done"
        return RoundStatus(
            seed=ref.seed,
            arm=arm.name,
            round=ref.index,
            stages=stages,
            planned=tuple(self._plan.stages_of(ref)),
            map50=self._reader.metrics(ref).map50_area if is_evaluated else None,
        )

    def look(self) -> Status:
        """Return the status: what is done by the store, what runs by the experiment's driver."""
        name = self._plan.config.experiment
        listing, keys = self._reader.markers.look(name), ExperimentKeys(name)
        done = {key for key in listing.below(keys.prefix) if key.endswith(MARKER)}
        if keys.status not in listing:
            return self.read(done, {})
        told = parse_status(self._reader.store.read(keys.status))
        begun = {
            RoundRef(name, each.seed, each.arm, each.round).stage(stage): status
            for each in told.rounds
            for stage, status in each.stages.items()
            if status.state != "done"
        }
        return self.read(done, begun, told.driver)


def status_of(store: Store, plan: Plan) -> Status:
    """Return an experiment's status; `Progress.look` tells it again and again."""
    return Progress(store, plan).look()


def is_over(status: Status) -> bool:
    """Whether nothing changes until somebody starts the experiment again."""
    if status.driver:
        return status.driver.phase in OVER
    return all("evaluate" in each.stages for each in status.rounds)


def seconds_left(status: Status) -> float | None:
    """Estimate the work that is left, one stage at a time, from the stages that are done.

    A kind of stage of which none is done yet counts nothing, so early estimates are too low.

    Returns:
        Seconds; nothing where no stage is done, or none is left.
    """
    # Round 0 is told once for each arm.
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
    if not left or not any(took.values()):
        return None
    return sum(fmean(took[stage]) for stage in left if took[stage])


def refuse_while_driven(store: Store, experiment: str) -> None:
    """Guard that no driver is at work on an experiment, as far as its status tells.

    Raises:
        UsageError: One published the status within the last five minutes, or the status cannot be
            read.
    """
    try:
        told = parse_status(store.read(ExperimentKeys(experiment).status))
    except MissingObjectError:
        return
    except BadDataError as error:
        message = f"{experiment}: a driver may be at work on it ({error}); --force goes ahead"
        raise UsageError(message) from error
    driver = told.driver
    if driver and driver.phase not in OVER and datetime.now(UTC) - driver.updated < ALIVE:
        message = (
            f"{experiment}: its driver published its status at {driver.updated:%H:%M:%S} UTC "
            f"({driver.phase}): stop it first, or say --force"
        )
        raise UsageError(message)


def dump_status(status: Status) -> bytes:
    """Return a status as a driver writes it."""
    return dump_json(status.model_dump(mode="json"))


def parse_status(data: bytes | str) -> Status:
    """Read what a driver wrote.

    Raises:
        BadDataError: It is damaged, or of a format that this version does not read.
    """
    content = load_json(data, "the driver's status", "the driver writes it anew when it runs")
    try:
        return Status.model_validate(content)
    except ValidationError as error:
        message = (
            f"the driver's status is damaged; the driver writes it anew when it runs ({error})"
        )
        raise BadDataError(message) from error
