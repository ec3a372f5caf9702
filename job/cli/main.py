"""`al-job`: the table of commands, signals, and the exit code of each kind of failure."""

import errno
import os
import signal
import sys
import tempfile
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from job.cli.lazy_command import LazyCommand, make_app
from job.errors import AlJobError, ConfigError, StopRequested, TemporaryError, UsageError
from job.runtime import log
from job.runtime.process_setup import prepare_process
from job.runtime.signals import INTERRUPTED, SIGNALS, exit_code_of, ignore_signals
from job.runtime.tables import plain

COMMANDS = {
    "plan": ("job.cli.plan:plan", "Show what an experiment will take."),
    "run": ("job.cli.run:run", "Run an experiment, or resume it."),
    "init": ("job.cli.run:init", "Create an experiment without running it."),
    "select": ("job.cli.stages:select", "Select the images that a round will label."),
    "annotate": ("job.cli.stages:annotate", "Annotate the images that a round selects."),
    "train": ("job.cli.stages:train", "Train the detector on the labelled images."),
    "evaluate": ("job.cli.stages:evaluate", "Measure a round's model on the test set."),
    "score": ("job.cli.stages:score", "Make the score record of a round's model."),
    "status": ("job.cli.status:status", "Show where each round of an experiment is."),
    "logs": ("job.cli.status:logs", "Show the logs of a stage's attempts."),
    "serve": ("job.cli.serve:serve", "Show the experiments in a browser."),
    "report": ("job.cli.report:app", "Write an experiment's results and report."),
    "advise": ("job.cli.advise:advise", "Say which strategy to take, and if it pays."),
    "track": ("job.cli.track:track", "Show curves in MLflow or TensorBoard."),
    "replay": ("job.cli.replay:replay", "Show what other strategies would pick."),
    "export": ("job.cli.export:app", "Write labels, picks or a model for others."),
    "predict": ("job.cli.predict:predict", "Find objects in images with a model."),
    "import": ("job.cli.import_labels:app", "Take labels of picks from other tools."),
    "ingest": ("job.cli.ingest:app", "Turn a source of images into a data set."),
    "move": ("job.cli.move:move", "Use a later version of the data from now on."),
    "prune": ("job.cli.cleaning:prune", "Remove models and leftovers nobody needs."),
    "delete": ("job.cli.cleaning:delete", "Delete an experiment; its data set stays."),
    "detectors": ("job.cli.detectors:detectors", "List the detectors, or show one of them."),
    "doctor": ("job.cli.doctor:doctor", "Check store, device, disk and weights."),
    "drive": ("job.cli.cluster:drive", "Run an experiment as Jobs of a cluster."),
    "render": ("job.cli.cluster:render", "Print a round's Jobs as YAML."),
    "cancel": ("job.cli.cluster:cancel", "Stop a release's driver and its stages."),
    "resume": ("job.cli.cluster:resume", "Resume a release that was cancelled."),
    "annotate-sim": ("job.cli.stages:annotate_sim", "Annotate the picks with the oracle."),
}
"""From a command's name to its place and to its short help, a sentence of at most 45 characters."""
HIDDEN = frozenset({"annotate-sim"})
RENAMED_COMMANDS = {"begin": "init"}
RENAMED_OPTIONS = {
    ("al-job score", "--shard"): "--partition",
    ("al-job report", "--compare"): "the subcommand `al-job report compare`",
    ("al-job report", "--from-tutorial"): "the subcommand `al-job report tutorial`",
}
"""From a command and its option of an older version to what takes its place."""

_LEFT_OUT = ("torch", "torchvision")
_NO_TORCH = (
    "the slim container image leaves it out: take the whole one for this command "
    "(for a stage of the chart: stages.STAGE.image)"
)

app = make_app(name="al-job")


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"al-job {version('al-voc')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def al_job(
    context: typer.Context,
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Active learning for object detection: one stage per invocation, state in a store."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def command_line() -> TyperGroup:
    """Return `al-job` with all of its commands, of which none is imported yet."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101 - an application with a callback is one
    for name, (place, short_help) in COMMANDS.items():
        group.add_command(LazyCommand(name, place, short_help, hidden=name in HIDDEN))
    return group


def main() -> NoReturn:
    """Run the command line, and end with the exit code that the caller can act on."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        prepare_process()
        log.configure(json=os.environ.get("AL_LOG") == "json" or None)
        _refuse_old_command(sys.argv[1:])
        code = command_line().main(prog_name="al-job", standalone_mode=False)
        ignore_signals()
        sys.exit(code)
    except (AlJobError, StopRequested) as error:
        ignore_signals()
        _end(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LEFT_OUT:
            raise
        _end(f"{error}: {_NO_TORCH}", ConfigError.exit_code)
    except typer.TyperException as error:
        _end(_usage_message(error), UsageError.exit_code)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        where = error.filename or tempfile.gettempdir()
        _end(f"{where}: the disk is full: free some space and retry", TemporaryError.exit_code)


def _refuse_old_command(arguments: list[str]) -> None:
    """Answer a command of an older version with its name of today."""
    for command in RENAMED_COMMANDS.keys() & arguments[:1]:
        message = f"`al-job {command}` was renamed: use `al-job {RENAMED_COMMANDS[command]}`"
        raise UsageError(message)


def _usage_message(error: typer.TyperException) -> str:
    """Return one line for arguments that Typer refuses, with the closest name if there is one."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "al-job"
    if new := RENAMED_OPTIONS.get((command, getattr(error, "option_name", ""))):
        return f"{error.option_name} was renamed: use {new}"  # type: ignore[attr-defined]
    message = " ".join(error.format_message().replace("Value error, ", "").split())
    if close := getattr(error, "possibilities", None):
        message = f"{error.message}. Did you mean {' or '.join(close)}?"
    end = "" if message.endswith((".", "?")) else "."
    return f"{message}{end} See `{command} --help`"


def _end(message: str, exit_code: int) -> NoReturn:
    log.console.print(f"al-job: {plain(message)}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(exit_code)


def _stop(number: int, _: object) -> NoReturn:
    raise StopRequested(INTERRUPTED, exit_code_of(number))
