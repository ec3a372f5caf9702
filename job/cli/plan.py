"""`al-job plan`: what an experiment will take, before it is run."""

import os
from typing import Annotated

import typer

from job.artifacts.experiment_file import experiment_names, load_experiment
from job.cli.choose import load_plan
from job.cli.options import STATE, SetOption, StoreOption
from job.cli.output import out, say, show
from job.config import loading
from job.config.schema import Config
from job.errors import ConfigError
from job.estimate.outlook import look
from job.estimate.write import remarks_of, tables_of, to_json
from job.runtime.names import suggestion
from job.storage import Store, open_store


def plan(
    config: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG", help="A YAML file, a preset, or an experiment that has begun."
        ),
    ],
    store: StoreOption = STATE,
    settings: SetOption = None,
    *,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Measure here, for a minute, what no finished stage tells."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what an experiment will take: stages, time, labels and money. Nothing is run."""
    opened = open_store(store)
    wanted = _load(opened, config)
    runtime = wanted.runtime.changed(settings or (), os.environ)
    outlook = look(opened, wanted, runtime, probes=probe)
    if as_json:
        out.out(to_json(outlook).decode(), end="")
        return
    for table in tables_of(outlook):
        show(table)
    for remark in remarks_of(outlook):
        say(remark)


def _load(store: Store, source: str) -> Config:
    """Return a configuration from a file or a preset, or else of the experiment of that name."""
    if loading.is_there(source):
        return load_plan(source).config
    experiments = experiment_names(store)
    if source in experiments:
        return load_experiment(store, source)
    advice = suggestion(source, [*loading.preset_names(), *experiments])
    message = f"{source}: no such file, preset, or experiment of {store.url}; {advice}"
    raise ConfigError(message)
