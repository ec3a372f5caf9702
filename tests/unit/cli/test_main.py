"""The command line as a whole: its list of commands, and the answer to a mistake."""

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import AlJob

AL_JOB = Path(sysconfig.get_path("scripts")) / "al-job"


def test_help_is_shown_without_arguments(al_job: AlJob) -> None:
    """`al-job` alone lists the commands."""
    ended = al_job()
    assert ended.code == 0
    assert "annotate" in ended.out


def test_the_version_is_the_package_s(al_job: AlJob) -> None:
    """`--version` prints what pyproject.toml says, and ends with 0."""
    ended = al_job("--version")
    assert (ended.code, ended.out) == (0, f"al-job {version('al-voc')}\n")


def test_the_module_is_the_command() -> None:
    """`python -m job` is `al-job`."""
    command = [sys.executable, "-m", "job", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == f"al-job {version('al-voc')}\n"


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--help"], {}),
        (["--version"], {}),
        ([], {"_AL_JOB_COMPLETE": "complete_bash", "COMP_WORDS": "al-job sta", "COMP_CWORD": "1"}),
    ],
)
def test_commands_are_listed_without_importing_them(
    arguments: list[str], environment: dict[str, str]
) -> None:
    """Help, version and completion of names load nothing that only a command needs."""
    code = (
        "import sys, atexit; from job.cli.main import main\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "main()"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    heavy = {"numpy", "yaml", "pyarrow", "torch", "boto3", "kubernetes", "matplotlib"}
    loaded = set(done.stderr.split())
    assert not (heavy if environment else heavy | {"pydantic"}) & loaded
    assert not {name for name in loaded if name.startswith("job.cli.")} - {
        "job.cli.main",
        "job.cli.lazy_command",
    }
    assert ("status" in done.stdout) == ("--version" not in arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train"], "Missing option '--round'. See `al-job train --help`"),
        (["train", "--round", "x"], "Invalid value for '--round': "),
        (["train", "--rond", "1"], "No such option: --rond. Did you mean --round?"),
        (["statsu"], "No such command 'statsu'. Did you mean 'status'? See `al-job --help`"),
        (["ingest", "vok"], "unknown 'vok'; did you mean 'voc'? known: auto, coco"),
        (["logs", "trian", "--round", "1"], "Invalid value for 'STAGE': 'trian' is not one of"),
    ],
)
def test_wrong_arguments_are_answered_in_one_line(
    al_job: AlJob, arguments: list[str], words: str
) -> None:
    """With 64, the closest name if one was mistyped, and where to read on."""
    ended = al_job(*arguments)
    assert ended.code == 64
    assert words in ended.error
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["begin", "quickstart"], "`al-job begin` was renamed: use `al-job init`"),
        (["score", "--round", "0", "--shard", "0/2"], "--shard was renamed: use --partition"),
        (["score", "--round", "0", "--shard=0/2"], "--shard was renamed: use --partition"),
        (["report", "--compare=a,b"], "use the subcommand `al-job report compare`"),
        (["report", "--from-tutorial", "x"], "use the subcommand `al-job report tutorial`"),
    ],
)
def test_old_names_are_answered_with_the_new_ones(
    al_job: AlJob, arguments: list[str], words: str
) -> None:
    """A command or option of an older version ends with 64 and its name of today."""
    ended = al_job(*arguments)
    assert ended.code == 64
    assert words in ended.error


def test_an_old_name_may_be_a_name(al_job: AlJob, store: Path) -> None:
    """An experiment may be called as an old command was, and a value as an old option."""
    assert (
        "no experiment 'begin'" in al_job("status", "--experiment", "begin", "--store", store).error
    )
    ended = al_job("score", "--round", 0, "--experiment", "--shard", "--store", store)
    assert ended.error.startswith("al-job: experiment '--shard': a name is ")


def test_an_old_option_is_free_for_other_commands(al_job: AlJob) -> None:
    """`--shard` was an option of `score` alone; a format of another package may have one."""
    assert "No such option: --shard." in al_job("ingest", "voc", "--shard", 1).error


def test_ingest_alone_lists_the_formats(al_job: AlJob) -> None:
    """With 64: nothing was ingested."""
    ended = al_job("ingest")
    assert ended.code == 64
    assert "  synthetic  A drawn data set.\n" in ended.out


@pytest.mark.parametrize(("words", "options"), [("xx", []), ("voc", ["--root", "--name"])])
def test_options_of_a_format_are_completed(words: str, options: list[str]) -> None:
    """A format that is not there has none, and the shell shows no error."""
    line = {"COMP_WORDS": f"al-job ingest {words} --", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-m", "job"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | line | {"_AL_JOB_COMPLETE": "complete_bash"},
    )
    assert done.stderr == ""
    assert set(options) <= set(done.stdout.split())
    assert ("--root" in done.stdout) == bool(options)


def test_a_message_is_one_line_without_control_characters(al_job: AlJob) -> None:
    """A name from somebody's data cannot colour a terminal, or begin a line."""
    ended = al_job("ingest", "auto", "a\nb\x1b[31m", "--dry-run")
    assert ended.err == "al-job: a\\nb\\x1b[31m: no such folder\n"


def test_a_command_that_needs_torch_says_where_there_is_none(
    al_job: AlJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slim container image leaves it out: 78, one line, and what to take."""

    def missing() -> NoReturn:
        raise ModuleNotFoundError(message, name=message.split("'")[1])

    monkeypatch.setattr("job.cli.main.command_line", missing)
    message = "No module named 'torch.nn'"
    ended = al_job("train", "--round", "0")
    assert (ended.code, len(ended.err.splitlines())) == (78, 1)
    assert f"{message}: the slim container image leaves it out: take the whole one" in ended.error
    message = "No module named 'job.typo'"
    with pytest.raises(ModuleNotFoundError):
        al_job("train", "--round", "0")
