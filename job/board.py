"""Where an experiment stands, as its driver tells it.

A large experiment has thousands of stages. What the driver publishes at every change then has the
rounds at work and a line for each arm. The other rounds lie in the store, an object for each arm
and seed, which is written anew when a stage of it is done.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from statistics import fmean

from job.artifacts.done_stages import DoneStages
from job.keys import STAGES, ExperimentKeys, RoundRef
from job.plan import Plan
from job.progress import (
    ArmStatus,
    Driver,
    RoundStatus,
    StageStatus,
    States,
    Status,
    dump_status,
    seconds_left,
)
from job.standing import Progress, rounds_of
from job.storage import Store

MAX_ROUNDS = 24
"""An experiment of more rounds is large."""
MAX_BYTES = 16_000
"""The largest status: it is written at each change, to the store and to the cluster's etcd."""
MAX_REASON = 400
"""The most letters of the reason of a stage."""

_Line = tuple[int | None, str]
"""A seed and an arm; without a seed, the test set."""


class Board:
    """Tells where an experiment stands, by the stages that are done and those that were started."""

    def __init__(self, store: Store, plan: Plan, done: DoneStages) -> None:
        self._store = store
        self._plan = plan
        self._done = done
        self._progress = Progress(store, plan, known=done.known)
        self._written: dict[_Line, int] = {}
        self._num_written = 0
        self._num_summed_up = -1
        self._summary: dict[str, object] = {}

    @cached_property
    def is_large(self) -> bool:
        """Whether its rounds are too many to be published at every change."""
        return sum(map(len, self._lines.values())) > MAX_ROUNDS

    def status(self, states: States, driver: Driver) -> Status:
        """Return the status to publish, of at most `MAX_BYTES`.

        Args:
            states: What the started stages are doing.
            driver: What the driver says of itself.
        """
        short = {ref: _shortened(state) for ref, state in states.items()}
        if not self.is_large:
            return self._progress.read(self._done.known, short, driver)
        config = self._plan.config
        told = Status(
            experiment=config.experiment, driver=driver, moves=config.dataset.moves, rounds=[]
        )
        # Stages of an arm that was taken out of the plan may still run.
        at_work = dict.fromkeys(ref.round for ref in short if ref.round in self._planned)
        rounds = [self._round(ref.arm or "", ref, short) for ref in at_work]
        return _fitted(told.model_copy(update=self._summed_up()), rounds)

    def write_rounds(self) -> None:
        """Write the rounds of each arm and seed of which a stage was done since the last time.

        Raises:
            TemporaryError: The store does not answer.
        """
        if not self.is_large or self._num_written == len(self._done.known):
            return
        num_known = len(self._done.known)
        for line, refs in self._lines.items():
            stages = (ref.stage(stage) for ref in refs for stage in STAGES)
            num_done = sum(stage.done in self._done.known for stage in stages)
            if num_done != self._written.get(line, 0):
                self._write(line, refs)
                self._written[line] = num_done
        self._num_written = num_known

    def _write(self, line: _Line, refs: list[RoundRef]) -> None:
        rounds = [self._round(line[1], ref, {}) for ref in refs]
        name = self._plan.config.experiment
        status = Status(experiment=name, rounds=rounds)
        self._store.write(ExperimentKeys(name).progress(*line), dump_status(status))

    @cached_property
    def _lines(self) -> dict[_Line, list[RoundRef]]:
        lines = defaultdict[_Line, list[RoundRef]](list)
        for arm, ref in rounds_of(self._plan):
            lines[ref.seed, arm].append(ref)
        return lines

    @cached_property
    def _planned(self) -> frozenset[RoundRef]:
        return frozenset(ref for refs in self._lines.values() for ref in refs)

    def _round(self, arm: str, ref: RoundRef, states: States) -> RoundStatus:
        return self._progress.round(arm, ref, self._done.known, states)

    def _summed_up(self) -> dict[str, object]:
        """Return what changes only when a stage is done."""
        if self._num_summed_up != len(self._done.known):
            whole = self._progress.read(self._done.known, {})
            self._summary = {
                "arms": tuple(arm_statuses(whole.rounds)),
                "seconds_left": seconds_left(whole),
            }
            self._num_summed_up = len(self._done.known)
        return self._summary


def arm_statuses(rounds: Iterable[RoundStatus]) -> Iterator[ArmStatus]:
    """Yield how far each arm is, by all of its rounds, in the order of the first of each."""
    by_arm = defaultdict[str, list[RoundStatus]](list)
    for each in rounds:
        if each.seed is not None:
            by_arm[each.arm].append(each)
    for arm, own in by_arm.items():
        newest = {each.seed: each.map50 for each in own if each.map50 is not None}
        yield ArmStatus(
            arm=arm,
            rounds_done=sum(map(_is_done, own)),
            rounds=len(own),
            map50=fmean(newest.values()) if newest else None,
        )


def _is_done(each: RoundStatus) -> bool:
    told = [each.stages.get(stage) for stage in each.planned]
    return all(stage and stage.state == "done" for stage in told)


def _shortened(state: StageStatus) -> StageStatus:
    if len(state.reason) <= MAX_REASON:
        return state
    return state.model_copy(update={"reason": f"{state.reason[: MAX_REASON - 1]}…"})


def _fitted(status: Status, rounds: list[RoundStatus]) -> Status:
    """Return a status with as many of these rounds as `MAX_BYTES` allow."""
    num_told = len(rounds)
    while True:
        update = {"rounds": rounds[:num_told], "num_untold": len(rounds) - num_told}
        fitted = status.model_copy(update=update)
        if not num_told or len(dump_status(fitted)) <= MAX_BYTES:
            return fitted
        num_told = num_told * 3 // 4
