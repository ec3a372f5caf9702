"""Paths that users give."""

import os
from pathlib import Path

from job.errors import ConfigError, UsageError


def user_path(path: str | Path) -> Path:
    """Return a path that a user gave: `~` is the user's home, as in a shell.

    Raises:
        UsageError: There is no such user.
        ConfigError: The path is relative, and the working directory is gone.
    """
    try:  # a `Path` has no ./ before its name any more, a text has
        expanded = Path(path).expanduser() if str(path).startswith("~") else Path(path)
    except RuntimeError as error:
        message = f"{path}: no home directory is known for it; write ./{path} for a name with a ~"
        raise UsageError(message) from error
    if not expanded.is_absolute():
        _check_working_directory(path)
    return expanded


def _check_working_directory(path: str | Path) -> None:
    try:
        os.getcwd()  # noqa: PTH109 - asked for its error only
    except FileNotFoundError as error:
        message = f"{path}: the working directory is gone; change to another, or give a whole path"
        raise ConfigError(message) from error
