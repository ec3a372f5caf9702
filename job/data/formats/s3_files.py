"""The files of a source in a bucket."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import BinaryIO, NamedTuple

from job.data.formats.files import SourceFiles
from job.data.formats.packed_rows import PackedRows
from job.errors import MissingObjectError
from job.storage.s3 import S3Store


class Listing(NamedTuple):
    """All objects below a prefix."""

    names: PackedRows
    """As UTF-8, in code point order."""
    sizes: "array[int]"
    """In bytes, in the order of the names."""


class S3Files(SourceFiles):
    """The objects below a prefix of a bucket.

    Names and sizes come from one listing, so that no image is asked for its size.
    """

    def __init__(self, bucket: S3Store, prefix: str) -> None:
        """Name the objects.

        Args:
            bucket: The whole bucket.
            prefix: What the objects' keys begin with; it is empty or ends in a slash.
        """
        self._bucket, self._prefix = bucket, prefix
        self._lock = Lock()

    def where(self, name: str = "") -> str:
        """Return the URL; see `SourceFiles.where`."""
        return f"{self._bucket.url}/{self._prefix}{name}".rstrip("/")

    def exists(self) -> bool:
        """Return whether there is an object."""
        return self._bucket.has_any(self._prefix)

    def read(self, name: str, what: str = "file") -> bytes:
        """Return an object's bytes; see `SourceFiles.read`."""
        with self._errors(name, what):
            return self._bucket.read(self._prefix + name)

    @contextmanager
    def open(self, name: str, what: str = "file") -> Iterator[BinaryIO]:
        """Open a copy of an object on this machine; see `SourceFiles.open`."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "copy"
            with self._errors(name, what):
                self._bucket.download(self._prefix + name, path)
            with path.open("rb") as file:
                yield file

    def size(self, name: str) -> int:
        """Return an object's size; see `SourceFiles.size`."""
        names, sizes = self._listing
        wanted = _encode(name)
        number = bisect_left(names, wanted)
        return sizes[number] if number < len(names) and names[number] == wanted else -1

    def names(self) -> Iterator[str]:
        """Yield the objects; see `SourceFiles.names`."""
        return map(_decode, self._listing.names)

    def below(self, folder: str) -> "S3Files":
        """Return the objects with a longer prefix."""
        return S3Files(self._bucket, f"{self._prefix}{folder}/")

    @contextmanager
    def _errors(self, name: str, what: str) -> Iterator[None]:
        """Say what is missing by its URL and by what it should be."""
        try:
            yield
        except MissingObjectError as error:
            message = f"{self.where(name)}: no such {what}"
            raise MissingObjectError(message) from error

    @property
    def _listing(self) -> Listing:
        with self._lock:  # several threads would each make it
            return self._whole_listing

    @cached_property
    def _whole_listing(self) -> Listing:
        start = len(self._prefix)
        names, sizes = PackedRows(), array("q")
        for key, num_bytes in self._bucket.scan_sizes(self._prefix):
            names.append(_encode(key[start:]))
            sizes.append(num_bytes)
        if all(before < after for before, after in pairwise(names)):
            return Listing(names, sizes)
        order = sorted(range(len(names)), key=names.__getitem__)  # some servers have another one
        sorted_names = PackedRows()
        for number in order:
            sorted_names.append(names[number])
        return Listing(sorted_names, array("q", (sizes[number] for number in order)))


def _encode(name: str) -> bytes:
    """Return a name as bytes, whose order is that of code points."""
    return name.encode(errors="surrogatepass")


def _decode(name: bytes) -> str:
    return name.decode(errors="surrogatepass")
