"""A store in a bucket of Google Cloud Storage, or in a container of Azure Blob Storage.

One library reaches both: obstore, an extra. Its requests, retries and credentials are those of
Rust's object_store.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

from job.errors import BadDataError, MissingObjectError
from job.runtime.parallel import stop_if_dropped
from job.storage.base import check_key, check_prefix
from job.storage.cloud_access import CLOUDS
from job.storage.cloud_client import Client, new_client
from job.storage.cloud_errors import cloud_errors, is_past_end
from job.storage.files import CHUNK_BYTES, whole_file, write_chunks

PART_BYTES = 16 << 20
"""The size of a part of an upload; a smaller file goes as a whole."""


class CloudStore:
    """Objects below a prefix of a bucket, or container.

    Several threads may use it, and it may be pickled. A forked process cannot use it.
    """

    def __init__(self, scheme: str, bucket: str, prefix: str = "") -> None:
        self.scheme, self.bucket, self.prefix = scheme, bucket, prefix
        self._made: Client | None = None

    def __repr__(self) -> str:
        return f"CloudStore({self.scheme!r}, {self.bucket!r}, {self.prefix!r})"

    def __reduce__(self) -> tuple[type["CloudStore"], tuple[str, str, str]]:
        return CloudStore, (self.scheme, self.bucket, self.prefix)

    @property
    def url(self) -> str:
        """`gs://bucket/prefix`, or `az://container/prefix`."""
        return f"{self.scheme}://{self.bucket}/{self.prefix}".rstrip("/")

    def read(self, key: str) -> bytes:
        """Return a whole object; see `Store.read`."""
        with self._errors(key):
            return bytes(self._get(key).bytes())

    def read_range(self, key: str, start: int, size: int) -> bytes:
        """Return a part of an object; see `Store.read_range`."""
        data = self._get_range(key, start, size) if size else b""
        if len(data) != size or not size:  # a range cannot say no bytes
            num_bytes = self._num_bytes(key)
            if num_bytes < start + size:
                message = f"{self._where(key)}: {num_bytes} bytes, expected {start + size} or more"
                raise BadDataError(message)
        return data

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write a whole object; see `Store.write`. Conditional writes are honoured.

        If the answer to the first one was lost, and the library asked again, it is not told that
        what is there is its own.
        """
        mode: Literal["create", "overwrite"] = "create" if if_absent else "overwrite"
        with self._errors(key, is_write=True):
            try:
                obstore.put(self._client(), self._path(key), data, mode=mode, use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def upload(self, key: str, path: Path) -> None:
        """Write an object from a file; see `Store.upload`. Large ones go in parts, side by side."""
        with self._errors(key, is_write=True):
            obstore.put(
                self._client(), self._path(key), path, chunk_size=PART_BYTES, max_concurrency=8
            )

    def download(self, key: str, path: Path) -> str:
        """Write an object to a file; see `Store.download`."""
        with whole_file(path) as file, self._errors(key):
            return write_chunks(file, map(bytes, self._get(key).stream(CHUNK_BYTES)))

    def local_path(self, key: str) -> None:
        """No object has a file here."""

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            self._num_bytes(key)
        except MissingObjectError:
            return False
        return True

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in code point order."""
        return (key for key, _ in self.list_sizes(prefix))

    def list_sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin with `prefix`, in code point order, each with its number of bytes."""
        check_prefix(prefix)
        folder, start = self._folder(prefix), len(self._key_prefix)
        with self._errors(prefix):
            found = [
                (each["path"][start:], each["size"])
                for page in obstore.list(self._client(), folder, chunk_size=1000)
                for each in page
            ]
        return iter(sorted(each for each in found if each[0] and each[0].startswith(prefix)))

    def list_names(self, prefix: str) -> Iterator[str]:
        """The path segments that follow `prefix` (it ends in a slash): sorted, each once."""
        check_prefix(prefix)
        with self._errors(prefix):
            found = obstore.list_with_delimiter(self._client(), self._folder(prefix))
        paths = [*found["common_prefixes"], *(each["path"] for each in found["objects"])]
        start = len(self._key_prefix + prefix)
        return iter(sorted({path[start:] for path in paths} - {""}))

    def delete(self, key: str) -> None:
        """Remove an object that may be there."""
        with suppress(MissingObjectError), self._errors(key):
            obstore.delete(self._client(), self._path(key))

    @property
    def _key_prefix(self) -> str:
        """What all keys of this store begin with in the bucket."""
        return f"{self.prefix}/" if self.prefix else ""

    def _path(self, key: str) -> str:
        """An object's key in the bucket."""
        return self._key_prefix + check_key(key)

    def _folder(self, prefix: str) -> str | None:
        """What the library lists: it knows prefixes that end with a whole segment."""
        return (self._key_prefix + prefix).rpartition("/")[0] or None

    def _get(self, key: str) -> "obstore.GetResult":
        """The answer to a request for an object, whose body has not come yet."""
        path = self._path(key)
        stop_if_dropped()
        with self._errors(key):
            return obstore.get(self._client(), path)

    def _get_range(self, key: str, start: int, size: int) -> bytes:
        """The bytes of an object from `start`, as far as there are any."""
        path = self._path(key)
        stop_if_dropped()
        with self._errors(key):
            try:
                return bytes(obstore.get_range(self._client(), path, start=start, length=size))
            except BaseError as error:
                if is_past_end(error):
                    return b""
                raise

    def _num_bytes(self, key: str) -> int:
        """The size of an object."""
        path = self._path(key)
        with self._errors(key):
            try:
                return obstore.head(self._client(), path)["size"]
            except FileNotFoundError:
                # This answer has no body to say whether object or bucket is missing; a list has.
                next(iter(obstore.list(self._client(), path, chunk_size=1)), None)
                raise

    def _errors(self, key: str, *, is_write: bool = False) -> AbstractContextManager[None]:
        """Where errors of obstore become the project's."""
        return cloud_errors(self._where(key), CLOUDS[self.scheme], is_write=is_write)

    def _where(self, key: str) -> str:
        """An object, for messages."""
        return f"{self.scheme}://{self.bucket}/{self._key_prefix}{key}"

    def _client(self) -> Client:
        """The client, made at the first use."""
        if self._made is None:
            self._made = new_client(self.scheme, self.bucket)
        return self._made
