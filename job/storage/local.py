"""A store in a local directory: an object is a file, its key the file's path."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from job.errors import BadDataError, ConfigError, MissingObjectError
from job.storage.base import check_key, check_prefix
from job.storage.files import CHUNK_BYTES, TEMPORARY_PREFIX, file_errors, whole_file, write_chunks


class LocalStore:
    """Objects in the files below `root`, which the first write creates."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def __repr__(self) -> str:
        return f"LocalStore({str(self.root)!r})"

    @property
    def url(self) -> str:
        """`file:///path`."""
        return self.root.as_uri()

    def read(self, key: str) -> bytes:
        """Return a whole object; see `Store.read`."""
        with self._open(key) as file:
            return file.read()

    def read_range(self, key: str, start: int, size: int) -> bytes:
        """Return a part of an object; see `Store.read_range`."""
        with self._open(key) as file:
            num_bytes = os.fstat(file.fileno()).st_size
            if start + size > num_bytes:
                message = f"{self._path(key)}: {num_bytes} bytes, expected {start + size} or more"
                raise BadDataError(message)
            file.seek(start)
            return file.read(size)

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write a whole object; see `Store.write`. Conditional writes are honoured."""
        path = self._writable(key)
        try:
            with whole_file(path, durable=True, if_absent=if_absent) as file:
                file.write(data)
        except FileExistsError:
            return False
        return True

    def upload(self, key: str, path: Path) -> None:
        """Write an object from a file; see `Store.upload`."""
        target = self._writable(key)
        with path.open("rb") as source, whole_file(target, durable=True) as file:
            shutil.copyfileobj(source, file, CHUNK_BYTES)

    def download(self, key: str, path: Path) -> str:
        """Copy an object to a file; see `Store.download`."""
        with self._open(key) as source, whole_file(path) as file:
            return write_chunks(file, iter(partial(source.read, CHUNK_BYTES), b""))

    def local_path(self, key: str) -> Path:
        """The object's file, whether it is there or not."""
        return self._path(key)

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        path = self._path(key)
        self._check_root()
        with file_errors(path):
            return path.is_file()

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in code point order."""
        check_prefix(prefix)
        self._check_root()
        directory = prefix[: prefix.rfind("/") + 1]
        return self._walk(directory, prefix)

    def list_sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin with `prefix`, in code point order, each with its number of bytes."""
        for key in self.list(prefix):
            with suppress(FileNotFoundError):  # deleted since
                yield key, self._path(key).stat().st_size

    def list_names(self, prefix: str) -> Iterator[str]:
        """The path segments that follow `prefix`, of a file or of a directory with files."""
        check_prefix(prefix)
        self._check_root()
        found = {
            name.rstrip("/")
            for name in self._names(prefix)
            if not name.endswith("/") or any(self._walk(f"{prefix}{name}", prefix))
        }
        return iter(sorted(found))

    def delete(self, key: str) -> None:
        """Remove an object that may be there, and the directories that it leaves empty."""
        path = self._path(key)
        self._check_root()
        with file_errors(path):
            if path.is_dir():  # no object, but some below it
                return
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
        with suppress(OSError):  # the first that is not empty ends it
            for parent in takewhile(lambda parent: parent != self.root, path.parents):
                parent.rmdir()

    def _path(self, key: str) -> Path:
        """The file of a key."""
        return self.root / check_key(key)

    def _writable(self, key: str) -> Path:
        """The file of a key that is about to be written."""
        path = self._path(key)
        self._check_root()
        with file_errors(path):
            if path.is_dir():
                message = f"{path}: there are objects below this name; it cannot be one itself"
                raise BadDataError(message)
        return path

    def _check_root(self) -> None:
        """Refuse a store that is a file."""
        with file_errors(self.root):
            if self.root.exists() and not self.root.is_dir():
                message = f"store {self.root}: not a directory; set another in --store or AL_STORE"
                raise ConfigError(message)
            if self.root.is_symlink() and not self.root.exists():
                message = f"store {self.root}: a link to {self.root.readlink()}, which is not there"
                raise ConfigError(message)

    @contextmanager
    def _open(self, key: str) -> Iterator[BinaryIO]:
        """An object's file, open for reading."""
        path = self._path(key)
        self._check_root()
        with file_errors(path):
            try:
                file = path.open("rb")
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                message = f"{path}: no such object"
                raise MissingObjectError(message) from None
        with file:
            yield file

    def _walk(self, directory: str, prefix: str) -> Iterator[str]:
        """The keys below a directory (it ends in a slash) that begin with `prefix`, in order."""
        for name in self._names(directory):
            key = f"{directory}{name}"
            if not key.startswith(prefix):
                continue
            if name.endswith("/"):
                yield from self._walk(key, prefix)
            else:
                yield key

    def _names(self, directory: str) -> Sequence[str]:
        """The entries of a directory; those that are directories end in a slash.

        The slash is part of what is sorted: that makes a walk meet whole keys in their order.
        """
        path = self.root / directory
        with file_errors(path):
            try:
                with os.scandir(path) as entries:
                    return sorted(
                        f"{entry.name}/" if entry.is_dir() else entry.name
                        for entry in entries
                        if not entry.name.startswith(TEMPORARY_PREFIX)
                    )
            except (FileNotFoundError, NotADirectoryError):
                return []
