"""A whole experiment: create it, and run what is left of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from job import loop
from job.artifacts.experiment_file import (
    experiment_names,
    first_dataset,
    init_experiment,
    open_dataset,
)
from job.artifacts.held_out import find_draw
from job.artifacts.logs import keep_log
from job.artifacts.markers import Markers, join_partitions
from job.config.runtime import RuntimeConfig
from job.config.schema import Config
from job.data.dataset import Dataset
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.ingest import ingest
from job.detection.inference.image_cache import IMAGE_CACHE
from job.errors import ConfigError
from job.keys import ExperimentKeys, StageRef
from job.launch.local import LocalLauncher
from job.launch.people import People
from job.plan import Plan, Subset
from job.registries import check_registries
from job.runtime import log
from job.runtime.names import refuse_twin
from job.runtime.place import Place
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
    _refuse_twins(store, plan)
    name, synthetic = config.dataset.name, config.dataset.synthetic
    if synthetic:  # drawn already: nothing is done; made from something else: refused
        ingest(store, SyntheticSource(**synthetic.model_dump()), name)
    dataset = first_dataset(store, config)
    check_data(store, plan, dataset)
    begun = Plan(init_experiment(store, config, dataset.digest))
    _warn_of_equal_arms(begun)
    for arm, reason in begun.cannot_rank(len(dataset.classes)).items():
        log.get().warning("arm.cannot_rank", arm=arm, reason=reason)
    _warn_of_small_pool(config, open_dataset(store, begun.config, config.rounds - 1))
    return begun


def check_data(store: Store, plan: Plan, dataset: Dataset) -> None:
    """Refuse an experiment that this data set is not for.

    Raises:
        ConfigError: It would have no label or no test set, or a strategy needs groups that there
            are not.
    """
    check_labels(plan.config, dataset)
    if not store.exists(ExperimentKeys(plan.config.experiment).config):
        check_test(plan.config, dataset)
    _refuse_lack_of_groups(plan, dataset)


def check_labels(config: Config, dataset: Dataset) -> None:
    """Refuse an experiment whose first or last training would have no label.

    Raises:
        ConfigError: Round 0 labels nothing, and no labelled image came along; or the whole pool is
            to be labelled, and it has no ground truth.
    """
    name = dataset.manifest.name
    if not config.budget.of_round(0) and not dataset.given_ids():
        later = (
            "; labels that were added later count when their images are picked: `al-job export "
            "labels` writes those of an experiment, for --labelled"
        )
        message = (
            f"budget.initial: 0, but data set {name!r} has no labelled images that came along: "
            "select some in round 0, or ingest it under another name with --labelled"
            f"{later if dataset.corrections() else ''}"
        )
        raise ConfigError(message)
    if config.full_supervision and not dataset.has_ground_truth:
        message = (
            f"full_supervision: data set {name!r} has no ground truth of its pool to train on: "
            "leave it out"
        )
        raise ConfigError(message)


def check_test(config: Config, dataset: Dataset) -> None:
    """Refuse a new experiment that could measure nothing, unless it says that it does not want to.

    Raises:
        ConfigError: It has no test set, or its pool has too few images to draw one from.
    """
    name, pool = dataset.manifest.name, dataset.info("pool").num_images
    if config.test is None and not dataset.info("test").num_images:
        size = max(min(300, pool // 4), 1)
        message = (
            f"data set {name!r} has no test set to measure models on: `test: {{from: pool, size: "
            f"{size}}}` lets the annotator make one of images of its pool; `test: {{from: none}}` "
            "measures nothing"
        )
        raise ConfigError(message)
    for size in config.test_sizes[-1:]:
        found = find_draw(dataset, size)
        if found.test < size or not found.left:
            message = (
                f"test.size: {size}, but the pool of data set {name!r} has {pool} images, of which "
                f"{found.test} can be drawn and {found.left} are then left to select: draw fewer"
            )
            raise ConfigError(message)


def _refuse_twins(store: Store, plan: Plan) -> None:
    """Guard a new experiment against names that are one on a disk that ignores case."""
    name, names = plan.config.experiment, experiment_names(store)
    if name not in names:
        refuse_twin("experiment", name, names)
        arms = [arm.name for arm in plan.arms]
        for arm in arms:
            refuse_twin("arm", arm, arms)


def _warn_of_equal_arms(plan: Plan) -> None:
    first_of: dict[str, str] = {}
    for arm in plan.arms:
        first = first_of.setdefault(arm.selection.model_dump_json(), arm.name)
        if arm.is_compared and first != arm.name:
            reason = f"it has the strategy and the settings of {first}: both will pick the same"
            log.get().warning("arm.same_as_another", arm=arm.name, reason=reason)


def _refuse_lack_of_groups(plan: Plan, dataset: Dataset) -> None:
    wanting = [arm.name for arm in (plan.cold_start, *plan.arms) if arm.strategy.needs_groups]
    if wanting and not dataset.groups("pool"):
        message = (
            f"{wanting[0]}: its strategy needs groups, and the data set {dataset.keys.name!r} has "
            "none: ingest it again with --groups or --group-by, under another name"
        )
        raise ConfigError(message)


def _warn_of_small_pool(config: Config, last: Dataset) -> None:
    """Warn if the version of the data set that the last round uses has too few images."""
    num_images = last.info("pool").num_images - len(last.given_ids())
    if config.test_sizes:
        num_images -= find_draw(last, config.test_sizes[-1]).held_out
    wanted = config.budget.total(config.rounds)
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
    config.detector.refuse_missing_files()
    plan = init(store, Plan(config))
    ours = plan.with_runtime(runtime) if runtime else plan
    markers = Markers(store)
    launcher = make_launcher(store, ours, markers)
    part = plan.only(only) if only else plan
    with IMAGE_CACHE.sized(ours.config.runtime.image_cache_mb * 1_000_000):
        num_run = loop.run(part, launcher, lambda ref: markers.is_done(ref, plan.config))
    return Outcome(plan, num_run, markers)


def run_one_stage(  # noqa: PLR0913 - a stage, its store and its process
    store: Store,
    plan: Plan,
    ref: StageRef,
    partition: tuple[int, int] = (0, 1),
    *,
    annotator: str | None = None,
    place: Place | None = None,
) -> None:
    """Run one stage, or one partition of it, unless it is done.

    In a pod, the store keeps its log; of processes that train together, that of the first.

    Args:
        store: Where everything is.
        plan: The experiment.
        ref: The stage.
        partition: The partition (i, n) of the stage `score`.
        annotator: Who stands in for the configuration's annotator.
        place: This process's place among those that train together, if others started them.
    """
    run = partial(run_stage, annotator=annotator, place=place)
    if place and place.is_follower:
        with log.bound(rank=place.rank):
            _run_unless_done(store, plan, ref, partition, run)
        return
    with keep_log(store, ref):
        _run_unless_done(store, plan, ref, partition, run)


def run_and_wait(store: Store, plan: Plan, ref: StageRef) -> None:
    """Run a stage unless it is done; if people do it, stay until they have done enough."""
    people = People(store, plan)
    if not people.asks(ref) or Markers(store).is_done(ref, plan.config):
        run_one_stage(store, plan, ref)
        return
    people.start(ref)
    people.wait_until_done()


def _run_unless_done(
    store: Store,
    plan: Plan,
    ref: StageRef,
    partition: tuple[int, int],
    run: Callable[[Store, Plan, StageRef, tuple[int, int], Markers], object],
) -> None:
    markers = Markers(store)
    if not markers.is_done(ref, plan.config, partition):
        run(store, plan, ref, partition, markers)
        return
    log.get().info("stage.skip", stage=ref.stage, reason="done already")
    own = markers.at(ref.partition_done(*partition))
    if own and not markers.is_done(ref, plan.config):  # its process was killed right after
        join_partitions(store, ref, own, partition[1])
