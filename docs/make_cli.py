"""Prints docs/cli.md: commands, arguments, options and exit codes, from the commands themselves."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from job.cli.lazy_command import LazyCommand
from job.cli.main import command_line
from job.errors import (
    AlJobError,
    AnnotatingError,
    BadDataError,
    ConfigError,
    MissingLabelsError,
    TemporaryError,
    UsageError,
)

FAILURES = (
    UsageError,
    BadDataError,
    MissingLabelsError,
    TemporaryError,
    AnnotatingError,
    ConfigError,
)
TYPES = {
    "Path": "path",
    "str": "text",
    "int": "integer",
    "float": "number",
    "list[str]": "text",
    "list[int]": "integer",
    "list[Path]": "path",
}

INTRODUCTION = """# Command line

`al-job COMMAND`, or `python -m job COMMAND`. `al-job COMMAND --help` shows what this page says of a
command; `al-job --version` prints the version. The variables of the environment that stand for
options are in the tables below; all others are in [environment.md](environment.md).

This page is made from the commands themselves by `make docs`.
"""

COMPLETION = """## Completion

`al-job --install-completion` lets your shell complete commands and options: bash, zsh, fish or
PowerShell, whichever runs the command. `al-job --show-completion` prints the script instead, to
install it by hand.
"""

EXIT_CODES = """## Exit codes

A failure that a user or the surroundings cause has a message of one line on standard error, and one
of the exit codes of `sysexits.h`. By them an orchestrator knows whether to retry.

| Code | Name | Retry | Meaning |
| --- | --- | --- | --- |
| 0 | `EX_OK` | | The command did what it was asked, or there was nothing left to do. |
| 1 | | yes | A bug: the traceback is on standard error. |"""
INTERRUPTED = (
    "| 130 | | | Ctrl-C (SIGINT), at any moment: one line, and the same command resumes. |"
)


def reference() -> str:
    """Return the page."""
    lines = [INTRODUCTION, "## Commands\n", "| Command | |", "| --- | --- |"]
    group = command_line()
    shown = [each for each in group.commands.values() if not each.hidden]
    lines += [
        f"| [`al-job {each.name}`](#al-job-{each.name}) | {each.short_help} |" for each in shown
    ]
    commands = subcommands(group)
    for each in shown:
        lines += ["", *_command(f"al-job {each.name}", commands[str(each.name)])]
    lines += ["", COMPLETION, EXIT_CODES, *map(_exit_code, FAILURES), INTERRUPTED]
    return "\n".join(lines) + "\n"


def subcommands(command: Any) -> dict[str, Any]:
    """Return the commands of a group, imported, by name; a single command has none."""
    if not isinstance(command, TyperGroup):
        return {}
    context = typer.Context(command)
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {
        name: each.load() if isinstance(each, LazyCommand) else each for name, each in found.items()
    }


def _command(path: str, command: Any) -> Iterator[str]:
    """Yield the lines of a command, and those of its subcommands."""
    context = typer.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"### {path}\n\n{' '.join(command.help.split())}\n\n```\n{usage}\n```\n"
    params = [each for each in command.get_params(context) if _is_shown(each)]
    if params:
        yield "| Argument or option | Value | Default | Variable | |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (_param(each, context) for each in params)
    for name, subcommand in subcommands(command).items():
        yield ""
        yield from _command(f"{path} {name}", subcommand)


def _is_shown(param: Any) -> bool:
    return param.name != "help" and not getattr(param, "hidden", False)


def _param(param: Any, context: typer.Context) -> str:
    is_flag = getattr(param, "is_flag", False)
    names = [param.metavar] if param.param_type_name == "argument" else param.opts
    default = "required" if param.required else "unset"
    if param.default is not None:
        default = f"`{param.default}`"
    cells = [
        ", ".join(f"`{name}`" for name in names),
        "" if is_flag else _value(param, context),
        "" if is_flag else default,
        f"`{param.envvar}`" if param.envvar else "",
        (param.help or "").replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


def _value(param: Any, context: typer.Context) -> str:
    """Return the type of a value, with its lower bound; no option has an upper one."""
    name = param.display_type(context).strip("<>").removesuffix(" range")
    kind = TYPES.get(name, name.replace("|", ", "))
    minimum = getattr(param, "min", None)
    return kind if minimum is None else f"{kind}, ≥ {minimum:g}"


def _exit_code(failure: type[AlJobError]) -> str:
    code = failure.exit_code
    name = next(name for name in dir(os) if name.startswith("EX_") and getattr(os, name) == code)
    retry = "yes" if code == TemporaryError.exit_code else "no"
    return f"| {code} | `{name}` | {retry} | {(failure.__doc__ or '').splitlines()[0]} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
