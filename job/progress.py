"""Where every seed, arm and round of an experiment stands."""

from collections.abc import Mapping
from datetime import timedelta
from statistics import fmean
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from job.artifacts.usage import Usage
from job.config.dataset import MoveConfig
from job.errors import BadDataError, MissingObjectError
from job.keys import STAGES, ExperimentKeys, RoundRef, Stage, StageRef
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
    def in_words(self) -> str:
        """The state, and why."""
        return f"{self.state}: {self.reason}" if self.reason else self.state

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


class ArmStatus(BaseModel):
    """How far an arm is, over all seeds."""

    model_config = ConfigDict(frozen=True)

    arm: str
    rounds_done: int
    rounds: int
    map50: float | None = None
    """The mean over seeds of the newest metric of each; None: nothing is measured."""


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
    arms: tuple[ArmStatus, ...] = Field((), exclude_if=lambda arms: not arms)
    """How far each arm is, if `rounds` has only those that are at work."""
    seconds_left: float | None = Field(None, exclude_if=lambda left: left is None)
    """`seconds_left` of all rounds, if `rounds` has only those that are at work."""
    num_untold: int = Field(0, exclude_if=lambda number: not number)
    """How many rounds at work are left out, so that the status stays small."""
    rounds: list[RoundStatus]


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
    if status.arms:
        return status.seconds_left
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


def forget_told(store: Store, ref: StageRef) -> None:
    """Remove what a driver has told of a stage that is about to run again, if it told that.

    A look goes by it without a look at the marker, and would show the earlier metric. The other
    rounds of the same arm and seed are told by their markers, until a driver writes them anew.
    """
    this = ref.round
    all_of_it = ExperimentKeys(this.experiment).progress(this.seed, this.arm or "")
    for key in store.list(all_of_it.removesuffix(".json")):  # of all arms, which share round 0
        try:
            told = parse_status(store.read(key)).rounds
        except (BadDataError, MissingObjectError):  # nobody goes by it
            continue
        ours = [e for e in told if RoundRef(this.experiment, e.seed, e.arm, e.round) == this]
        if any(ref.stage in each.stages for each in ours):
            store.delete(key)
