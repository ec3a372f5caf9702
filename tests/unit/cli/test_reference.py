"""The command line is pinned, and its pages say what it does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from docs.make_cli import reference, subcommands
from docs.make_ingest import PAGE, write
from job.cli.main import COMMANDS, command_line

ROOT = Path(__file__).parents[3]
PINNED = Path(__file__).parent / "commands.txt"


def described(path: str, command: Any) -> Iterator[str]:
    """Yield a line for a command with its arguments and options, and for its subcommands.

    Data formats are left out, which are subcommands by their registry: docs/cli.md has them.
    """
    context = typer.Context(command)
    params = [name for each in command.get_params(context) for name in each.opts]
    yield " ".join([path, *(name for name in params if name != "--help")])
    for name, subcommand in subcommands(command).items():
        if path != "al-job ingest":
            yield from described(f"{path} {name}", subcommand)


def test_commands_and_options_are_pinned() -> None:
    """Whoever adds, renames or removes a command or an option says so in commands.txt."""
    assert list(described("al-job", command_line())) == PINNED.read_text().splitlines()


def test_short_helps_are_sentences_that_fit() -> None:
    """A terminal of 80 columns shows each one whole: at most 45 characters."""
    for name, (_, text) in COMMANDS.items():
        assert re.fullmatch(r"[A-Z][^.]*\w\.", text), name
        assert len(text) <= 45, name


def test_every_command_option_and_argument_has_a_help() -> None:
    """`--help` of a command leaves nothing to guess."""

    def check(path: str, command: Any) -> None:
        assert command.help, path
        for param in command.params:
            assert param.help, f"{path} {param.name}"
        for name, subcommand in subcommands(command).items():
            check(f"{path} {name}", subcommand)

    check("al-job", command_line())


def test_no_help_shows_a_type_of_python() -> None:
    """What a value is, is told in words: also for the options that are made from fields."""
    assert not re.findall(
        r"^\|.*(?:typing\.|Annotated|<class|\w\[).*\|$", reference(), re.MULTILINE
    )


def test_the_page_of_commands_is_up_to_date() -> None:
    """docs/cli.md is what `make docs` makes."""
    assert (ROOT / "docs/cli.md").read_text() == reference()


def test_the_page_of_variables_has_every_one() -> None:
    """Each AL_ variable that the code, the chart, the image or a test reads is on the page."""
    page = (ROOT / "docs/environment.md").read_text()
    folders = ("job", "helm", "k8s", "tests", "benchmarks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files = [path for path in files if path.suffix in {".py", ".yaml", ".tpl", ".j2", ".txt"}]
    names = {
        "AL_RUNTIME_..." if name.startswith("AL_RUNTIME") else name
        for path in [*files, ROOT / "Dockerfile", ROOT / "Makefile"]
        for name in re.findall(r"\bAL_[A-Z_]*[A-Z]\b", path.read_text())
    }
    assert names >= {"AL_STORE", "AL_EXPERIMENT", "AL_PARTITION", "AL_ATTEMPT"}
    assert {name for name in names - {"AL_JOB"} if f"`{name}`" not in page} == set()


def test_a_hidden_option_is_not_on_the_page() -> None:
    """Such as `--of`, which the driver alone gives to a report."""
    page = reference()
    assert "| `--goal` |" in page
    assert "| `--of` |" not in page


def test_the_options_of_formats_are_up_to_date() -> None:
    """The table of docs/ingest.md is what `make docs` makes of the formats."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == write(page)
    assert "| `--root` | voc | Folder with JPEGImages" in page
