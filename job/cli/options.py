"""What commands share: their options, and where they print."""

from typing import Annotated

import typer
from rich.console import Console

STATE = "./state"

out = Console(highlight=False)

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
ConfigArgument = Annotated[str, typer.Argument(help="A YAML file, or a preset's name.")]
NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Unset: the kubeconfig's.")
]
