"""`al-job doctor`: checks before a run."""

import os
from typing import Annotated

import typer

from job.cli.options import STATE, SetOption, StoreOption
from job.cli.output import say
from job.config import loading
from job.config.runtime import RuntimeConfig
from job.doctor import examine
from job.errors import ConfigError
from job.storage import open_store


def doctor(
    config: Annotated[
        str | None,
        typer.Argument(metavar="CONFIG", help="A YAML file or a preset; what it needs is checked."),
    ] = None,
    store: StoreOption = STATE,
    settings: SetOption = None,
) -> None:
    """Check the store, the device, the disk and the weights, and say what to do."""
    loaded = loading.load(config) if config else None
    runtime = loaded.runtime if loaded else RuntimeConfig()
    runtime = runtime.changed(settings or (), os.environ)
    is_well = True
    for finding in examine(open_store(store), runtime, loaded):
        is_well = is_well and finding.ok
        advice = "" if finding.ok or not finding.advice else f": {finding.advice}"
        say(f"{'ok  ' if finding.ok else 'FAIL'} {finding.name}: {finding.detail}{advice}")
    if not is_well:
        raise typer.Exit(ConfigError.exit_code)
