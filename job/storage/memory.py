"""A store in this process's memory, for tests."""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from job.errors import BadDataError, MissingObjectError
from job.storage.base import check_key, check_prefix
from job.storage.files import whole_file, write_chunks


class MemoryStore:
    """Objects in a dictionary; several threads may use it."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = Lock()

    @property
    def url(self) -> str:
        """A place that nobody else can name."""
        return "memory://"

    def read(self, key: str) -> bytes:
        """Return a whole object; see `Store.read`."""
        check_key(key)
        with self._lock:
            if key not in self._objects:
                message = f"{self.url}{key}: no such object"
                raise MissingObjectError(message)
            return self._objects[key]

    def read_range(self, key: str, start: int, size: int) -> bytes:
        """Return a part of an object; see `Store.read_range`."""
        data = self.read(key)
        if start + size > len(data):
            message = f"{self.url}{key}: {len(data)} bytes, expected {start + size} or more"
            raise BadDataError(message)
        return data[start : start + size]

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write a whole object; see `Store.write`. Conditional writes are honoured."""
        check_key(key)
        with self._lock:
            if if_absent and key in self._objects:
                return False
            self._objects[key] = bytes(data)
            return True

    def upload(self, key: str, path: Path) -> None:
        """Write an object from a file; see `Store.upload`."""
        self.write(key, path.read_bytes())

    def download(self, key: str, path: Path) -> str:
        """Write an object to a file; see `Store.download`."""
        data = self.read(key)
        with whole_file(path) as file:
            return write_chunks(file, [data])

    def local_path(self, key: str) -> None:
        """No object has a file."""

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        check_key(key)
        with self._lock:
            return key in self._objects

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in code point order."""
        check_prefix(prefix)
        with self._lock:
            return iter(sorted(key for key in self._objects if key.startswith(prefix)))

    def list_sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin with `prefix`, in code point order, each with its number of bytes."""
        check_prefix(prefix)
        with self._lock:
            found = {key: len(data) for key, data in self._objects.items()}
        return iter(sorted((key, size) for key, size in found.items() if key.startswith(prefix)))

    def list_names(self, prefix: str) -> Iterator[str]:
        """The path segments that follow `prefix`: sorted, each once."""
        names = {key[len(prefix) :].split("/", 1)[0] for key in self.list(prefix)}
        return iter(sorted(names))

    def delete(self, key: str) -> None:
        """Remove an object that may be there."""
        check_key(key)
        with self._lock:
            self._objects.pop(key, None)
