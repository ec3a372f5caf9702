"""The command line: arguments, and the exit code of each kind of failure."""

import errno
import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from job.cli import cluster, ingest, replay, stages
from job.cli import status as progress
from job.cli.lazy import lazy
from job.cli.options import (
    STATE,
    ConfigArgument,
    ExperimentOption,
    OnlyArmOption,
    OnlySeedOption,
    StoreOption,
    out,
)
from job.errors import AlJobError, ConfigError, StopRequested, TemporaryError, UsageError
from job.keys import ExperimentKeys
from job.runtime import log
from job.runtime.process_setup import keep_freed_memory
from job.storage import Store, open_store

if TYPE_CHECKING:
    from job import experiment as experiments
    from job import plan as planning
    from job.cli import choose as choosing
    from job.config import loading as configuration
    from job.report import build as reports
else:
    configuration = lazy("job.config.loading")
    experiments = lazy("job.experiment")
    planning = lazy("job.plan")
    choosing = lazy("job.cli.choose")
    reports = lazy("job.report.build")

app = typer.Typer(
    name="al-job",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(ingest.app, name="ingest")
TYPER_USAGE = 2
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@app.callback(invoke_without_command=True)
def show_help(context: typer.Context) -> None:
    """Active learning for object detection: one stage per invocation, state in a store."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def run(
    config: ConfigArgument,
    store: StoreOption = STATE,
    only_arm: OnlyArmOption = None,
    only_seed: OnlySeedOption = None,
) -> None:
    """Run a whole experiment in this process, go on with one that was stopped, and report."""
    opened = open_store(store)
    part = planning.Subset(tuple(only_arm or ()), tuple(only_seed or ()))
    outcome = experiments.run(opened, configuration.load(config), part)
    name = outcome.config.experiment
    out.print(reports.table_of(reports.update_report(opened, outcome.config)))
    done = f"{outcome.num_run} stages run" if outcome.num_run else "everything was done already"
    out.print(f"{name}: {done}", markup=False)
    _tell_places(opened, name)


@app.command()
def begin(config: ConfigArgument, store: StoreOption = STATE) -> None:
    """Make an experiment without running anything, to run its stages one by one."""
    begun = experiments.begin(open_store(store), configuration.load(config))
    seed = f" --seed {begun.seeds[0]}" if len(begun.seeds) > 1 else ""
    where = f"--experiment {begun.experiment}{seed} --store {store}"
    message = f"{begun.experiment}: begun; next: al-job select --round 0 {where}"
    out.print(message, markup=False, soft_wrap=True)


app.add_typer(stages.app)
app.add_typer(progress.app)
app.add_typer(replay.app)
app.add_typer(cluster.app)


@app.command()
def report(
    experiment: ExperimentOption = None,
    store: StoreOption = STATE,
    setup_cost: Annotated[
        float | None, typer.Option(min=0, help="Money to set active learning up: does it pay?")
    ] = None,
    from_tutorial: Annotated[
        Path | None,
        typer.Option(help="Instead: reproduce the 2020 tutorial's analysis from its raw results."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(help="Instead: experiments of one data set side by side, as exp1,exp2."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Where that goes; unset: ./tutorial-report or ./side-by-side."),
    ] = None,
) -> None:
    """Write results.csv and the report of what has been evaluated so far."""
    if from_tutorial:
        _report_tutorial(from_tutorial, folder or Path("tutorial-report"))
        return
    opened = open_store(store)
    if compare:
        _report_side_by_side(opened, compare.split(","), folder or Path("side-by-side"))
        return
    config = choosing.choose_experiment(opened, experiment)
    rows = reports.write_report(opened, config, setup_cost=setup_cost)
    if not rows:
        message = (
            f"{config.experiment}: no round is evaluated yet, so there is nothing to report; "
            "`al-job status` shows what is done"
        )
        raise UsageError(message)
    out.print(reports.table_of(rows))
    _tell_places(opened, config.experiment)


def _report_tutorial(results: Path, folder: Path) -> None:
    from job.tutorial import analysis as tutorial_analysis  # noqa: PLC0415
    from job.tutorial import figures as tutorial_figures
    from job.tutorial import page as tutorial_page

    analysis = tutorial_analysis.analyse(results)
    _write(folder, tutorial_page.tutorial_page(analysis).files())
    for sentence in analysis.findings:
        out.print(sentence, markup=False)
    out.print(tutorial_figures.table_of(analysis.rows))
    out.print(f"report: {folder / 'index.html'}", markup=False, soft_wrap=True)


def _report_side_by_side(store: Store, names: list[str], folder: Path) -> None:
    from job.report import compare as side_by_side  # noqa: PLC0415 - matplotlib: nobody else should wait

    configs = [choosing.choose_experiment(store, name) for name in names]
    _write(folder, side_by_side.comparison_page(side_by_side.read_sides(store, configs)).files())
    out.print(f"report: {folder / 'index.html'}", markup=False, soft_wrap=True)


def _write(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files:
        (folder / name).write_bytes(data)


@app.command()
def doctor(
    config: Annotated[str | None, typer.Argument(help="Also check what it needs.")] = None,
    store: StoreOption = STATE,
) -> None:
    """Check the store, the device, the disk and the weights, and say what to do."""
    from job.doctor import examine  # noqa: PLC0415 - it loads torch

    findings = []
    for finding in examine(open_store(store), configuration.load(config) if config else None):
        findings.append(finding)
        mark = "ok  " if finding.ok else "FAIL"
        advice = "" if finding.ok or not finding.advice else f": {finding.advice}"
        out.print(f"{mark} {finding.name}: {finding.detail}{advice}", markup=False, soft_wrap=True)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(ConfigError.exit_code)


def _tell_places(store: Store, experiment: str) -> None:
    keys = ExperimentKeys(experiment)
    for what, key in {"results": keys.results, "report": keys.page}.items():
        if store.exists(key):
            place = store.local_path(key) or f"{store.url}/{key}"
            out.print(f"{what}: {place}", markup=False, soft_wrap=True)


def main() -> NoReturn:
    """Run the command line, and end with the exit code that the caller can act on."""
    keep_freed_memory()
    for number in SIGNALS:
        signal.signal(number, _stop)
    log.configure(json=os.environ.get("AL_LOG") == "json" or None)
    try:
        app()
    except (AlJobError, StopRequested) as error:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # it is ending already
        _tell(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _tell(f"{error.filename or tempfile.gettempdir()}: the disk is full: make room, try again")
        sys.exit(TemporaryError.exit_code)
    except SystemExit as end:
        # Typer has told what is wrong with the arguments; its own exit code for that is 2.
        sys.exit(UsageError.exit_code if end.code == TYPER_USAGE else end.code)
    sys.exit(0)


def _tell(message: str) -> None:
    log.console.print(f"al-job: {message}", markup=False, highlight=False, soft_wrap=True)


def _stop(*_: object) -> NoReturn:
    message = "asked to stop; the same command goes on from here"
    raise StopRequested(message)
