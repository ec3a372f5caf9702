"""The options that commands share, each written once; a command lists those that it takes."""

import re
from pathlib import Path
from typing import Annotated

import typer

from job.errors import UsageError
from job.keys import TEST
from job.runtime.names import given
from job.runtime.paths import user_path
from job.storage.files import file_errors
from job.storage.opening import DEFAULT_STORE

STATE = DEFAULT_STORE
RELEASE = "al-voc"

ConfigArgument = Annotated[
    str, typer.Argument(metavar="CONFIG", help="A YAML file, or the name of a preset.")
]
StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="AL_STORE",
        help="s3://, gs:// or az://bucket/prefix, file:///path or a directory.",
    ),
]
ExperimentOption = Annotated[
    str | None,
    typer.Option(
        "--experiment",
        envvar="AL_EXPERIMENT",
        help="The experiment's name; unset: the only one in the store.",
    ),
]
ArmOption = Annotated[
    str | None,
    typer.Option(
        "--arm", envvar="AL_ARM", help="The arm's name; unset: the only one. Round 0 needs none."
    ),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", envvar="AL_SEED", help="The seed; unset: the only one.")
]


def parse_round(text: str) -> str:
    """Return the name of a round: a number, or `test` and `test-2`.

    Raises:
        BadParameter: It is neither.
    """
    if not re.fullmatch(rf"\d+|{TEST}(-\d+)?", text):
        message = f"{given(text)} is not a number from 0 on, or {TEST}."
        raise typer.BadParameter(message)
    return text


RoundOption = Annotated[
    str,
    typer.Option(
        "--round",
        parser=parse_round,
        metavar="N",
        help="The round, counted from 0. test: the test set that is drawn from the pool.",
    ),
]
AnyRoundOption = Annotated[
    str | None,
    typer.Option(
        "--round",
        parser=parse_round,
        metavar="N",
        help="The round, counted from 0, or test. The report has none.",
    ),
]
TrainedRoundOption = Annotated[
    str | None,
    typer.Option(
        "--round",
        parser=parse_round,
        metavar="N",
        help="The round, counted from 0; unset: the last one that is trained.",
    ),
]
RenderedRoundOption = Annotated[
    str | None,
    typer.Option(
        "--round",
        parser=parse_round,
        metavar="N",
        help="The round, counted from 0, or test; unset: all of them, in a workflow alone.",
    ),
]
OnlyArmOption = Annotated[
    list[str] | None, typer.Option("--only-arm", help="Run only this arm (repeatable).")
]
OnlySeedOption = Annotated[
    list[int] | None, typer.Option("--only-seed", help="Run only this seed (repeatable).")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A setting of this process only, such as runtime.threads=4 (repeatable).",
    ),
]
LaunchOption = Annotated[
    Path,
    typer.Option(
        "--launch",
        parser=user_path,
        metavar="PATH",
        help="launch.yaml, or the chart's ConfigMap that holds it.",
    ),
]
ReleaseOption = Annotated[str, typer.Option("--release", help="The name of the Helm release.")]
AnyReleaseOption = Annotated[
    str | None,
    typer.Option("--release", help="Ask the cluster about this Helm release, not the store."),
]
NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Unset: the namespace of the kubeconfig.")
]


def out_folder(path: str) -> Path:
    """Return the folder that `--out` names, which need not be there yet.

    Raises:
        UsageError: It is a file, or a URL.
        ConfigError: Nobody may look there.
    """
    folder = user_path(path)
    with file_errors(folder):
        if "://" in path or (folder.exists() and not folder.is_dir()):
            message = f"--out {path}: is not a folder of this machine; name another, or a new one"
            raise UsageError(message)
    return folder


FolderOption = Annotated[
    Path,
    typer.Option("--out", parser=out_folder, metavar="PATH", help="The folder to write."),
]
