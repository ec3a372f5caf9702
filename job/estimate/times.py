"""How long the stages take that are left."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from job.estimate.rates import Rate, Rates, embeds, kind_of
from job.estimate.workload import Workload
from job.keys import STAGES, Stage, StageRef
from job.plan import Arm, Plan

UNITS: Mapping[Stage, str] = {
    "select": "images",
    "annotate": "images",
    "train": "steps",
    "evaluate": "images",
    "score": "images",
}
"""What the amount of a stage counts."""


@dataclass(frozen=True)
class StageTimes:
    """All stages of one name."""

    stage: Stage
    num: int
    num_done: int
    amount_left: int
    """Images or steps; see `UNITS`."""
    seconds_left: float | None
    """Of those whose rate is known; None: there are some, and of none it is known."""
    num_unknown: int
    """Those that are left and whose rate is not known."""
    sources: tuple[str, ...]
    """Where the rates were measured, and on how many stages."""

    @property
    def num_left(self) -> int:
        """Those that are not done."""
        return self.num - self.num_done


@dataclass(frozen=True)
class ArmTimes:
    """All rounds of one arm but round 0, of all seeds."""

    num_rounds: int
    num_done: int
    seconds_left: float | None
    """See `TimeOutlook.total`."""


class TimeOutlook:
    """How long stages take, by their work and by rates."""

    def __init__(
        self, plan: Plan, workload: Workload, rates: Rates, done: Collection[StageRef]
    ) -> None:
        """Keep what decides it.

        Args:
            plan: The experiment's.
            workload: Its stages' images and steps.
            rates: Seconds of an image or a step, by the kind of a stage.
            done: The stages that are done.
        """
        self._plan, self._workload, self._rates, self._done = plan, workload, rates, done
        self._stages = list(plan.stages())

    @property
    def left(self) -> list[StageRef]:
        """The stages that are not done, each after all that it needs."""
        return [each for each in self._stages if each not in self._done]

    def seconds(self, stage: StageRef) -> float:
        """Return how long a stage takes; 0 if that is not known."""
        rate = self._rate(stage)
        return rate.seconds * self._workload.amount(stage) if rate else 0.0

    def total(self, stages: Collection[StageRef]) -> float | None:
        """Return how long some stages take, one after another.

        Stages whose rate is not known count nothing. If there are trainings among them, nobody
        knows, for these take most of the time.
        """
        if self._num_unknown(each for each in stages if each.stage == "train"):
            return None
        return sum(map(self.seconds, stages))

    def in_parallel(self) -> float | None:
        """Return the seconds of the longest chain of stages that need each other, likewise."""
        if self.total(self.left) is None:
            return None
        end: dict[StageRef, float] = {}
        for stage in self.left:
            begin = max((end.get(need, 0.0) for need in self._plan.needs(stage)), default=0.0)
            end[stage] = begin + self.seconds(stage)
        return max(end.values(), default=0.0)

    def of_stages(self) -> list[StageTimes]:
        """Return all stages by their names, in the order of a round."""
        return [self._of_stage(stage) for stage in STAGES]

    def of_arm(self, arm: Arm) -> ArmTimes:
        """Return the rounds of an arm."""
        own = [each for each in self._stages if each.round.arm == arm.name]
        ends = [each for each in own if each.stage == "evaluate"]
        left = [each for each in own if each not in self._done]
        num_done = sum(each in self._done for each in ends)
        return ArmTimes(len(ends), num_done, self.total(left))

    def _of_stage(self, stage: Stage) -> StageTimes:
        every = [each for each in self._stages if each.stage == stage]
        left = [each for each in every if each not in self._done]
        num_unknown = self._num_unknown(left)
        return StageTimes(
            stage=stage,
            num=len(every),
            num_done=len(every) - len(left),
            amount_left=sum(map(self._workload.amount, left)),
            seconds_left=sum(map(self.seconds, left)) if num_unknown < max(len(left), 1) else None,
            num_unknown=num_unknown,
            sources=self._sources(left),
        )

    def _sources(self, stages: Iterable[StageRef]) -> tuple[str, ...]:
        """Return where the rates of some stages were measured, each place once."""
        rates = {kind_of(self._plan, each): self._rate(each) for each in stages}
        num_of: Counter[str] = Counter()
        for rate in filter(None, rates.values()):
            num_of[rate.source] += rate.num_stages
        return tuple(f"{num} of {place}" if num else place for place, num in num_of.items())

    def _num_unknown(self, stages: Iterable[StageRef]) -> int:
        """Return how many stages have something to do, and nobody knows how long it takes."""
        return sum(not self._rate(each) and self._workload.amount(each) > 0 for each in stages)

    def _rate(self, stage: StageRef) -> Rate | None:
        """Return how long an image or a step of a stage takes, if that is known."""
        scoring = self._rates.get(("score",))
        found = self._rates.get(kind_of(self._plan, stage))
        if found is None and scoring and embeds(self._plan, stage):
            return Rate(scoring.seconds, "as long as scoring")
        return found
