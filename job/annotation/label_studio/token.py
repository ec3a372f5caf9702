"""The token by which Label Studio knows us: from the environment, and never shown."""

from job.errors import ConfigError
from job.runtime.secret import read_secret

VARIABLE = "AL_LABEL_STUDIO_TOKEN"
WHERE = "Account & Settings, Personal Access Token, of Label Studio's page"
"""Where a person gets one."""


def read_token() -> str:
    """Return the token.

    Raises:
        ConfigError: There is none, or it cannot be one.
    """
    token = read_secret(VARIABLE)
    if token is None:
        message = f"{VARIABLE} is not set: set it to the token of {WHERE}"
        raise ConfigError(message)
    return token


def is_personal(token: str) -> bool:
    """Whether it is a personal access token, and not a legacy token."""
    return token.count(".") == 2  # noqa: PLR2004 - a JWT has three parts
