"""The token by which Label Studio knows us: from the environment, and never shown."""

import os
import re
from pathlib import Path

from job.errors import ConfigError

VARIABLE = "AL_LABEL_STUDIO_TOKEN"
FILE_VARIABLE = "AL_LABEL_STUDIO_TOKEN_FILE"
"""Names a file that has the token, such as one of a Secret."""
WHERE = "Account & Settings, Personal Access Token, of Label Studio's page"
"""Where a person gets one."""


def read_token() -> str:
    """Return the token.

    Raises:
        ConfigError: There is none, or it cannot be one.
    """
    name = VARIABLE if os.environ.get(VARIABLE) else FILE_VARIABLE
    token = os.environ.get(VARIABLE) or _from_file(os.environ.get(FILE_VARIABLE))
    if not token:
        message = f"{VARIABLE} is not set: set it to the token of {WHERE}"
        raise ConfigError(message)
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        message = f"{name}: the token has a blank, a line break or a letter that no token has"
        raise ConfigError(message)
    return token


def is_personal(token: str) -> bool:
    """Whether it is a personal access token, and not a legacy token."""
    return token.count(".") == 2  # noqa: PLR2004 - a JWT has three parts


def _from_file(path: str | None) -> str | None:
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text of ASCII letters"
        message = f"{FILE_VARIABLE}: {path}: {reason}; name a file that has the token"
        raise ConfigError(message) from error
