"""A round's model, written as a file with a card beside it."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from job.artifacts.round_reader import RoundReader
from job.detection.detectors.architecture import completed
from job.detection.exported.description import FormatName
from job.errors import UsageError
from job.export.model.card import Card
from job.keys import RoundRef
from job.storage.files import whole_file

if TYPE_CHECKING:
    from job.detection.detectors.base import Detector


def title_of(ref: RoundRef) -> str:
    """Return which round's model it is, in words."""
    arm = f", arm {ref.arm}" if ref.arm else ""
    return f"{ref.experiment}, seed {ref.seed}{arm}, round {ref.index}"


def card_path(out: Path) -> Path:
    """Return where the card of a model lies.

    Raises:
        UsageError: The model, or its card, cannot lie there.
    """
    card = out.with_suffix(".md")
    if "://" in str(out) or out.is_dir():
        message = f"--out {out}: is not a file of this machine; name one, such as model.onnx"
        raise UsageError(message)
    if card == out:
        message = f"--out {out}: the card would have this name; end it in another way than .md"
        raise UsageError(message)
    for each in (out, card):
        if each.exists():
            message = f"--out {out}: {each} is there already; remove it or name another"
            raise UsageError(message)
    return card


def export_model(io: RoundReader, name: FormatName, out: Path, command: str) -> Card:
    """Write the model of a round, and its card, and return the card.

    Args:
        io: The round, whose training is done.
        name: The format.
        out: The file, which is not there yet.
        command: The command that was given, for the card.

    Raises:
        UsageError: The file cannot be written there, or the format cannot say this detector.
        ConfigError: A package that the format needs is not installed.
        BadDataError: The model is gone or damaged.
    """
    from job.detection.detectors.base import load_model  # noqa: PLC0415 - loads torch
    from job.detection.exported.writing import exported  # noqa: PLC0415 - loads torch

    beside = card_path(out)
    detector = load_model(io.model(io.round), io.config.detector)
    card = _card(io, detector, name, out, command)
    about = {
        "title": card.title,
        "version": card.version,
        "dataset_sha256": card.dataset_digest,
        "detector": io.config.detector.model_dump(mode="json"),
    }
    data = exported(detector, io.config.evaluate, name, about)
    with whole_file(out) as model, whole_file(beside) as text:
        model.write(data)
        text.write(card.to_markdown().encode())
    return card


def _card(io: RoundReader, detector: "Detector", name: FormatName, out: Path, command: str) -> Card:
    """Return what is known of a model."""
    metrics = io.markers.get(io.round.stage("evaluate")) and io.metrics(io.round)
    pool = io.pool_after
    return Card(
        title=title_of(io.round),
        file=out.name,
        format=name,
        command=command,
        version=version("al-voc"),
        versions=" and ".join(map(version, ("torch", "torchvision"))),
        classes=detector.classes,
        detector=_settings(io),
        input_size=detector.input_size,
        mean=[each / 255 for each in detector.mean.flatten().tolist()],
        std=[each / 255 for each in detector.std.flatten().tolist()],
        suppression=detector.scoring.suppression,
        evaluate=io.config.evaluate,
        dataset=io.dataset.manifest.name,
        dataset_version=io.dataset.version,
        dataset_digest=io.dataset.digest,
        strategy=_strategy(io),
        num_rounds=io.round.index + 1,
        num_labelled=len(pool.labelled),
        num_pool=len(pool.ids),
        start=io.marker(io.round.stage("train")).start,
        metrics=metrics or None,
    )


def _settings(io: RoundReader) -> dict[str, Any]:
    """Return the detector's settings, without where its weights came from."""
    settings = completed(io.config.detector).model_dump(mode="json")
    return {key: settings[key] for key in settings if key not in {"backbone", "weights"}}


def _strategy(io: RoundReader) -> str:
    """Return what selected the images: in round 0 the cold start, later the arm's strategy."""
    cold_start = io.config.cold_start.strategy
    if not io.round.index:
        return cold_start
    arm = io.config.selection_of(io.round.arm).strategy
    return f"{arm}, after a round 0 by {cold_start}"
