"""`al-job advise`: which strategy to take, before labels are paid for."""

import os
from typing import Annotated

import typer

from job.advice.judgement import advise as judge
from job.advice.look import begin, find_moment, look
from job.advice.write import lines_of, to_json
from job.artifacts.experiment_file import load_experiment
from job.cli.choose import load_plan
from job.cli.options import STATE, SetOption, StoreOption
from job.cli.output import out, say
from job.config.dataset import DatasetConfig
from job.config.schema import Config
from job.errors import UsageError
from job.keys import check_name
from job.plan import Plan
from job.storage import Store, open_store


def advise(
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="The data set's name in the store; unset: that of the experiment.",
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            "--experiment", metavar="NAME", help="Go by what it has labelled and scored, too."
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="CONFIG",
            help="A YAML file or a preset: the detector and the budget of an experiment to come.",
        ),
    ] = None,
    arm: Annotated[
        str | None,
        typer.Option("--arm", help="Of the experiment, this arm; unset: the furthest one."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Of the experiment, this seed; unset: the furthest one."),
    ] = None,
    store: StoreOption = STATE,
    settings: SetOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether a selection should save labels, and which strategy to take. Nothing is changed.

    Without an experiment, images of the pool are looked at by the backbone: at most 5,000 of them,
    about a minute on one CPU core.
    """
    if not experiment and (arm or seed is not None):
        message = f"{'--arm' if arm else '--seed'}: it is one of an experiment's; add --experiment"
        raise UsageError(message)
    opened = open_store(store)
    wanted = _config(opened, dataset, experiment, config)
    plan = Plan(wanted).with_runtime(wanted.runtime.changed(settings or (), os.environ))
    moment = find_moment(opened, plan, arm, seed) if experiment else begin(plan)
    facts = look(opened, plan, moment, is_planned=bool(experiment or config))
    advice = judge(facts)
    if as_json:
        out.out(to_json(facts, advice).decode(), end="")
        return
    for line in lines_of(facts, advice):
        say(line)


def _config(
    store: Store, dataset: str | None, experiment: str | None, source: str | None
) -> Config:
    """Return the configuration of an experiment that has begun, of one to come, or a bare one.

    Raises:
        UsageError: The options name no data set, or two things at once.
    """
    if dataset:
        check_name("--dataset", dataset)
    if experiment and source:
        message = "--config: the experiment has a configuration already; leave one of them out"
        raise UsageError(message)
    if experiment:
        begun = load_experiment(store, experiment, read_only=True)
        if dataset not in {None, begun.dataset.name}:
            message = (
                f"--dataset {dataset}: {experiment} is on the data set {begun.dataset.name!r}; "
                "leave one of them out"
            )
            raise UsageError(message)
        return begun
    if source:
        to_come = load_plan(source).config
        named = DatasetConfig(name=dataset) if dataset else to_come.dataset
        return to_come.model_copy(update={"dataset": named})
    if not dataset:
        message = "which data set? Give --dataset, --experiment or --config"
        raise UsageError(message)
    bare = {"experiment": "advice", "dataset": {"name": dataset}, "arms": {"recommended": {}}}
    return Config.model_validate(bare)
