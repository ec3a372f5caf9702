"""The files of a zip archive."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from job.data.formats.files import SourceFiles
from job.errors import BadDataError, MissingObjectError

MAX_BYTES = 2**31
"""A file of an archive that says to be larger is not unpacked."""


class ZipFiles(SourceFiles):
    """The files below a folder of an archive."""

    def __init__(self, path: Path, prefix: str = "", archive: ZipFile | None = None) -> None:
        """Read what the archive lists.

        Args:
            path: The archive.
            prefix: What the names of the files begin with; it is empty or ends in a slash.
            archive: The opened archive: its list is long, and is read once. None: open it.

        Raises:
            BadDataError: It is not an archive.
        """
        self._path, self._prefix = path, prefix
        try:
            self._archive = archive or ZipFile(path)
        except (BadZipFile, OSError) as error:
            message = f"{path}: not a zip archive, or not all of it: {error}"
            raise BadDataError(message) from error
        self._sizes = {
            each.filename.removeprefix(prefix): each.file_size
            for each in self._archive.infolist()
            if each.filename.startswith(prefix) and not each.is_dir()
        }

    def where(self, name: str = "") -> str:
        """Return the archive, with the name in it; see `SourceFiles.where`."""
        inside = f"{self._prefix}{name}".rstrip("/")
        return f"{self._path}: {inside}" if inside else str(self._path)

    def exists(self) -> bool:
        """Return whether there is a file."""
        return bool(self._sizes)

    def read(self, name: str, what: str = "file") -> bytes:
        """Return a file's bytes; see `SourceFiles.read`."""
        with self.open(name, what) as file:
            try:
                return file.read()
            except (BadZipFile, zlib.error, EOFError, OSError) as error:
                message = f"{self.where(name)}: damaged: {error}"
                raise BadDataError(message) from error

    @contextmanager
    def open(self, name: str, what: str = "file") -> Iterator[BinaryIO]:
        """Open a file; see `SourceFiles.open`."""
        if not self.has(name):
            message = f"{self.where(name)}: no such {what}"
            raise MissingObjectError(message)
        if self.size(name) > MAX_BYTES:
            message = f"{self.where(name)}: larger than {MAX_BYTES // 2**30} GiB; unpack it"
            raise BadDataError(message)
        try:
            file = self._archive.open(f"{self._prefix}{name}")
        except (BadZipFile, RuntimeError, NotImplementedError) as error:  # such as a password
            message = f"{self.where(name)}: {error}"
            raise BadDataError(message) from error
        with file:
            yield cast("BinaryIO", file)

    def size(self, name: str) -> int:
        """Return a file's size unpacked; see `SourceFiles.size`."""
        return self._sizes.get(name, -1)

    def names(self) -> Iterator[str]:
        """Yield the files; see `SourceFiles.names`."""
        return iter(sorted(self._sizes))

    def below(self, folder: str) -> "ZipFiles":
        """Return the files with a longer prefix."""
        return ZipFiles(self._path, f"{self._prefix}{folder}/", self._archive)
