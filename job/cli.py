"""The command line: arguments, log context, and the exit code of each kind of failure."""

import errno
import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from job import config as configuration
from job import experiment as experiments
from job import log
from job.data.coco import CocoSource
from job.data.download import download_voc
from job.data.ingest import ingest
from job.data.source import Source
from job.data.synthetic import SyntheticSource
from job.data.voc import VocSource
from job.errors import AlJobError, ConfigError, StopRequested, TemporaryError, UsageError
from job.keys import ExperimentKeys, Stage
from job.report.status import status_table
from job.report.write import table_of, write_report
from job.storage import Store, open_store

out = Console(highlight=False)

app = typer.Typer(
    name="al-job",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
ingest_app = typer.Typer(help="Turn a source into datasets/NAME.", no_args_is_help=True)
app.add_typer(ingest_app, name="ingest")

StoreOption = Annotated[
    str,
    typer.Option(
        "--store", envvar="AL_STORE", help="s3://bucket/prefix, file:///path or a directory."
    ),
]
ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", envvar="AL_EXPERIMENT", help="The experiment's name.")
]
ArmOption = Annotated[str | None, typer.Option("--arm", envvar="AL_ARM", help="The arm's name.")]
SeedOption = Annotated[int | None, typer.Option("--seed", envvar="AL_SEED", help="The seed.")]
RoundOption = Annotated[int, typer.Option("--round", min=0, help="The round, from 0.")]
NameOption = Annotated[str, typer.Option("--name", help="The data set's name in the store.")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="List bad images and boxes and leave them out.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the summary, write nothing.")]
STATE = "./state"
TYPER_USAGE = 2
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@ingest_app.command("voc")
def ingest_voc(
    root: Annotated[Path, typer.Option(help="Holds JPEGImages, Annotations and ImageSets.")],
    pool: Annotated[str, typer.Option(help="Such as train, or 2007/trainval+2012/trainval.")],
    test: Annotated[str, typer.Option(help="Such as test, or 2007/test.")],
    name: NameOption,
    *,
    download: Annotated[bool, typer.Option("--download", help="Fetch the archives.")] = False,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Ingest a data set in Pascal VOC's layout."""
    if download:
        download_voc(root, pool, test)
    _ingest(store, VocSource(root, pool, test), name, skip_bad=skip_bad, dry_run=dry_run)


@ingest_app.command("coco")
def ingest_coco(
    pool_images: Annotated[Path, typer.Option(help="A folder.")],
    pool_annotations: Annotated[Path, typer.Option(help="A JSON file of instances.")],
    test_images: Annotated[Path, typer.Option(help="A folder.")],
    test_annotations: Annotated[Path, typer.Option(help="A JSON file of instances.")],
    name: NameOption,
    *,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Ingest a data set in COCO's layout."""
    source = CocoSource(pool_images, pool_annotations, test_images, test_annotations)
    _ingest(store, source, name, skip_bad=skip_bad, dry_run=dry_run)


@ingest_app.command("synthetic")
def ingest_synthetic(
    name: NameOption,
    num_pool: Annotated[int, typer.Option(min=1, help="Images of the pool.")] = 400,
    num_test: Annotated[int, typer.Option(min=1, help="Images of the test set.")] = 200,
    size: Annotated[int, typer.Option(min=32, help="Width and height, in pixels.")] = 96,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    *,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Draw a data set."""
    settings = configuration.SyntheticConfig(
        num_pool=num_pool, num_test=num_test, size=size, seed=seed
    )
    _ingest(store, SyntheticSource(settings), name, skip_bad=False, dry_run=dry_run)


def _ingest(store: str, source: Source, name: str, *, skip_bad: bool, dry_run: bool) -> None:
    summary = ingest(open_store(store), source, name, skip_bad=skip_bad, dry_run=dry_run)
    out.print("\n".join(summary.lines()), markup=False, soft_wrap=True)


@app.callback(invoke_without_command=True)
def show_help(context: typer.Context) -> None:
    """Active learning for object detection: one stage per invocation, state in a store."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


ConfigArgument = Annotated[str, typer.Argument(help="A YAML file, or a preset's name.")]


@app.command()
def run(config: ConfigArgument, store: StoreOption = STATE) -> None:
    """Run a whole experiment in this process, go on with one that was stopped, and report."""
    opened = open_store(store)
    outcome = experiments.run(opened, configuration.load(config))
    name = outcome.config.experiment
    out.print(table_of(outcome.rows))
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


def _add_stage(stage: Stage, text: str) -> None:
    """Add the command of a stage."""

    def command(
        round_index: RoundOption,
        experiment: ExperimentOption = None,
        arm: ArmOption = None,
        seed: SeedOption = None,
        store: StoreOption = STATE,
    ) -> None:
        _run_stage(store, stage, round_index, experiment, arm, seed)

    app.command(stage, help=text)(command)


def _run_stage(
    store: str,
    stage: Stage,
    round_index: int,
    experiment: str | None,
    arm: str | None,
    seed: int | None,
    shard: tuple[int, int] = (0, 1),
) -> None:
    opened = open_store(store)
    config = experiments.choose_experiment(opened, experiment)
    ref = experiments.choose_stage(config, stage, round_index, arm, seed)
    experiments.run_once(opened, config, ref, shard)


_add_stage("select", "Select the images to label in a round.")
_add_stage("annotate-sim", "Label the selected images from the oracle, and count what it takes.")
_add_stage("train", "Train the detector on everything labelled so far.")
_add_stage("evaluate", "Measure the round's model on the test set.")


@app.command()
def score(
    round_index: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    shard: Annotated[
        str, typer.Option(envvar="AL_SHARD", help="i/n: the i-th share of n, from 0.")
    ] = "0/1",
    store: StoreOption = STATE,
) -> None:
    """Score every unlabelled image with the round's model."""
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    if not match or int(match[1]) >= int(match[2]):
        message = f"--shard {shard}: expected i/n with 0 <= i < n, such as 0/4"
        raise UsageError(message)
    share = int(match[1]), int(match[2])
    _run_stage(store, "score", round_index, experiment, arm, seed, share)


@app.command()
def status(experiment: ExperimentOption = None, store: StoreOption = STATE) -> None:
    """Show where every seed, arm and round stands."""
    opened = open_store(store)
    out.print(status_table(opened, experiments.choose_experiment(opened, experiment)))


@app.command()
def report(experiment: ExperimentOption = None, store: StoreOption = STATE) -> None:
    """Write results.csv and the learning curve of what has been evaluated so far."""
    opened = open_store(store)
    config = experiments.choose_experiment(opened, experiment)
    out.print(table_of(write_report(opened, config)))
    _tell_places(opened, config.experiment)


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
    for what, key in (("results", keys.results), ("curve", keys.report("curve.png"))):
        if store.exists(key):
            place = store.local_path(key) or f"{store.url}/{key}"
            out.print(f"{what}: {place}", markup=False, soft_wrap=True)


def main() -> NoReturn:
    """Run the command line, and end with the exit code that the caller can act on."""
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
