"""Seconds of an image or of a step, by stages that are done: of this experiment, or of others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from job.artifacts.experiment_file import experiment_names, load_experiment
from job.artifacts.markers import Marker, Markers
from job.config.schema import Config
from job.errors import BadDataError, ConfigError, UsageError
from job.estimate.data import stored_sizes
from job.estimate.device import threads_in_words
from job.estimate.workload import Workload
from job.keys import StageRef
from job.plan import COLD_START_COLUMNS, Plan
from job.storage import Store

Kind = tuple[str, ...]
"""Stages that take equally long for an image or a step: ("train",), or ("select", its strategy)."""
_SPEED = {
    "detector": {"model", "size", "width"},
    "train": {"augmentation", "batch_size", "freeze", "precision"},
    "score": {"box_features", "input", "precision"},
}
"""The settings that decide how long an image or a step takes, by their section."""


@dataclass(frozen=True)
class Rate:
    """How long an image or a step takes."""

    seconds: float
    source: str
    """Where that was measured, in words."""
    num_stages: int = 0
    """How many finished stages tell it; 0: something else does."""


Rates = Mapping[Kind, Rate]


def kind_of(plan: Plan, stage: StageRef) -> Kind:
    """Return the kind of a stage."""
    if stage.stage == "select":
        return (stage.stage, plan.arm_of(stage.round).strategy_name)
    return (stage.stage,)


def embeds(plan: Plan, stage: StageRef) -> bool:
    """Return whether a stage runs the network on the pool, as scoring does: a cold start may."""
    reads = plan.arm_of(stage.round).strategy.reads_cold_start
    return stage.stage == "select" and stage.round.index == 0 and bool(reads & COLD_START_COLUMNS)


def uses_network(plan: Plan, stage: StageRef) -> bool:
    """Return whether a stage runs the network, which a GPU is for."""
    return stage.stage in {"train", "evaluate", "score"} or embeds(plan, stage)


@dataclass
class _Seen:
    """What stages of one kind took."""

    seconds: list[float] = field(default_factory=list)
    """Of an image or a step, of each stage."""
    threads: set[int] = field(default_factory=set)
    experiments: dict[str, None] = field(default_factory=dict)
    """Their names, in order."""

    def rate(self, own: str) -> Rate:
        """Return the rate, whose source names an experiment unless it is our own."""
        places = list(self.experiments)
        where = places[0] if len(places) == 1 else f"{len(places)} experiments, such as {places[0]}"
        if places == [own]:
            where = "this experiment"
        source = f"{where}, {threads_in_words(*self.threads)}"
        return Rate(median(self.seconds), source, len(self.seconds))


class _Collector:
    """Gathers what stages took, by their kinds."""

    def __init__(self) -> None:
        self._seen: dict[Kind, _Seen] = defaultdict(_Seen)

    def add(self, plan: Plan, workload: Workload, done: Iterable[tuple[StageRef, Marker]]) -> None:
        for stage, marker in done:
            amount = workload.amount(stage)
            if amount:
                seen = self._seen[kind_of(plan, stage)]
                seen.seconds.append(marker.seconds / amount)
                seen.threads.add(marker.threads)
                seen.experiments[stage.round.experiment] = None

    def rates(self, own: str) -> Rates:
        return {kind: seen.rate(own) for kind, seen in self._seen.items()}


def own_rates(plan: Plan, workload: Workload, done: Iterable[tuple[StageRef, Marker]]) -> Rates:
    """Return the rates by an experiment's own finished stages."""
    collector = _Collector()
    collector.add(plan, workload, done)
    return collector.rates(plan.config.experiment)


def rates_of_others(store: Store, config: Config, threads: int) -> Rates:
    """Return the rates by finished stages of other experiments on the same data set.

    Those of the detector count if the detector is the same, and what decides its speed. They have
    to have run with as many threads.
    """
    collector = _Collector()
    for name in experiment_names(store):
        other = None if name == config.experiment else _other(store, name, config.dataset.name)
        if other:
            plan, workload = other
            alike = {section: _is_alike(plan.config, config, section) for section in _SPEED}
            done = (
                (stage, marker)
                for stage, marker in _done_in(store, plan)
                if marker.threads == threads and _counts(stage, alike)
            )
            collector.add(plan, workload, done)
    return collector.rates(config.experiment)


def _other(store: Store, name: str, dataset: str) -> tuple[Plan, Workload] | None:
    """Return an experiment if it is on that data set, and can be read."""
    try:
        config = load_experiment(store, name, read_only=True)
        if config.dataset.name != dataset:
            return None
        plan = Plan(config)
        return plan, Workload(plan, stored_sizes(store, config))
    except (BadDataError, ConfigError, UsageError):  # it has nothing to tell; others may
        return None


def _done_in(store: Store, plan: Plan) -> Iterator[tuple[StageRef, Marker]]:
    markers = Markers(store)
    markers.refresh(plan.config.experiment)
    for stage in plan.stages():
        try:
            marker = markers.get(stage)
        except BadDataError:
            continue
        if marker:
            yield stage, marker


def _is_alike(one: Config, other: Config, section: str) -> bool:
    """Return whether two experiments have the settings in common that decide the speed."""

    def settings(config: Config) -> dict[str, object]:
        found = getattr(config, section)
        names = {*_SPEED[section], *(found.model_extra or {})}
        return {name: getattr(found, name) for name in names}

    return settings(one) == settings(other)


def _counts(stage: StageRef, alike: Mapping[str, bool]) -> bool:
    """Return whether a stage of another experiment takes as long as ours."""
    match stage.stage:
        case "train" | "score":
            return alike["detector"] and alike[stage.stage]
        case "evaluate":
            return alike["detector"]
        case "select" | "annotate" | "report":
            return True
