"""The files of a source, wherever they lie: formats read through this and open nothing."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import BinaryIO

from job.data.decoding import SUFFIXES
from job.errors import BadDataError, MissingObjectError

OTHER_SUFFIXES = (
    *(".avif", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".mpo", ".pfm", ".tif", ".tiff"),
    *(".arw", ".cr2", ".cr3", ".dng", ".nef"),
)
"""Images that no one would want to be passed over, though they cannot be read."""


class SourceFiles(ABC):
    """A folder of a source. A file's name is its path below the folder, with slashes.

    Several threads may use it.
    """

    @abstractmethod
    def where(self, name: str = "") -> str:
        """Return a file, or the folder itself, as messages tell it."""

    @abstractmethod
    def exists(self) -> bool:
        """Return whether there is such a folder."""

    @abstractmethod
    def read(self, name: str, what: str = "file") -> bytes:
        """Return a file's bytes.

        Args:
            name: The file.
            what: What it should be, for the message.

        Raises:
            MissingObjectError: There is no such file.
            BadDataError: It cannot be read.
        """

    @abstractmethod
    def open(self, name: str, what: str = "file") -> AbstractContextManager[BinaryIO]:
        """Open a file that may be larger than memory.

        Args:
            name: The file.
            what: What it should be, for the message.

        Raises:
            MissingObjectError: There is no such file.
            BadDataError: It cannot be read.
        """

    @abstractmethod
    def size(self, name: str) -> int:
        """Return a file's size in bytes; -1 if there is no such file."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Yield the files of the folder and of all folders below it, in code point order."""

    @abstractmethod
    def below(self, folder: str) -> "SourceFiles":
        """Return a folder below this one, which need not exist."""

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        return self.size(name) >= 0


class LocalFiles(SourceFiles):
    """A folder of a file system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def where(self, name: str = "") -> str:
        """Return the path; see `SourceFiles.where`."""
        return str(self._folder / name)

    def exists(self) -> bool:
        """Return whether there is such a folder."""
        return self._folder.is_dir()

    def read(self, name: str, what: str = "file") -> bytes:
        """Return a file's bytes; see `SourceFiles.read`."""
        return read_file(self._folder / name, what)

    @contextmanager
    def open(self, name: str, what: str = "file") -> Iterator[BinaryIO]:
        """Open a file; see `SourceFiles.open`."""
        path = self._folder / name
        with _file_errors(path, what):
            file = path.open("rb")
        with file:
            yield file

    def size(self, name: str) -> int:
        """Return a file's size; see `SourceFiles.size`."""
        return num_bytes(self._folder / name)

    def names(self) -> Iterator[str]:
        """Yield the files; see `SourceFiles.names`. Links to folders are followed."""
        return _names(self._folder, "", ())

    def below(self, folder: str) -> "LocalFiles":
        """Return a folder below this one."""
        return LocalFiles(self._folder / folder)


def read_file(path: Path, what: str) -> bytes:
    """Return a file's bytes.

    Raises:
        MissingObjectError: There is no such file.
        BadDataError: It cannot be read.
    """
    with _file_errors(path, what):
        return path.read_bytes()


@contextmanager
def _file_errors(path: Path, what: str) -> Iterator[None]:
    """Turn what the system raises about a file into the project's errors."""
    try:
        yield
    except FileNotFoundError as error:
        message = f"{path}: no such {what}"
        raise MissingObjectError(message) from error
    except OSError as error:
        message = f"{path}: {(error.strerror or str(error)).lower()}"
        raise BadDataError(message) from error
    except ValueError as error:  # a name that no file can have
        message = f"{path}: {error}"
        raise BadDataError(message) from error


def num_bytes(path: Path) -> int:
    """Return the size of a file, or -1 if there is no such file."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # a name that no file can have
        return -1
    return status.st_size if S_ISREG(status.st_mode) else -1


def _names(folder: Path, prefix: str, outer: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """Yield the files below a folder in the order of their whole names.

    Args:
        folder: Where they are.
        prefix: What their names begin with.
        outer: The folders that this one lies in; a link to one of them is not followed.
    """
    try:
        status = folder.stat()
        with os.scandir(folder) as entries:
            found = sorted(f"{each.name}/" if each.is_dir() else each.name for each in entries)
    except (OSError, ValueError):  # reported when a file is read
        return
    identity = (status.st_dev, status.st_ino)
    if identity in outer:
        return
    for name in found:
        if name.endswith("/"):
            yield from _names(folder / name, prefix + name, (*outer, identity))
        else:
            yield prefix + name


def decode(data: bytes, where: str) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        BadDataError: The file is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{where}: not UTF-8: {error.reason} at byte {error.start}"
        raise BadDataError(message) from error


def is_image(name: str) -> bool:
    """Return whether a file of a folder is an image. Hidden files, such as `._a.jpg`, are not."""
    path = PurePosixPath(name)
    is_hidden = any(part.startswith(".") and part != ".." for part in path.parts)
    return path.suffix.lower() in (*SUFFIXES, *OTHER_SUFFIXES) and not is_hidden
