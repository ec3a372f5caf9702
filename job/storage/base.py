"""What every store does, and opening one by its URL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from job.errors import UsageError


class Store(Protocol):
    """Objects by key. A write is atomic: a reader sees the whole object, or what was there before.

    Every method raises `TemporaryError` where the store cannot be reached or answers with an error
    that later attempts may not meet (after attempts of its own), and `ConfigError` where the
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

    def download(self, key: str, path: Path) -> None:
        """Write an object to a local file, whole or not at all, without holding it in memory.

        Raises:
            MissingObjectError: There is none.
        """

    def local_path(self, key: str) -> Path | None:
        """The file that holds the object, for a store whose files may be read in place."""

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in code point order."""

    def list_names(self, prefix: str) -> Iterator[str]:
        """The path segments that follow `prefix` (it ends in a slash): sorted, each once."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""


def open_store(url: str) -> Store:
    """Open the store at `s3://bucket/prefix`, `file:///path`, or a path.

    Raises:
        UsageError: The URL is of no such form.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from job.storage.s3 import S3Store  # noqa: PLC0415 - boto3 takes a third of a second

        return S3Store(parts.netloc, parts.path.strip("/"))
    from job.storage.local import LocalStore  # noqa: PLC0415

    if parts.scheme == "file" and not parts.netloc:
        return LocalStore(Path(unquote(parts.path)))
    if not parts.scheme:
        return LocalStore(Path(url))
    message = f"store {url!r}: expected s3://bucket/prefix, file:///path, or a directory"
    raise UsageError(message)
