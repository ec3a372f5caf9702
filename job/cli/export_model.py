"""`al-job export model`: a round's model, for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from job.cli.choose import open_round
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    SeedOption,
    StoreOption,
    TrainedRoundOption,
)
from job.cli.output import say
from job.detection.exported.description import FormatName
from job.export.model.write import card_path, export_model
from job.keys import RoundRef
from job.runtime.paths import user_path


def model(
    name: Annotated[
        FormatName,
        typer.Option(
            "--format",
            help="onnx and pt2: a graph with suppression; safetensors: the weights, for al-voc.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            parser=user_path,
            metavar="FILE",
            help="The file to write. Its card is beside it, with the suffix .md.",
        ),
    ],
    round_name: TrainedRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
) -> None:
    """Write a round's model as one file, with a model card beside it."""
    beside = card_path(out)
    io = open_round("train", store, experiment, round_name, arm, seed)
    card = export_model(io, name, out, _command(io.round, name, out))
    say(f"{card.title}: {len(card.classes)} classes, {card.num_labelled:,} labelled images")
    say(f"model: {out}\ncard: {beside}")


def _command(ref: RoundRef, name: FormatName, out: Path) -> str:
    """Return the command without its store, which is nobody's business who gets the file."""
    arm = f" --arm {ref.arm}" if ref.arm else ""
    return (
        f"al-job export model --experiment {ref.experiment} --seed {ref.seed}{arm} "
        f"--round {ref.index} --format {name} --out {out.name}"
    )
