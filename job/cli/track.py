"""`al-job track`: an experiment's curves and losses in MLflow or TensorBoard."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from job.cli.choose import choose_experiment
from job.cli.options import STATE, ExperimentOption, StoreOption
from job.cli.output import say
from job.config.address import Address
from job.config.tracking import TrackingConfig
from job.errors import UsageError
from job.storage import open_store
from job.tracking.tracker import trackers_of


def _address(text: str) -> str:
    try:
        return TypeAdapter[str](Address).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(str(error.errors()[0]["msg"])) from error


def track(
    experiment: ExperimentOption = None,
    store: StoreOption = STATE,
    mlflow: Annotated[
        str | None,
        typer.Option(
            "--mlflow",
            parser=_address,
            metavar="ADDRESS",
            help="An MLflow tracking server; unset: that of the experiment's `tracking`.",
        ),
    ] = None,
    *,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write files for TensorBoard into the store.")
    ] = False,
) -> None:
    """Show the curves and losses of an experiment in MLflow or TensorBoard.

    What is there already is left alone, so the command may be repeated at any time.
    """
    opened = open_store(store)
    config = choose_experiment(opened, experiment, read_only=True).config
    given = TrackingConfig(mlflow=mlflow, tensorboard=tensorboard)
    trackers = trackers_of(
        opened, config.experiment, given if mlflow or tensorboard else config.tracking
    )
    if not trackers:
        message = (
            f"{config.experiment}: it has no `tracking`: name a server by --mlflow, or add "
            "--tensorboard"
        )
        raise UsageError(message)
    for tracker in trackers:
        tracker.update()
        say(f"{config.experiment}: {tracker.sink.place}")
