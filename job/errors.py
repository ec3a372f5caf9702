"""The kinds of failure, and the exit code by which each tells Kubernetes whether to try again.

Every error a user or the surroundings can cause is one of these, with a message of one line that
says what is wrong, where, and what to do. Anything else is a bug and shows its traceback.
"""

from typing import ClassVar


class AlJobError(Exception):
    """A failure with a message for the user and an exit code for the caller."""

    exit_code: ClassVar[int]


class UsageError(AlJobError):
    """A command that cannot be meant as given (permanent)."""

    exit_code = 64


class BadDataError(AlJobError):
    """Input that is broken, missing, or breaks a guard (permanent)."""

    exit_code = 65


class MissingObjectError(BadDataError):
    """A key that the store does not hold."""


class ConfigError(AlJobError):
    """A setting, credential, or environment that is wrong (permanent)."""

    exit_code = 78


class TemporaryError(AlJobError):
    """A failure that a later attempt can get past, such as a store that does not answer."""

    exit_code = 75


class StopRequested(BaseException):
    """The process was asked to stop; what it had saved is enough to go on from.

    It may come at any point of the program, so it is no `Exception`: code that turns whatever went
    wrong into an error of its own, in here or in a library, must not swallow it.
    """

    exit_code = 75
