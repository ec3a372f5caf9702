"""A whole experiment: create it, and run what is left of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from job import loop
from job.artifacts.experiment_file import init_experiment
from job.artifacts.logs import keep_log
from job.artifacts.markers import Markers, join_partitions
from job.config.runtime import RuntimeConfig
from job.config.schema import Config
from job.data.dataset import Dataset
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.ingest import ingest
from job.detection.inference.image_cache import IMAGE_CACHE
from job.errors import ConfigError
from job.keys import StageRef
from job.launch.local import LocalLauncher
from job.plan import Plan, Subset
from job.registries import check_registries
from job.runtime import log
from job.stages import run_stage
from job.storage import Store


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    plan: Plan
    """The experiment's, as it is stored."""
    num_run: int
    """Stages that ran; 0 if all were done."""
    markers: Markers
    """Those that the run has read."""


def init(store: Store, plan: Plan) -> Plan:
    """Create an experiment, or check that it may continue.

    No stage runs. A synthetic data set is drawn if the store lacks it.

    Returns:
        The plan of the configuration as it is stored.

    Raises:
        ConfigError: A registry lacks what the configuration names, or the experiment began with
            another configuration.
        UsageError: The data set is not there.
    """
    config = plan.config
    check_registries(config)
    name, synthetic = config.dataset.name, config.dataset.synthetic
    if synthetic:  # drawn already: nothing is done; made from something else: refused
        ingest(store, SyntheticSource(**synthetic.model_dump()), name)
    dataset = Dataset.open(store, name)
    _warn_of_small_pool(config, dataset.info("pool").num_images)
    _refuse_lack_of_groups(plan, dataset)
    return Plan(init_experiment(store, config, dataset.digest))


def _refuse_lack_of_groups(plan: Plan, dataset: Dataset) -> None:
    wanting = [arm.name for arm in (plan.cold_start, *plan.arms) if arm.strategy.needs_groups]
    if wanting and not dataset.groups("pool"):
        message = (
            f"{wanting[0]}: its strategy needs groups, and the data set {dataset.keys.name!r} has "
            "none: ingest it again with --groups or --group-by, under another name"
        )
        raise ConfigError(message)


def _warn_of_small_pool(config: Config, num_images: int) -> None:
    wanted = config.budget.initial + config.budget.per_round * (config.rounds - 1)
    if wanted > num_images:
        reason = (
            f"the pool has {num_images} images, and {config.rounds} rounds want {wanted}: "
            "the last rounds label fewer images or none"
        )
        log.get().warning("budget.beyond_pool", reason=reason)


def run(
    store: Store,
    config: Config,
    only: Subset | None = None,
    make_launcher: Callable[[Store, Plan, Markers], loop.Launcher] = LocalLauncher,
    runtime: RuntimeConfig | None = None,
) -> Outcome:
    """Run every stage of an experiment that is not done.

    Args:
        store: Where everything is.
        config: The experiment.
        only: The part of it to run; the rest stays as it is.
        make_launcher: Returns what runs the stages; by default, this process runs them.
        runtime: The settings of this invocation; by default, those of the configuration.
    """
    kind, place = config.detector.backbone_place
    if kind == "file" and not Path(place).is_file():
        message = f"detector.backbone: {place}: no such file; name another, or set hub or scratch"
        raise ConfigError(message)
    plan = init(store, Plan(config))
    ours = plan.with_runtime(runtime) if runtime else plan
    markers = Markers(store)
    launcher = make_launcher(store, ours, markers)
    part = plan.only(only) if only else plan
    with IMAGE_CACHE.sized(ours.config.runtime.image_cache_mb * 1_000_000):
        num_run = loop.run(part, launcher, lambda ref: markers.is_done(ref, plan.config))
    return Outcome(plan, num_run, markers)


def run_once(store: Store, plan: Plan, ref: StageRef, partition: tuple[int, int]) -> None:
    """Run one stage, or one partition of it, unless it is done.

    In a pod, the store keeps its log.
    """
    with keep_log(store, ref):
        _run_once(store, plan, ref, partition)


def _run_once(store: Store, plan: Plan, ref: StageRef, partition: tuple[int, int]) -> None:
    markers = Markers(store)
    if not markers.is_done(ref, plan.config, partition):
        run_stage(store, plan, ref, partition, markers=markers)
        return
    log.get().info("stage.skip", stage=ref.stage, reason="done already")
    own = markers.at(ref.partition_done(*partition))
    if own and not markers.is_done(ref, plan.config):  # its process was killed right after
        join_partitions(store, ref, own, partition[1])
