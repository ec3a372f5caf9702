"""`al-job predict`: what a model finds in images that no data set holds."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from job.cli.choose import open_round
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    SeedOption,
    SetOption,
    StoreOption,
    TrainedRoundOption,
)
from job.cli.output import say
from job.config.runtime import RuntimeConfig
from job.errors import BadDataError, UsageError
from job.export.model.write import title_of
from job.export.target import all_or_nothing, open_target
from job.predict.images import find_images
from job.runtime.paths import user_path

if TYPE_CHECKING:
    from job.detection.exported.models import Model

_OF_EXPERIMENTS = ("experiment", "round_name", "arm", "seed", "store")


def predict(
    context: typer.Context,
    places: Annotated[
        list[Path],
        typer.Argument(
            parser=user_path, metavar="IMAGES...", help="Images, and folders with images."
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="PLACE",
            help="An empty or new folder, or s3://, gs:// or az://bucket/prefix.",
        ),
    ],
    file: Annotated[
        Path | None,
        typer.Option(
            "--model",
            parser=user_path,
            metavar="FILE",
            help="A file of `al-job export model`; unset: the model of an experiment.",
        ),
    ] = None,
    min_confidence: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="A detection counts from this score on; evaluate.score_threshold is a limit, too.",
        ),
    ] = 0.3,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    round_name: TrainedRoundOption = None,
    store: StoreOption = STATE,
    settings: SetOption = None,
    *,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Write predictions.json only.")
    ] = False,
) -> None:
    """Find objects in images with a model: COCO detections, and pictures with boxes.

    An image that cannot be read has a line that says why. All others are done before the command
    ends with exit code 65.
    """
    images, target = find_images(places), open_target(out)
    if file is None:
        model, description = _of_experiment(store, experiment, round_name, arm, seed, settings)
    else:
        _refuse_options(context)
        model, description = _of_file(file, settings), file.name
    from job.predict.predict import predict as write  # noqa: PLC0415 - loads torch

    with all_or_nothing(target) as files:
        summary = write(
            model,
            images,
            files,
            description=f"detections of {description}",
            min_confidence=min_confidence,
            with_pictures=not no_pictures,
        )
    say(f"{description}: {summary.num_boxes:,} boxes in {summary.num_images:,} images")
    say(f"files: {out}")
    if summary.broken:
        message = (
            f"{len(summary.broken):,} of {len(images):,} images could not be read, as the lines "
            "above say; all others are done"
        )
        raise BadDataError(message)


def _refuse_options(context: typer.Context) -> None:
    """Refuse options that say which experiment: they would have no effect."""
    for name in _OF_EXPERIMENTS:
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            option = name.removesuffix("_name")
            message = f"--{option}: --model names a file already; leave one of them out"
            raise UsageError(message)


def _of_file(path: Path, settings: list[str] | None) -> "Model":
    if not path.is_file():
        message = f"--model {path}: no such file; `al-job export model` writes one"
        raise UsageError(message)
    from job.detection.exported.models import open_model  # noqa: PLC0415 - loads torch

    return open_model(path, RuntimeConfig().changed(settings or (), os.environ))


def _of_experiment(
    store: str,
    experiment: str | None,
    round_name: str | None,
    arm: str | None,
    seed: int | None,
    settings: list[str] | None,
) -> "tuple[Model, str]":
    """Return the model of a round, and which it is, in words."""
    io = open_round("train", store, experiment, round_name, arm, seed)
    runtime = io.config.runtime.changed(settings or (), os.environ)
    from job.detection.exported.models import DetectorModel  # noqa: PLC0415 - loads torch

    model = DetectorModel.load(io.model(io.round), io.config.detector, io.config.evaluate, runtime)
    return model, title_of(io.round)
