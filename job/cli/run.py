"""`al-job run` and `al-job init`: a whole experiment in this process."""

import os

from job import experiment
from job.artifacts.markers import Markers
from job.artifacts.reader import Reader, command_of
from job.cli.choose import load_plan
from job.cli.options import (
    STATE,
    ConfigArgument,
    OnlyArmOption,
    OnlySeedOption,
    SetOption,
    StoreOption,
)
from job.cli.output import say, say_places, show
from job.hold import refuse_while_held
from job.keys import ExperimentKeys
from job.launch.local import LocalLauncher
from job.plan import Plan, Subset
from job.report.build import table_of, update_report
from job.report.wording import without_labels
from job.storage import Store, open_store
from job.tracking.following import Between
from job.tracking.tracker import trackers_of


def run(
    config: ConfigArgument,
    store: StoreOption = STATE,
    only_arm: OnlyArmOption = None,
    only_seed: OnlySeedOption = None,
    settings: SetOption = None,
) -> None:
    """Run an experiment in this process, and write its report.

    What is done already is skipped, so the same command resumes an experiment that was stopped.
    """
    opened = open_store(store)
    part = Subset(tuple(only_arm or ()), tuple(only_seed or ()))
    wanted = load_plan(config).config
    runtime = wanted.runtime.changed(settings or (), os.environ)
    refuse_while_held(opened, wanted.experiment)
    trackers = trackers_of(opened, wanted.experiment, wanted.tracking)

    def launcher(store: Store, plan: Plan, markers: Markers) -> Between:
        return Between(LocalLauncher(store, plan, markers), trackers)

    outcome = experiment.run(opened, wanted, part, launcher, runtime)
    name = outcome.plan.config.experiment
    rows = update_report(opened, outcome.plan, Reader(opened, outcome.markers))
    for tracker in trackers:
        tracker.try_update(is_last=True)
    show(table_of(rows))
    if note := without_labels(rows):
        say(note)
    say(f"{name}: {f'{outcome.num_run} stages run' if outcome.num_run else 'nothing left to run'}")
    say_places(opened, name)


def init(config: ConfigArgument, store: StoreOption = STATE) -> None:
    """Create an experiment in the store without running it, to run its stages one by one.

    A synthetic data set is drawn if it is not there yet.
    """
    opened = open_store(store)
    wanted = load_plan(config)
    name = wanted.config.experiment
    is_new = not opened.exists(ExperimentKeys(name).config)
    plan = experiment.init(opened, wanted)
    markers = Markers(opened)
    left = (stage for stage in plan.stages() if not markers.is_done(stage, plan.config))
    first = next(left, None)
    advice = f"next: {command_of(opened, first)}" if first else "all of its stages are done"
    say(f"{name}: {'created' if is_new else 'there already'}; {advice}")
