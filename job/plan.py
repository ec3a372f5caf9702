"""The rounds of an experiment, the stages of each, and what each stage needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from job.acquisition.registry import make_strategy
from job.config.experiment import FULLY_SUPERVISED, Config
from job.errors import UsageError
from job.keys import STAGES, RoundRef, Stage, StageRef
from job.runtime.names import unknown


def all_rounds(config: Config) -> Iterator[tuple[str, RoundRef]]:
    """Yield (arm, round) of every arm's every round; round 0 comes once for each arm compared."""
    for seed in config.seeds:
        for arm in config.arms:
            for index in range(config.rounds):
                yield arm, RoundRef(config.experiment, seed, arm, index)
        if config.full_supervision:
            yield FULLY_SUPERVISED, RoundRef(config.experiment, seed, FULLY_SUPERVISED, 1)


def stages_of(config: Config, ref: RoundRef) -> list[Stage]:
    """Return the stages that a round has, in their order."""
    return [stage for stage in STAGES if stage != "score" or is_scored(config, ref)]


def is_scored(config: Config, ref: RoundRef) -> bool:
    """Whether a later round reads the scores: not in the last, and not for `random` alone."""
    readers = [ref.arm] if ref.arm else list(config.arms)
    return ref.index < config.rounds - 1 and any(needs_scores(config, arm) for arm in readers)


def needs_scores(config: Config, arm: str | None) -> bool:
    """Whether an arm selects by score."""
    strategy = make_strategy(config.selection_of(arm))
    return bool(strategy.columns | strategy.labelled_columns)


def plan(config: Config) -> Iterator[StageRef]:
    """Yield every stage of an experiment, each after all that it needs.

    One seed after the other, each with all arms: so an early look at the results is paired.
    """
    for seed in config.seeds:
        rounds = [
            RoundRef(config.experiment, seed, arm, index)
            for index in range(config.rounds)
            for arm in (config.arms if index else [None])
        ]
        bound = (
            [RoundRef(config.experiment, seed, FULLY_SUPERVISED, 1)]
            if config.full_supervision
            else []
        )
        for ref in (*rounds, *bound):
            yield from (ref.stage(stage) for stage in stages_of(config, ref))


def needs(config: Config, ref: StageRef) -> list[StageRef]:
    """Return the stages that have to be done before this one."""
    this, before = ref.round, ref.round.at(max(ref.round.index - 1, 0))
    match ref.stage:
        case "select" if this.index == 0:
            return []
        case "select":
            scores = [before.stage("score")] if needs_scores(config, this.arm) else []
            return [before.stage("annotate"), *scores]
        case "annotate":
            return [this.stage("select")]
        case "train":
            start = [before.stage("train")] if config.warm_start(this.arm, this.index) else []
            return [this.stage("annotate"), *start]
        case "evaluate" | "score":
            return [this.stage("train")]


@dataclass(frozen=True)
class Subset:
    """A part of an experiment: some arms, some seeds; empty: all of them."""

    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()

    def of(self, config: Config) -> Config:
        """Return the configuration as if it had this part only.

        Raises:
            UsageError: It has no such arm or seed.
        """
        for arm in self.arms:
            if arm not in {*config.arms, *([FULLY_SUPERVISED] if config.full_supervision else [])}:
                raise UsageError(unknown_choice("arm", arm, [*config.arms]))
        for seed in self.seeds:
            if seed not in config.seeds:
                raise UsageError(
                    unknown_choice("seed", str(seed), [str(each) for each in config.seeds])
                )
        arms = {
            name: arm for name, arm in config.arms.items() if name in self.arms or not self.arms
        }
        changes = {
            "arms": arms,
            "seeds": self.seeds or config.seeds,
            "full_supervision": config.full_supervision
            and (FULLY_SUPERVISED in self.arms or not self.arms),
        }
        return config.model_copy(update=changes)


def unknown_choice(kind: str, name: str, names: list[str]) -> str:
    """Return what to say of an arm or seed that the experiment does not have."""
    return f"--{kind}: {unknown(name, names)}"
