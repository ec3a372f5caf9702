"""`al-job import`: what people drew in a tool that this program does not talk to."""

from pathlib import Path
from typing import Annotated

import typer

from job.annotation.imports.layouts import AnswerFile, read_answers
from job.annotation.imports.taking import SILENT, Taken, take
from job.artifacts.round_reader import RoundReader
from job.cli.choose import choose_experiment, choose_stage
from job.cli.lazy_command import make_app
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    RoundOption,
    SeedOption,
    StoreOption,
)
from job.cli.output import say
from job.errors import UsageError
from job.runtime.paths import user_path
from job.storage import open_store

app = make_app(add_completion=False)


@app.callback(invoke_without_command=True)
def import_(context: typer.Context) -> None:
    """Take what people drew in another tool."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


@app.command()
def labels(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            parser=user_path,
            help="What the tool has exported: a file, a zip archive or a folder.",
        ),
    ],
    round_name: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    pixels_from: Annotated[
        int | None,
        typer.Option(
            min=0, max=1, help="The number of the first pixel in Pascal VOC: 0, or 1 as in VOC."
        ),
    ] = None,
    refuse: Annotated[
        list[str] | None,
        typer.Option(metavar="IMAGE", help="An image that cannot be labelled (repeatable)."),
    ] = None,
    *,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete",
            help="People have looked at every image in the files: without boxes, it is empty.",
        ),
    ] = False,
) -> None:
    """Take the labels of a round's picks from CVAT, COCO, VOC, YOLO, Label Studio or Kili files."""
    opened = open_store(store)
    plan = choose_experiment(opened, experiment, read_only=True)
    io = RoundReader(opened, plan, choose_stage(plan, "select", round_name, arm, seed).round)
    _check_annotator(io)
    files = [read_answers(path, pixels_from) for path in paths]
    taken = take(io, files, complete=complete, refused=refuse or ())
    say("\n".join([*map(_file, files), *_lines(taken, files, io)]))


def _check_annotator(io: RoundReader) -> None:
    """Refuse labels that nobody would read."""
    annotation, name = io.config.annotation, io.round.experiment
    if not annotation.is_by_people:
        message = (
            f"{name}: its annotation.annotator is {annotation.annotator}, and only `files` and "
            "`label_studio` take labels of people; `al-job ingest labels` gives them to its data "
            "set"
        )
        raise UsageError(message)


def _file(file: AnswerFile) -> str:
    num_images = len({found.name for found in file.found})
    return f"{file.place}: {file.layout}, {num_images:,} images"


def _lines(taken: Taken, files: list[AnswerFile], io: RoundReader) -> list[str]:
    counts = {"new": taken.num_new, "changed": taken.num_changed, "as before": taken.num_same}
    told = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    num_answered = taken.num_picks - taken.num_missing - taken.num_wrong
    answered = f"round {io.round.label}: {num_answered:,}"
    wrong = f"; {taken.num_wrong:,} to be corrected" if taken.num_wrong else ""
    lines = [
        f"answers: {told or 'none'}",
        *taken.lines,
        f"{answered} of {taken.num_picks:,} picks are answered{wrong}",
    ]
    return [*lines, *_notes(taken, files, io)]


def _notes(taken: Taken, files: list[AnswerFile], io: RoundReader) -> list[str]:
    notes = []
    if any(line.startswith(SILENT) for line in taken.lines):
        notes.append(
            "the file cannot say whether somebody has looked at an image without boxes; if all of "
            "the work is done, give --complete, and they count as empty"
        )
    if taken.num_of_others:
        notes.append(f"{taken.num_of_others:,} images are of earlier rounds, and were left alone")
    if io.markers.get(io.round.stage("annotate")) is not None and taken.num_new + taken.num_changed:
        notes.append(
            "the round is labelled already: these answers are kept, and count if a round picks "
            "their images again"
        )
    if untimed := sorted({file.layout for file in files if not file.measures_time}):
        notes.append(f"{' and '.join(untimed)}: no seconds are measured, so they are assumed")
    return [f"note: {note}" for note in notes]
