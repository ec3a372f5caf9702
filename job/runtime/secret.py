"""Secrets of the environment: by a variable, or by one that names a file, such as one of a Secret.

What is read is never shown: messages have the variable's name.
"""

import os
import re
from pathlib import Path

from job.errors import ConfigError
from job.runtime.paths import user_path


def read_secret(variable: str) -> str | None:
    """Return the value of a variable, or the text of the file that `<variable>_FILE` names.

    Returns:
        Visible ASCII letters; None if neither is set.

    Raises:
        ConfigError: The file cannot be read, or the secret has other letters.
    """
    name, secret = variable, os.environ.get(variable)
    if not secret:
        name = f"{variable}_FILE"
        path = os.environ.get(name)
        if not path:
            return None
        secret = _text(name, user_path(path))
    if not re.fullmatch(r"[\x21-\x7e]+", secret):
        what = "is empty" if not secret else "has a blank or a letter that is not ASCII"
        message = f"{name}: the secret {what}; set it anew"
        raise ConfigError(message)
    return secret


def _text(name: str, path: Path) -> str:
    """Return what a file holds; a line break at its end does not count."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text"
        message = f"{name}: {path}: {reason}; name a file that holds the secret and nothing else"
        raise ConfigError(message) from error
