"""`al-job run` and `al-job init`: a whole experiment in this process."""

import os

from job import experiment
from job.artifacts.reader import Reader
from job.cli.options import (
    STATE,
    ConfigArgument,
    OnlyArmOption,
    OnlySeedOption,
    SetOption,
    StoreOption,
)
from job.cli.output import out, say, say_places
from job.config import loading
from job.plan import Plan, Subset
from job.report.build import table_of, update_report
from job.storage import open_store


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
    loaded = loading.load(config)
    runtime = loaded.runtime.changed(settings or (), os.environ)
    outcome = experiment.run(opened, loaded, part, runtime=runtime)
    name = outcome.plan.config.experiment
    out.print(table_of(update_report(opened, outcome.plan, Reader(opened, outcome.markers))))
    say(f"{name}: {f'{outcome.num_run} stages run' if outcome.num_run else 'nothing left to run'}")
    say_places(opened, name)


def init(config: ConfigArgument, store: StoreOption = STATE) -> None:
    """Create an experiment in the store without running it, to run its stages one by one.

    A synthetic data set is drawn if it is not there yet.
    """
    begun = experiment.init(open_store(store), Plan(loading.load(config))).config
    seed = f" --seed {begun.seeds[0]}" if len(begun.seeds) > 1 else ""
    where = f"--experiment {begun.experiment}{seed} --store {store}"
    say(f"{begun.experiment}: created; next: al-job select --round 0 {where}")
