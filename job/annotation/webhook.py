"""What an annotation tool needs to call whoever waits for people."""

from job.errors import ConfigError
from job.runtime.secret import read_secret

HEADER = "X-Al-Voc-Secret"
"""The header of a call that has the secret."""
_VARIABLE = "AL_WEBHOOK_SECRET"


def webhook_secret() -> str:
    """Return the secret that a tool's calls have to have.

    Raises:
        ConfigError: There is none.
    """
    secret = read_secret(_VARIABLE)
    if secret is None:
        message = (
            f"annotation.label_studio.webhook: {_VARIABLE} is not set: give it a secret, or leave "
            "the webhook out"
        )
        raise ConfigError(message)
    return secret
