"""The plan of an experiment: its arms, its rounds, their stages in order, and what each needs."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Self

from job.acquisition.registry import make_strategy
from job.acquisition.strategies.held_out import HeldOut
from job.acquisition.strategy import Strategy
from job.config.runtime import RuntimeConfig
from job.config.schema import FULLY_SUPERVISED, ArmConfig, Config
from job.detection.detectors.architecture import completed
from job.errors import ConfigError, UsageError
from job.keys import STAGES, TEST, RoundRef, Stage, StageRef
from job.runtime.names import unknown

COLD_START_COLUMNS = frozenset({"embedding"})
"""What round 0 can select by: embeddings of the backbone before any training."""

TEST_STAGES: tuple[Stage, ...] = ("select", "annotate")
"""The stages of a round of the test set."""


@dataclass(frozen=True)
class Arm:
    """One way to select: its strategy, validated once, and what its rounds are like."""

    name: str
    strategy_name: str
    strategy: Strategy
    rounds: range
    """The rounds of its own; round 0 is the cold start's."""
    labels_all: bool = False
    """Whether its round labels all that is unlabelled, and not the budget of the round."""
    warm_start: bool = False
    """Whether training starts from the previous round's model."""
    is_compared: bool = True
    """Whether it is a way to select that the report compares, and not a reference."""

    @property
    def selection(self) -> ArmConfig:
        """Its part of the configuration, with every setting of the strategy written out."""
        settings = self.strategy.model_dump(mode="json")
        return ArmConfig(strategy=self.strategy_name, **settings)

    @property
    def record_columns(self) -> frozenset[str]:
        """The columns that its strategy reads of both score records."""
        return self.strategy.reads | self.strategy.reads_labelled

    @property
    def needs_scores(self) -> bool:
        """Whether it selects by the previous round's scores."""
        return 0 not in self.rounds and bool(self.record_columns)


@dataclass(frozen=True)
class Subset:
    """A part of an experiment: some arms and some seeds. Empty means all of them."""

    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()


class Plan:
    """What there is to do in an experiment: its arms, rounds and stages."""

    def __init__(self, config: Config) -> None:
        """Validate every arm of a configuration, once.

        Raises:
            ConfigError: A strategy or one of its settings is wrong, or it reads what will not be
                there.
        """
        self.cold_start = _cold_start(config)
        self.test = _test(config)
        self.arms = tuple(_compared(config, name) for name in config.arms)
        self.seeds = config.seeds
        self.config = config
        if config.full_supervision:
            self.arms += (_fully_supervised(config),)

    def written_out(self) -> Config:
        """Return the configuration with every setting written out, also those of strategies."""
        arms = {arm.name: arm.selection for arm in self.arms if arm.is_compared}
        changes = {
            "arms": arms,
            "cold_start": self.cold_start.selection,
            "detector": completed(self.config.detector),
        }
        content = self.config.model_copy(update=changes).model_dump(mode="json")
        return Config.model_validate(content)

    def only(self, subset: Subset) -> Self:
        """Return the plan of a part of the experiment: its other arms and seeds have no stages.

        Raises:
            UsageError: It has no such arm or seed.
        """
        for name in subset.arms:
            self.arm(name, "--only-arm")
        for seed in subset.seeds:
            self.check_seed(seed, "--only-seed")
        part = copy(self)
        part.arms = tuple(arm for arm in self.arms if arm.name in subset.arms or not subset.arms)
        part.seeds = subset.seeds or self.seeds
        return part

    def with_config(self, config: Config) -> Self:
        """Return the plan with another configuration, whose arms are the same."""
        plan = copy(self)
        plan.config = config
        return plan

    def with_runtime(self, runtime: RuntimeConfig) -> Self:
        """Return the plan with the runtime settings of one invocation."""
        return self.with_config(self.config.model_copy(update={"runtime": runtime}))

    def arm(self, name: str, option: str = "--arm") -> Arm:
        """Return the arm of that name, which an option gave.

        Raises:
            UsageError: There is no such arm.
        """
        for arm in self.arms:
            if arm.name == name:
                return arm
        message = f"{option}: {unknown(name, [arm.name for arm in self.arms])}"
        raise UsageError(message)

    def check_seed(self, seed: int, option: str = "--seed") -> None:
        """Refuse a seed that an option gave and the experiment does not have.

        Raises:
            UsageError: There is no such seed.
        """
        if seed not in self.seeds:
            message = f"{option}: {unknown(str(seed), map(str, self.seeds))}"
            raise UsageError(message)

    def arm_of(self, ref: RoundRef) -> Arm:
        """Return the arm that selects in a round: in round 0 the cold start."""
        if ref.is_test:
            return self.test
        return self.arm(ref.arm) if ref.arm else self.cold_start

    def cannot_rank(self, num_classes: int) -> dict[str, str]:
        """Return why arms cannot rank the images of a data set of so many classes, by arm."""
        found = {arm.name: arm.strategy.cannot_rank(num_classes) for arm in self.arms}
        return {name: why for name, why in found.items() if why}

    def test_rounds(self) -> list[RoundRef]:
        """Return the rounds of the test set that is drawn from the pool; none if none is drawn."""
        return [RoundRef.of_test(self.config.experiment, index) for index in self.test.rounds]

    def rounds(self) -> Iterator[tuple[Arm, RoundRef]]:
        """Yield every round of every arm; round 0 comes once for each arm that is compared."""
        for seed in self.seeds:
            for arm in self.arms:
                for index in ([0] if arm.is_compared else []) + [*arm.rounds]:
                    yield arm, self._ref(seed, arm, index)

    def stages(self) -> Iterator[StageRef]:
        """Yield every stage, each after all that it needs.

        The test set comes first. Seed follows seed, each with all arms, so that an early look at
        the results is paired.
        """
        for ref in self.test_rounds():
            yield from (ref.stage(stage) for stage in self.stages_of(ref))
        own = [(arm, index) for arm in self.arms for index in arm.rounds]
        own.sort(key=lambda each: (not each[0].is_compared, each[1]))
        for seed in self.seeds:
            for arm, index in [(self.cold_start, 0), *own]:
                ref = self._ref(seed, arm, index)
                yield from (ref.stage(stage) for stage in self.stages_of(ref))

    def stages_of(self, ref: RoundRef) -> list[Stage]:
        """Return the stages that a round has, in their order."""
        if ref.is_test:
            return list(TEST_STAGES)
        return [stage for stage in STAGES if stage != "score" or self.is_scored(ref)]

    def is_scored(self, ref: RoundRef) -> bool:
        """Whether a next round reads this round's scores: to select, or for proposals to people."""
        readers = [self.arm(ref.arm)] if ref.arm else self.arms
        return any(
            (arm.needs_scores or self.has_proposals) and ref.index + 1 in arm.rounds
            for arm in readers
        )

    @property
    def has_proposals(self) -> bool:
        """Whether people begin with boxes of the previous round's model."""
        return self.config.annotation.proposals is not None

    def needs(self, ref: StageRef) -> list[StageRef]:
        """Return the stages that have to be done before this one of a round."""
        this, arm = ref.round, self.arm_of(ref.round)
        if this.is_test:
            return _needs_of_test(ref)
        match ref.stage:
            case "select":
                drawn = [test.stage("select") for test in self.test_rounds()]
                read: list[Stage] = ["annotate", "score"] if arm.needs_scores else ["annotate"]
                before = [this.at(this.index - 1)] if this.index else []
                return [*drawn, *(each.stage(stage) for each in before for stage in read)]
            case "annotate":
                seen = this.index and self.has_proposals
                scored = [this.at(this.index - 1).stage("score")] if seen else []
                return [this.stage("select"), *scored]
            case "train":
                start = [this.at(this.index - 1).stage("train")] if arm.warm_start else []
                return [this.stage("annotate"), *start]
            case "evaluate":
                labelled = [test.stage("annotate") for test in self.test_rounds()]
                return [this.stage("train"), *labelled]
            case "score":
                return [this.stage("train")]
            case "report":
                message = f"{ref} is of no round"
                raise ValueError(message)

    def _ref(self, seed: int, arm: Arm, index: int) -> RoundRef:
        return RoundRef(self.config.experiment, seed, arm.name, index)


def _needs_of_test(ref: StageRef) -> list[StageRef]:
    """Return the stages that have to be done before one of the test set."""
    this = ref.round
    if ref.stage == "annotate":
        return [this.stage("select")]
    return [this.at(this.index - 1).stage("select")] if this.index else []


def _cold_start(config: Config) -> Arm:
    """Return the arm of round 0, which all other arms share."""
    return Arm(
        name="cold_start",
        strategy_name=config.cold_start.strategy,
        strategy=_make_strategy("cold_start", config.cold_start, config),
        rounds=range(1),
        is_compared=False,
    )


def _test(config: Config) -> Arm:
    """Return what draws the test set from the pool, in a round for each of its versions."""
    return Arm(
        name=TEST,
        strategy_name="held_out",
        strategy=HeldOut(),
        rounds=range(len(config.test_sizes)),
        is_compared=False,
    )


def _compared(config: Config, name: str) -> Arm:
    """Return an arm that is compared with others."""
    return Arm(
        name=name,
        strategy_name=config.arms[name].strategy,
        strategy=_make_strategy(f"arms.{name}", config.arms[name], config),
        rounds=range(1, config.rounds),
        warm_start=config.train.init == "warm_start",
    )


def _fully_supervised(config: Config) -> Arm:
    """Return the arm that labels the whole pool in its only round, and trains afresh on it."""
    selection = config.selection_of(FULLY_SUPERVISED)
    return Arm(
        name=FULLY_SUPERVISED,
        strategy_name=selection.strategy,
        strategy=_make_strategy(FULLY_SUPERVISED, selection, config),
        rounds=range(1, 2),
        labels_all=True,
        is_compared=False,
    )


def _make_strategy(where: str, selection: ArmConfig, config: Config) -> Strategy:
    """Return the strategy of an arm, and refuse one that reads what will not be there."""
    try:
        strategy = make_strategy(selection)
    except ConfigError as error:
        message = f"{where}: {error}"
        raise ConfigError(message) from error
    if where == "cold_start" and (missing := strategy.reads_cold_start - COLD_START_COLUMNS):
        message = (
            f"cold_start: {selection.strategy} needs scores ({', '.join(sorted(missing))}), and "
            "round 0 has none: choose one that needs none or embeddings only, such as "
            "recommended, herding or random"
        )
        raise ConfigError(message)
    reads = strategy.reads | strategy.reads_labelled
    if "box_features" in reads and not config.score.box_features:
        message = f"{where}: the strategy reads box_features: set score.box_features to true"
        raise ConfigError(message)
    return strategy
