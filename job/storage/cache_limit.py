"""The limit of the cache: what nobody has used for long makes room, and what is in use stays."""

import math
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from job.errors import ConfigError
from job.storage.files import TEMPORARY_PREFIX

VARIABLE = "AL_CACHE_GB"
KEPT_SECONDS = 86400
"""A file that was used this recently is not removed: a process may still read it."""
_TOLD_SECONDS = 3600
"""A file's time of use is at most this old while it is used: not each use is written down."""


def has_room(directory: Path) -> bool:
    """Return whether the cache may take another file, after what was used least recently is gone.

    A file counts for its whole size. The limit may be surpassed by one file for each process.

    Raises:
        ConfigError: `AL_CACHE_GB` is not a positive number.
    """
    limit = _limit_bytes()
    if math.isinf(limit):
        return True
    _remove_leftovers(directory)
    files = sorted(_files(directory))
    total = sum(size for _, size, _ in files)
    oldest_in_use = time.time() - KEPT_SECONDS
    for used, size, path in files:
        if total < limit or used > oldest_in_use:
            break
        path.unlink(missing_ok=True)
        total -= size
    return total < limit


def has_limit() -> bool:
    """Whether the cache has a limit.

    Raises:
        ConfigError: `AL_CACHE_GB` is not a positive number.
    """
    return not math.isinf(_limit_bytes())


def note_use(paths: Iterable[Path]) -> None:
    """Note that files are in use, so that no other process removes them.

    The time of access stands for it; it is set by hand, since many file systems do not keep it.
    """
    now = time.time_ns()
    for path in paths:
        with suppress(OSError):  # it is gone, or another user's
            status = path.stat()
            if status.st_atime_ns < now - _TOLD_SECONDS * 10**9:
                os.utime(path, ns=(now, status.st_mtime_ns))


def _limit_bytes() -> float:
    text = os.environ.get(VARIABLE) or "inf"
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not limit > 0:
        message = f"{VARIABLE}={text}: expected a positive number of GB"
        raise ConfigError(message)
    return limit * 1e9


def _files(directory: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield when each file of the cache was used last, its size and its path."""
    for path in directory.glob("[0-9a-f][0-9a-f]/*"):
        with suppress(FileNotFoundError):  # another process has removed it
            status = path.stat()
            yield status.st_atime, status.st_size, path


def _remove_leftovers(directory: Path) -> None:
    """Remove downloads that a killed process has left, once none can be at work on them."""
    for pattern in (f"{TEMPORARY_PREFIX}*", f"[0-9a-f][0-9a-f]/{TEMPORARY_PREFIX}*"):
        for path in directory.glob(pattern):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                    path.unlink()
