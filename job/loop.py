"""The active-learning loop: which stages an experiment has, in what order, and nothing else.

    for round in rounds:
        select, annotate-sim, train, then evaluate and score side by side

Where a stage runs is the launcher's business: in this process, or as a Kubernetes Job.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from job.acquisition.registry import make_strategy
from job.config import Config
from job.keys import RoundRef, StageRef


class Launcher(Protocol):
    """Runs stages somewhere."""

    @property
    def capacity(self) -> int:
        """How many stages may run at a time."""

    def start(self, ref: StageRef) -> None:
        """Begin a stage."""

    def wait(self) -> list[StageRef]:
        """Wait until a begun stage ends, and return those that are done.

        Raises:
            AlJobError: A stage failed.
        """


def plan(config: Config) -> Iterator[StageRef]:
    """Yield every stage of an experiment, each after all that it needs."""
    for seed in config.seeds:
        for index in range(config.rounds):
            for arm in config.arms if index else [None]:
                yield from _round(config, RoundRef(config.experiment, seed, arm, index))


def _round(config: Config, ref: RoundRef) -> Iterator[StageRef]:
    yield ref.stage("select")
    yield ref.stage("annotate-sim")
    yield ref.stage("train")
    yield ref.stage("evaluate")
    if is_scored(config, ref):
        yield ref.stage("score")


def is_scored(config: Config, ref: RoundRef) -> bool:
    """Whether a later round reads the scores: not in the last, and not for `random` alone."""
    readers = [ref.arm] if ref.arm else list(config.arms)
    return ref.index < config.rounds - 1 and any(needs_scores(config, arm) for arm in readers)


def needs_scores(config: Config, arm: str | None) -> bool:
    """Whether an arm selects by score."""
    strategy = make_strategy(config.selection_of(arm))
    return bool(strategy.columns | strategy.labelled_columns)


def needs(config: Config, ref: StageRef) -> list[StageRef]:
    """Return the stages that have to be done before this one."""
    this, before = ref.round, ref.round.at(max(ref.round.index - 1, 0))
    match ref.stage:
        case "select" if this.index == 0:
            return []
        case "select":
            scores = [before.stage("score")] if needs_scores(config, this.arm) else []
            return [before.stage("annotate-sim"), *scores]
        case "annotate-sim":
            return [this.stage("select")]
        case "train":
            warm = this.index > 0 and config.train.start == "previous"
            return [this.stage("annotate-sim"), *([before.stage("train")] if warm else [])]
        case "evaluate" | "score":
            return [this.stage("train")]


def run(config: Config, launcher: Launcher, is_done: Callable[[StageRef], bool]) -> int:
    """Run every stage that is not done, as many at a time as the launcher takes.

    Args:
        config: The experiment.
        launcher: Where stages run.
        is_done: Whether a stage's output exists already; asked when all that it needs is done.

    Returns:
        The number of stages that ran.
    """
    waiting = {ref: needs(config, ref) for ref in plan(config)}
    running: set[StageRef] = set()
    done: set[StageRef] = set()
    ready: set[StageRef] = set()  # asked about, and waiting for room
    num_run = 0
    while waiting or running:
        for ref, needed in list(waiting.items()):
            if not done.issuperset(needed):
                continue
            if ref not in ready and is_done(ref):
                done.add(ref)
            elif len(running) < launcher.capacity:
                running.add(ref)
                launcher.start(ref)
                num_run += 1
            else:
                ready.add(ref)
                continue
            del waiting[ref]
        if running:
            finished = launcher.wait()
            running.difference_update(finished)
            done.update(finished)
    return num_run
