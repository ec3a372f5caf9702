"""What the Kubernetes API refuses, and whether a later attempt can get past it."""

import json
import re

from job.errors import ConfigError, TemporaryError

BAD_REQUEST, NOT_FOUND, CONFLICT, GONE, INVALID = 400, 404, 409, 410, 422
DENIED = (401, 403)
TEMPORARY = (429, *range(500, 600))
QUOTA_WORDS = "exceeded quota"
"""What the API says if a ResourceQuota is used up, with the status of a missing right."""
ADMISSION_WORDS = re.compile(r"denied (the )?request")
"""What it says if a webhook or an admission policy refuses an object, with whatever status."""


class DeniedError(ConfigError):
    """The cluster does not allow a call. An API server that has just started may allow it later."""


class ConflictError(TemporaryError):
    """An object is not as it was read any more: it has changed, or is another one."""


class QuotaError(TemporaryError):
    """A quota of the namespace is used up. There is room again when something else ends."""


UNAVAILABLE = (TemporaryError, DeniedError)
"""Errors that a later attempt can get past."""


def is_denial(data: bytes) -> bool:
    """Whether the body of an answer says that an admission refuses, whatever its status means."""
    return bool(ADMISSION_WORDS.search(_words(data)))


def refusal(status: int, data: bytes) -> ConfigError | TemporaryError:
    """Return the error that an answer means.

    Args:
        status: At least 400.
        data: The body.
    """
    words = _words(data)
    if status in DENIED and QUOTA_WORDS in words:
        return QuotaError(f"the cluster refuses: {words}")
    if status not in TEMPORARY and ADMISSION_WORDS.search(words):
        return ConfigError(f"the cluster refuses: {words}")
    if status in DENIED:
        return DeniedError(f"the cluster refuses: {words}")
    if status in {BAD_REQUEST, NOT_FOUND, INVALID}:
        return ConfigError(f"the cluster refuses: {words}")
    kind = ConflictError if status == CONFLICT else TemporaryError
    return kind(f"the cluster answers {status}: {words}")


def _words(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, TypeError, KeyError):
        return data[:200].decode(errors="replace")
