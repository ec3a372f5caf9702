"""What is done of an experiment, what is left, and what that takes."""

from collections.abc import Collection
from dataclasses import dataclass

from job.artifacts.experiment_file import config_to_store, first_dataset
from job.artifacts.markers import Markers
from job.artifacts.reader import Reader
from job.config.runtime import RuntimeConfig
from job.config.schema import Config
from job.data.versions import find_latest
from job.estimate.data import DataOutlook, stored, undrawn
from job.estimate.device import Devices, devices_of
from job.estimate.labels import LabelOutlook
from job.estimate.rates import Kind, Rates, kind_of, own_rates, rates_of_others, uses_network
from job.estimate.times import TimeOutlook
from job.estimate.workload import Workload
from job.experiment import check_data
from job.keys import StageRef
from job.plan import Plan
from job.registries import check_registries
from job.storage import Store


@dataclass(frozen=True)
class Outlook:
    """What an experiment has ahead of it."""

    plan: Plan
    data: DataOutlook
    workload: Workload
    times: TimeOutlook
    labels: LabelOutlook
    devices: Devices

    @property
    def hours_left(self) -> float | None:
        """Hours of GPUs, or of CPU threads; see `TimeOutlook.total`."""
        if self.times.total(self.times.left) is None:
            return None
        return sum(
            self.devices.hours(self.times.seconds(stage), trains=stage.stage == "train")
            for stage in self.times.left
            if self.devices.kind == "CPU" or uses_network(self.plan, stage)
        )

    @property
    def picked_and_wanted(self) -> tuple[int, int]:
        """How many images an arm selects in all of its rounds, and how many its budget is."""
        config = self.plan.config
        every = self.workload.selectable(config.rounds - 1)
        wanted = config.budget.total(config.rounds)
        return min(every, wanted), wanted


def look(store: Store, wanted: Config, runtime: RuntimeConfig, *, probes: bool = False) -> Outlook:
    """Return what an experiment has ahead of it. Nothing is run, and nothing is written.

    Args:
        store: Where it is, or will be.
        wanted: What `al-job run` would be given.
        runtime: The settings of this invocation.
        probes: Whether a rate that no finished stage tells is measured here, for about a minute.

    Raises:
        ConfigError: It is refused, as `al-job run` would refuse it.
        UsageError: The store does not hold the data set.
    """
    check_registries(wanted)
    plan, data = _read(store, wanted)
    plan = plan.with_runtime(runtime)
    reader = Reader.listed(store, plan.config.experiment)
    done = _done(plan, reader.markers)
    workload = Workload(plan, data.sizes_at)
    rates = _rates(store, plan, workload, done, reader.markers)
    if probes and (missing := _kinds(plan, workload, done) - rates.keys()):
        from job.estimate.probe import probe  # noqa: PLC0415 - loads torch, which takes seconds

        rates = {**probe(store, plan.config, missing), **rates}
    return Outlook(
        plan=plan,
        data=data,
        workload=workload,
        times=TimeOutlook(plan, workload, rates, done),
        labels=LabelOutlook(plan, workload, data.boxes, done, reader),
        devices=devices_of(runtime),
    )


def _read(store: Store, wanted: Config) -> tuple[Plan, DataOutlook]:
    """Return the plan as it is stored or will be, and what its data set says."""
    name, synthetic = wanted.dataset.name, wanted.dataset.synthetic
    if synthetic and find_latest(store, name) is None:
        return Plan(Plan(wanted).written_out()), undrawn(name, synthetic, wanted)
    dataset = first_dataset(store, wanted)
    check_data(store, Plan(wanted), dataset)
    config = config_to_store(store, wanted, dataset.digest)
    return Plan(config), stored(store, config)


def _done(plan: Plan, markers: Markers) -> frozenset[StageRef]:
    """Return the stages that a run would skip."""
    done: set[StageRef] = set()
    for stage in plan.stages():
        if done.issuperset(plan.needs(stage)) and markers.is_done(stage, plan.config):
            done.add(stage)
    return frozenset(done)


def _kinds(plan: Plan, workload: Workload, done: Collection[StageRef]) -> set[Kind]:
    """Return the kinds of the stages that are left and have something to do."""
    left = (each for each in plan.stages() if each not in done)
    return {kind_of(plan, each) for each in left if workload.amount(each)}


def _rates(
    store: Store, plan: Plan, workload: Workload, done: Collection[StageRef], markers: Markers
) -> Rates:
    """Return what finished stages tell: those of the experiment itself, or else of others."""
    own = own_rates(
        plan,
        workload,
        [(stage, marker) for stage in done if (marker := markers.get(stage))],
    )
    if not _kinds(plan, workload, done) - own.keys():
        return own
    threads = plan.config.runtime.num_threads()
    return {**rates_of_others(store, plan.config, threads), **own}
