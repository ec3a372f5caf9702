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
OnlyArmOption = Annotated[
    list[str] | None, typer.Option("--only-arm", help="Run this arm only; may be said again.")
]
OnlySeedOption = Annotated[
    list[int] | None, typer.Option("--only-seed", help="Run this seed only; may be said again.")
]
RoundOption = Annotated[int, typer.Option("--round", min=0, help="The round, from 0.")]
ConfigArgument = Annotated[str, typer.Argument(help="A YAML file, or a preset's name.")]
NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Unset: the kubeconfig's.")
]
