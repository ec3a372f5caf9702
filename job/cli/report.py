"""`al-job report`: an experiment's report, several side by side, and the 2020 tutorial's."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from job.artifacts.reader import Reader
from job.artifacts.reported import note_reported
from job.cli.choose import choose_experiment, refuse_given
from job.cli.lazy_command import make_app
from job.cli.options import STATE, ExperimentOption, FolderOption, StoreOption, out_folder
from job.cli.output import say, say_places, show
from job.config.detector import DetectorConfig
from job.data.dataset import Dataset
from job.errors import UsageError
from job.report.build import table_of, update_report, write_report
from job.report.compare import comparison_page, read_sides
from job.report.data.facts import DefaultBox
from job.report.data.page import data_page
from job.report.drawing import render
from job.report.people.rounds import read_people
from job.report.verdict.people import cost_sentence, summary
from job.runtime.paths import user_path
from job.storage import open_store
from job.storage.files import whole_file
from job.tutorial.analysis import analyse
from job.tutorial.figures import numbers_table
from job.tutorial.page import tutorial_page

app = make_app(add_completion=False)


def _finite(value: float | None) -> float | None:
    """Refuse infinity: it is a number to Python, and no file of numbers can hold it."""
    if value is not None and not math.isfinite(value):
        message = f"{value} is not a finite number"
        raise typer.BadParameter(message)
    return value


def _metric(value: float | None) -> float | None:
    """Refuse what no mAP can be, such as percent."""
    if value is not None and not 0 < value <= 1:
        message = f"{value} is not a mAP: it is above 0 and at most 1"
        raise typer.BadParameter(message)
    return value


@app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    experiment: ExperimentOption = None,
    store: StoreOption = STATE,
    setup_cost: Annotated[
        float | None,
        typer.Option(
            min=0, callback=_finite, help="One-off set-up cost; adds a break-even verdict."
        ),
    ] = None,
    goal: Annotated[
        float | None,
        typer.Option(
            callback=_metric,
            help="A mAP, from 0 to 1, of which the images needed are forecast; unset: 5 points"
            " above the baseline's last one.",
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option("--of", hidden=True, help="The digest of its stages, for a driver."),
    ] = None,
    *,
    final: Annotated[
        bool,
        typer.Option("--final", help="Judge what is there: rounds that are missing will not come."),
    ] = False,
) -> None:
    """Write results.csv and the report of the rounds that are evaluated so far."""
    if context.invoked_subcommand:
        refuse_given(context, *context.params, why=f"options follow {context.invoked_subcommand!r}")
        return
    opened = open_store(store)
    plan = choose_experiment(opened, experiment, read_only=True)
    if of is not None:  # without what reads the data set and the score records, which may be large
        update_report(opened, plan, light=True)
        note_reported(opened, plan.config.experiment, of)
        say_places(opened, plan.config.experiment)
        return
    reader = Reader.listed(opened, plan.config.experiment)
    rows = write_report(
        opened, plan, setup_cost=setup_cost, goal=goal, is_final=final, reader=reader
    )
    if not rows:
        message = (
            f"{plan.config.experiment}: no round is evaluated yet, so there is nothing to report; "
            "`al-job status` shows what is done"
        )
        raise UsageError(message)
    show(table_of(rows))
    if people := read_people(reader, plan):
        say(summary(people))
        say(cost_sentence(people.rounds))
    say_places(opened, plan.config.experiment)


@app.command()
def compare(
    experiments: Annotated[
        list[str],
        typer.Argument(metavar="EXPERIMENT...", help="The experiments' names, at least two."),
    ],
    store: StoreOption = STATE,
    folder: FolderOption = Path("side-by-side"),
) -> None:
    """Write a report of experiments of one data set, side by side."""
    opened = open_store(store)
    configs = [choose_experiment(opened, name, read_only=True).config for name in experiments]
    _write(folder, comparison_page(read_sides(opened, configs), render.draw).files())


@app.command()
def data(
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="NAME", help="The data set's name in the store.")
    ],
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="Its version; unset: the latest.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="The detector that its boxes are held against.")
    ] = DetectorConfig().model,
    size: Annotated[
        int | None,
        typer.Option("--size", min=1, help="The side of its input, in pixels; unset: its own."),
    ] = None,
    store: StoreOption = STATE,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=out_folder,
            metavar="PATH",
            help="The folder to write; unset: ./data-NAME.",
        ),
    ] = None,
) -> None:
    """Write a page of a data set before any training: its boxes, and samples of its images."""
    default_box = DefaultBox.of(model, size)
    opened = Dataset.open(open_store(store), dataset, version)
    page = data_page(opened, default_box, render.draw)
    _write(folder or Path(f"data-{dataset}"), page.files())


@app.command()
def tutorial(
    results: Annotated[
        Path,
        typer.Argument(
            parser=user_path, metavar="RESULTS", help="The folder with the tutorial's raw results."
        ),
    ],
    folder: FolderOption = Path("tutorial-report"),
) -> None:
    """Write the analysis of the 2020 tutorial's raw results."""
    analysis = analyse(results)
    for sentence in analysis.findings:
        say(sentence)
    show(numbers_table(analysis.rows))
    _write(folder, tutorial_page(analysis, render.draw).files())


def _write(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    for name, data in files:
        with whole_file(folder / name) as file:
            file.write(data)
    say(f"report: {folder / 'index.html'}")
