"""Local files that appear whole or not at all, and what an error of the file system means."""

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from job.errors import AlJobError, BadDataError, ConfigError, TemporaryError
from job.runtime.parallel import stop_if_dropped

TEMPORARY_PREFIX = ".tmp-"
"""How the name of a file begins that is being written, or was when its writer was killed."""

CHUNK_BYTES = 1 << 20

_WRONG_PLACE = {
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def write_chunks(file: BinaryIO, chunks: Iterable[bytes]) -> str:
    """Write bytes to a file, as long as somebody waits, and return their SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in chunks:
        stop_if_dropped()
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn what the file system says about `path` into the project's errors."""
    try:
        yield
    except OSError as error:
        raise _translated(error, path) from error


def _translated(error: OSError, path: Path) -> AlJobError:
    """The kind of failure that an error of the file system is."""
    reason = (error.strerror or str(error)).lower()
    if error.errno == errno.ELOOP:
        return ConfigError(f"{_before_loop(path)}: a link that leads back to itself: remove it")
    if error.errno in _NO_SPACE:
        return TemporaryError(f"{path}: {reason}; free some space or choose another disk")
    if error.errno in _WRONG_PLACE:
        return ConfigError(f"{path}: {reason}; check the directory and who may use it")
    if error.errno == errno.ENAMETOOLONG:
        return BadDataError(f"{path}: {reason}; a directory takes names of up to 255 bytes")
    return TemporaryError(f"{path}: {reason}")


def _before_loop(path: Path) -> Path:
    """Return the shortest path to the link that is gone through again and again."""
    for each in reversed([path, *path.parents]):
        if each.is_symlink() and each.name in path.relative_to(each).parts:
            return each
    return path


@contextmanager
def whole_file(path: Path, *, durable: bool = False, if_absent: bool = False) -> Iterator[BinaryIO]:
    """Give a file that takes the place of `path` when the block ends without an error.

    Directories are created as needed. An error of the file system within the block is taken for
    one of `path`.

    Args:
        path: The file to write.
        durable: Whether its bytes must be on the disk before its name is, so that not even a
            machine that crashes leaves half of it. This waits for the disk.
        if_absent: Whether to leave a file alone that is there already.

    Raises:
        FileExistsError: With `if_absent`: there is such a file.
    """
    file = _create_beside(path)
    temporary = Path(file.name)
    try:
        with file_errors(path), file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if if_absent:
            _link(temporary, path)
        else:
            with file_errors(path):
                temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _create_beside(path: Path) -> BinaryIO:
    """A new file in the directory of `path`, so that renaming it never crosses file systems."""
    with file_errors(path.parent):
        for _ in range(10):
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # a delete has just removed the empty directory
                return _new_file(path.parent)
        return _new_file(path.parent)


def _new_file(directory: Path) -> BinaryIO:
    """A file under a name that nobody else has; unlike tempfile's, with the usual permissions."""
    return (directory / f"{TEMPORARY_PREFIX}{uuid4().hex}").open("xb")


def _link(temporary: Path, path: Path) -> None:
    """Give a file its name unless that is taken."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: all it offers is to look first
        if path.exists():
            raise FileExistsError(path) from None
        with file_errors(path):
            temporary.replace(path)
