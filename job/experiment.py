"""A whole experiment: begin it, and run what is left of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from job import loop
from job.acquisition.registry import complete, make_strategy
from job.acquisition.strategy import Strategy
from job.annotators import find_annotator
from job.artifacts.experiments import begin_experiment
from job.artifacts.logs import _kept_log
from job.artifacts.markers import Markers, join_partitions
from job.config.experiment import Config
from job.data.dataset import Dataset
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.ingest import ingest
from job.errors import ConfigError
from job.keys import StageRef
from job.launch.local import LocalLauncher
from job.plan import Subset
from job.runtime import log
from job.selection import COLD_START_COLUMNS
from job.stages import run_stage
from job.storage import Store


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    config: Config
    num_run: int
    """Stages that ran; 0 if all were done."""


def begin(store: Store, config: Config) -> Config:
    """Begin an experiment, or take it up: nothing is run but, where asked for, the drawing of data.

    Returns:
        The configuration, with the data set's digest.

    Raises:
        ConfigError: A strategy or the annotator is wrong, or the experiment began with another
            configuration.
        UsageError: The data set is not there.
    """
    config = complete_arms(config)
    find_annotator(config.annotation.annotator)
    name, synthetic = config.dataset.name, config.dataset.synthetic
    if synthetic:  # drawn already: nothing is done; made from something else: refused
        ingest(store, SyntheticSource(synthetic), name)
    dataset = Dataset.open(store, name)
    wanted = sum(config.budget_of(index) for index in range(config.rounds))
    if wanted > dataset.info("pool").num_images:
        log.get().warning("budget.beyond_pool", wanted=wanted, pool=dataset.info("pool").num_images)
    return begin_experiment(store, config, dataset.digest)


def complete_arms(config: Config) -> Config:
    """Return the configuration with every setting of every strategy written out.

    Raises:
        ConfigError: A strategy or one of its settings is wrong, or round 0 would need scores.
    """
    selections = {"cold_start": config.cold_start}
    selections |= {f"arms.{name}": arm for name, arm in config.arms.items()}
    for where, arm in selections.items():
        try:
            selections[where] = complete(arm)
        except ConfigError as error:
            message = f"{where}: {error}"
            raise ConfigError(message) from error
        _check_columns(where, make_strategy(arm), config)
    cold_start, *arms = selections.values()
    named = dict(zip(config.arms, arms, strict=True))
    return config.model_copy(update={"cold_start": cold_start, "arms": named})


def _check_columns(where: str, strategy: Strategy, config: Config) -> None:
    """Refuse a strategy that reads what will not be there."""
    reads = strategy.columns | strategy.labelled_columns
    if where == "cold_start" and (missing := strategy.columns - COLD_START_COLUMNS):
        message = (
            f"cold_start: {config.cold_start.strategy} needs scores ({', '.join(sorted(missing))}),"
            " and round 0 has none: choose one that needs none or embeddings only, such as random "
            "or coreset"
        )
        raise ConfigError(message)
    if "box_features" in reads and not config.score.box_features:
        message = f"{where}: the strategy reads box_features: set score.box_features to true"
        raise ConfigError(message)


def run(
    store: Store,
    config: Config,
    only: Subset | None = None,
    make_launcher: Callable[[Store, Config], loop.Launcher] = LocalLauncher,
) -> Outcome:
    """Run every stage of an experiment that is not done.

    Args:
        store: Where everything is.
        config: The experiment.
        only: The part of it to run; the rest stays as it is.
        make_launcher: Returns what runs the stages; by default, this process runs them.
    """
    kind, place = config.detector.backbone_place
    if kind == "file" and not Path(place).is_file():
        message = f"detector.backbone: {place}: no such file; name another, or say hub or scratch"
        raise ConfigError(message)
    config = begin(store, config)
    markers = Markers(store)
    launcher = make_launcher(store, config)
    part = only.of(config) if only else config
    num_run = loop.run(part, launcher, lambda ref: markers.is_done(ref, config))
    return Outcome(config, num_run)


def run_once(store: Store, config: Config, ref: StageRef, partition: tuple[int, int]) -> None:
    """Run one stage, or one share of it, unless it is done; in a pod, the store keeps its log."""
    with _kept_log(store, ref):
        _run_once(store, config, ref, partition)


def _run_once(store: Store, config: Config, ref: StageRef, partition: tuple[int, int]) -> None:
    markers = Markers(store)
    if not markers.is_done(ref, config, partition):
        run_stage(store, config, ref, partition)
        return
    log.get().info("stage.skip", stage=ref.stage, reason="done already")
    own = markers.at(ref.partition_done(*partition))
    if own and not markers.is_done(ref, config):  # who did this share was killed right after
        join_partitions(store, ref, own, partition[1])
