"""Where every seed, arm and round of an experiment stands."""

import json
from collections.abc import Container, Mapping
from datetime import datetime
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from job.artifacts.markers import Markers
from job.errors import BadDataError, MissingObjectError
from job.keys import STAGES, ExperimentKeys, RoundRef, Stage, StageRef
from job.plan import Arm, Plan
from job.storage import Store

Phase = Literal["waiting", "running", "finished", "failed", "stopped", "cancelled"]
OVER: tuple[Phase, ...] = ("finished", "failed", "cancelled")


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


class Reader:
    """Puts the status of an experiment together, again and again, reading nothing twice."""

    def __init__(self, store: Store, plan: Plan, markers: Markers) -> None:
        self._store = store
        self._plan = plan
        self._markers = markers
        self._map50: dict[RoundRef, float | None] = {}

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
            if key in done and (marker := self._markers.at(key)):
                stages[stage] = StageStatus(state="done", seconds=marker.seconds)
            elif ref.stage(stage) in begun:
                stages[stage] = begun[ref.stage(stage)]
        if ref not in self._map50 and "evaluate" in stages and stages["evaluate"].state == "done":
            metrics = json.loads(self._store.read(ref.stage("evaluate").key("metrics.json")))
            self._map50[ref] = metrics["map50_area"]
        return RoundStatus(
            seed=ref.seed,
            arm=arm.name,
            round=ref.index,
            stages=stages,
            planned=tuple(self._plan.stages_of(ref)),
            map50=self._map50.get(ref),
        )


def status_of(store: Store, plan: Plan) -> Status:
    """Return an experiment's status: what is done by the store, what runs by its driver."""
    keys = ExperimentKeys(plan.config.experiment)
    reader = Reader(store, plan, Markers(store))
    done = {key for key in store.list(keys.prefix) if key.endswith("/done.json")}
    try:
        told = parse_status(store.read(keys.status))
    except MissingObjectError:
        return reader.read(done, {})
    begun = {
        RoundRef(keys.name, each.seed, each.arm, each.round).stage(stage): status
        for each in told.rounds
        for stage, status in each.stages.items()
        if status.state != "done"
    }
    return reader.read(done, begun, told.driver)


def is_over(status: Status) -> bool:
    """Whether nothing will change without somebody starting it again."""
    if status.driver:
        return status.driver.phase in OVER
    return all("evaluate" in each.stages for each in status.rounds)


def seconds_left(status: Status) -> float | None:
    """Estimate the work that is left, one stage at a time, from the stages that are done.

    A kind of stage that none is done of yet counts nothing, so the estimate begins too low.

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


def parse_status(data: bytes | str) -> Status:
    """Read what a driver wrote.

    Raises:
        BadDataError: It is no status.
    """
    try:
        return Status.model_validate_json(data)
    except ValidationError as error:
        message = f"the driver's status is not readable; it is written anew when it runs ({error})"
        raise BadDataError(message) from error
