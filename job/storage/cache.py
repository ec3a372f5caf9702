"""A local file with an object's bytes: the store's own, or a copy kept for the next time."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from job.errors import BadDataError, ConfigError
from job.runtime.paths import user_path
from job.storage.base import Store
from job.storage.cache_limit import has_limit, has_room, note_use
from job.storage.files import TEMPORARY_PREFIX, file_errors

_verified: dict[Path, tuple[str, int, int]] = {}
"""The digest, time of change (ns) and size of the files whose bytes this process has checked."""


def fetch(store: Store, key: str, sha256: str) -> Path:
    """Return a local file that holds an object, checked against the digest of its bytes.

    Args:
        store: Where the object lies. Files of a local store are used in place.
        key: The object's key.
        sha256: The digest that its bytes must have, in hexadecimal.

    Raises:
        BadDataError: The object is missing, or has another digest.
        ConfigError: `AL_CACHE` names a directory that cannot be written.
        TemporaryError: The store does not answer, or the disk is full.
    """
    in_place = store.local_path(key)
    if in_place is not None:
        return _in_place(store, key, in_place, sha256)
    paths = [folder / sha256[:2] / sha256 for folder in _directories()]
    note_use(paths)
    if found := next((path for path in paths if _holds(path, sha256)), None):
        return found
    target = _with_room() / sha256[:2] / sha256
    _download(store, key, target, sha256)
    return target


def fetch_whatever(store: Store, key: str) -> tuple[Path, str]:
    """Return a local file that holds an object, whatever its bytes are, and their SHA-256.

    Raises:
        MissingObjectError: There is no such object.
        ConfigError: `AL_CACHE` names a directory that cannot be written.
        TemporaryError: The store does not answer, or the disk is full.
    """
    in_place = store.local_path(key)
    if in_place is not None:
        if not in_place.is_file():
            store.read(key)  # says what is missing
        with file_errors(in_place), in_place.open("rb") as file:
            return in_place, hashlib.file_digest(file, "sha256").hexdigest()
    folder = _with_room()
    temporary = folder / f"{TEMPORARY_PREFIX}{uuid4().hex}"
    try:
        sha256 = store.download(key, temporary)
        cached = folder / sha256[:2] / sha256
        _keep(temporary, cached, sha256)
    finally:
        temporary.unlink(missing_ok=True)
    return cached, sha256


def directory() -> Path:
    """Return the cache directory: `AL_CACHE`, or `al-voc` in the user's cache.

    If the user's cache cannot be written, as in a container with a read-only file system, a
    directory for temporary files is used.

    Raises:
        ConfigError: The directory that `AL_CACHE` names cannot be written; or there is none, and
            others can write into the one for temporary files.
    """
    if chosen := os.environ.get("AL_CACHE"):
        path = user_path(chosen).absolute()
        if not _writable(path):
            message = f"AL_CACHE={chosen}: not a directory that can be written"
            raise ConfigError(message)
        return path
    with suppress(RuntimeError):  # a user without a home, as in a container
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "al-voc"
        if _writable(usual):
            return usual
    return _temporary_directory()


def note_use_of_all() -> None:
    """Note that what this process has fetched is in use: whoever works for long says it again."""
    note_use(_verified)


def _directories() -> Iterator[Path]:
    """Yield where copies may be; one that the cache has no room for is among temporary files."""
    yield directory()
    if has_limit():
        yield _temporary_directory()


def _with_room() -> Path:
    """Return where the next copy goes."""
    path = directory()
    return path if has_room(path) else _temporary_directory()


def _temporary_directory() -> Path:
    path = Path(tempfile.gettempdir()) / f"al-voc-{os.getuid()}"
    if not _writable(path, mode=0o700):
        message = f"{path}: cannot be written, nor can ~/.cache; name a cache directory in AL_CACHE"
        raise ConfigError(message)
    if not _private(path):
        message = f"{path}: other users can write there; name another cache directory in AL_CACHE"
        raise ConfigError(message)
    return path


def _private(path: Path) -> bool:
    """Whether a directory, and no link to one, is this user's and nobody else can write there."""
    status = path.lstat()
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return own and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _writable(path: Path, mode: int = 0o777) -> bool:
    """Whether files can be created in a directory, which is created if it is missing."""
    try:
        path.mkdir(mode, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(path, os.W_OK | os.X_OK)


def _in_place(store: Store, key: str, path: Path, sha256: str) -> Path:
    """A file of the store itself, when its bytes are the right ones."""
    if not _holds(path, sha256):
        if path.is_file():
            raise _mismatch(store, key, sha256)
        store.read(key)  # says what is missing
    return path


def _download(store: Store, key: str, target: Path, sha256: str) -> None:
    """Put an object into the cache; its name appears only once its bytes have been checked.

    Another process may do the same at the same time: both put the same bytes there.
    """
    temporary = target.parent / f"{TEMPORARY_PREFIX}{uuid4().hex}"
    try:
        if store.download(key, temporary) != sha256:
            raise _mismatch(store, key, sha256)
        _keep(temporary, target, sha256)
    finally:
        temporary.unlink(missing_ok=True)


def _keep(temporary: Path, target: Path, sha256: str) -> None:
    """Give a checked file its name in the cache."""
    with file_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        state = _state(temporary, sha256)
        temporary.replace(target)
    _verified[target] = state


def _holds(path: Path, sha256: str) -> bool:
    """Whether a file is there with the right bytes; the same file is read only once."""
    with file_errors(path):
        if not path.is_file():
            return False
        known = _state(path, sha256)
        if _verified.get(path) == known:
            return True
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
    _verified[path] = known
    return True


def _state(path: Path, sha256: str) -> tuple[str, int, int]:
    """What identifies the state of a file with that digest; it changes with the file."""
    status = path.stat()
    return sha256, status.st_mtime_ns, status.st_size


def _mismatch(store: Store, key: str, sha256: str) -> BadDataError:
    """The error for an object whose bytes are not those expected."""
    return BadDataError(
        f"{key} in {store.url}: its bytes are not those recorded (sha256 {sha256}); "
        "the object was changed or damaged: restore it from a copy of the store; without one, "
        "ingest the data set again, or remove the marker of the stage that wrote it to run that "
        "again"
    )
