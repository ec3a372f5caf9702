"""The kinds of failure. Each has an exit code of `sysexits.h`, by which a caller knows what to do.

Every error that a user or the surroundings can cause is one of these, with a message of one line
that says what is wrong, where, and what to do. Anything else is a bug and shows its traceback.
"""

import os
from typing import ClassVar

__all__ = [
    "AlJobError",
    "AnnotatingError",
    "BadDataError",
    "ConfigError",
    "MissingLabelsError",
    "MissingObjectError",
    "StopRequested",
    "TemporaryError",
    "UsageError",
]


class AlJobError(Exception):
    """A failure with a message for the user and an exit code for the caller."""

    exit_code: ClassVar[int]


class UsageError(AlJobError):
    """The command does not make sense as given: a retry fails as well."""

    exit_code = os.EX_USAGE  # 64


class BadDataError(AlJobError):
    """Input is damaged, missing or not what was expected: a retry fails as well."""

    exit_code = os.EX_DATAERR  # 65


class MissingObjectError(BadDataError):
    """There is no object of that key in the store, or no file of that name in a source."""


class MissingLabelsError(BadDataError):
    """Picks wait for people to label them: nothing is broken, and a run continues after that."""

    exit_code = os.EX_NOINPUT  # 66


class ConfigError(AlJobError):
    """A setting, a credential or the environment is wrong: a retry fails as well."""

    exit_code = os.EX_CONFIG  # 78


class TemporaryError(AlJobError):
    """A temporary error, such as a store that does not answer: a retry may succeed."""

    exit_code = os.EX_TEMPFAIL  # 75


class AnnotatingError(AlJobError):
    """People are at work on the picks: nothing is broken, and a later look may find them done."""

    exit_code = os.EX_TEMPFAIL  # 75


class StopRequested(BaseException):
    """The process was asked to stop; what it has saved is enough to resume.

    It may be raised at any point of the program. So it is not an `Exception`: code that turns
    whatever went wrong into an error of its own, here or in a library, must not swallow it.
    """

    def __init__(self, message: str = "", exit_code: int = os.EX_TEMPFAIL) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        """75, or 130 if it was Ctrl-C."""
