"""What every store does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from job.errors import BadDataError
from job.storage.files import TEMPORARY_PREFIX


class Store(Protocol):
    """Objects by key. A write is atomic: a reader sees the whole object, or what was there before.

    Every method raises `TemporaryError` if the store cannot be reached or answers with an error
    that a later attempt may get past (after retries of its own), and `ConfigError` if the
    credentials, the bucket or the directory are wrong.
    """

    @property
    def url(self) -> str:
        """The store's place, as the user would name it."""

    def read(self, key: str) -> bytes:
        """Return a whole object.

        Raises:
            MissingObjectError: There is none.
        """

    def read_range(self, key: str, start: int, size: int) -> bytes:
        """Return `size` bytes of an object from byte `start` on.

        Raises:
            MissingObjectError: There is no such object.
            BadDataError: The object ends before.
        """

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write a whole object, and return whether it was written.

        With `if_absent`, an object that is there already is left alone, as far as the store
        honours conditional writes: several silently do not, so nothing may depend on it.
        """

    def upload(self, key: str, path: Path) -> None:
        """Write an object from a local file, without holding it in memory."""

    def download(self, key: str, path: Path) -> str:
        """Write an object to a local file, whole or not at all, without holding it in memory.

        Returns:
            The SHA-256 of its bytes, in hexadecimal.

        Raises:
            MissingObjectError: There is none.
        """

    def local_path(self, key: str) -> Path | None:
        """The file that holds the object, for a store whose files may be read in place."""

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in code point order."""

    def list_sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin with `prefix`, in code point order, each with its number of bytes."""

    def list_names(self, prefix: str) -> Iterator[str]:
        """The path segments that follow `prefix` (it ends in a slash): sorted, each once."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""


def check_key(key: str) -> str:
    """Return a key that every store takes, and that stays below a directory's root.

    Raises:
        BadDataError: The key is empty, absolute, or has a segment that a directory cannot hold.
    """
    if key.endswith("/") or not key:
        message = f"key {key!r}: an object has a name"
        raise BadDataError(message)
    return check_prefix(key)


def check_prefix(prefix: str) -> str:
    """Return a prefix of keys that stays below a directory's root.

    Raises:
        BadDataError: The prefix is absolute, or has a segment that a directory cannot hold.
    """
    segments = prefix.removesuffix("/").split("/") if prefix else []
    for segment in segments:
        if segment in {"", ".", ".."} or segment.startswith(TEMPORARY_PREFIX) or "\0" in segment:
            message = f"key {prefix!r}: {segment!r} cannot be a part of a key"
            raise BadDataError(message)
    return prefix
