"""A store in an S3 bucket, on AWS or on any server that speaks its protocol."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.exceptions import ClientError

from job.errors import BadDataError, MissingObjectError, TemporaryError
from job.runtime.parallel import stop_if_dropped
from job.storage.base import check_key, check_prefix
from job.storage.files import CHUNK_BYTES, whole_file, write_chunks
from job.storage.s3_access import BY_VARIABLES, S3Access
from job.storage.s3_client import new_client
from job.storage.s3_errors import BODY_ERRORS, s3_errors, status_of, without_secrets

T = TypeVar("T")

BODY_BACKOFF_SECONDS = (0.2, 1.0, 3.0, 6.0)
"""The pauses after which a body that broke off is asked for again."""

TRANSFER = TransferConfig(
    multipart_threshold=16 << 20,
    multipart_chunksize=16 << 20,
    max_concurrency=8,
    preferred_transfer_client="classic",  # the same on every machine
)


class S3Store:
    """Objects below a prefix of a bucket.

    Several threads may use it, and it may be pickled and forked: each process has its own client.
    """

    def __init__(self, bucket: str, prefix: str = "", access: S3Access = BY_VARIABLES) -> None:
        self.bucket, self.prefix, self.access = bucket, prefix, access
        self._client_of_process: tuple[int, Any] | None = None

    def __repr__(self) -> str:
        return f"S3Store({self.bucket!r}, {self.prefix!r})"

    def __reduce__(self) -> tuple[type["S3Store"], tuple[str, str, S3Access]]:
        return S3Store, (self.bucket, self.prefix, self.access)

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def read(self, key: str) -> bytes:
        """Return a whole object; see `Store.read`."""

        def whole(answer: dict[str, Any]) -> bytes:
            data: bytes = answer["Body"].read()
            return data

        return self._get(key, whole)

    def read_range(self, key: str, start: int, size: int) -> bytes:
        """Return a part of an object; see `Store.read_range`."""
        end = start + size
        if size == 0:  # which a range cannot say
            data, enough = b"", self._num_bytes(key) >= end
        else:
            data = self._get_range(key, start, end)
            enough = len(data) == size
        if not enough:
            message = f"{self._where(key)}: {self._num_bytes(key)} bytes, expected {end} or more"
            raise BadDataError(message)
        return data

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write a whole object; see `Store.write`."""
        try:
            with self._errors(key):
                if if_absent:
                    return self._create(key, data)
                self._client().put_object(**self._object(key), Body=data)
                return True
        except MissingObjectError as error:  # so answers a server that has just begun
            message = f"{self._where(key)}: the server has no place for it; is it only starting?"
            raise TemporaryError(message) from error

    def upload(self, key: str, path: Path) -> None:
        """Write an object from a file; see `Store.upload`. Large ones go in parts, side by side."""
        at = self._object(key)
        with (
            self._errors(key),
            create_transfer_manager(self._client(), TRANSFER) as manager,
        ):
            manager.upload(str(path), at["Bucket"], at["Key"]).result()

    def download(self, key: str, path: Path) -> str:
        """Write an object to a file; see `Store.download`."""
        with whole_file(path) as file:

            def save(answer: dict[str, Any]) -> str:
                file.seek(0)
                file.truncate()
                return write_chunks(file, answer["Body"].iter_chunks(CHUNK_BYTES))

            return self._get(key, save)

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
        """The keys that begin with `prefix`, in code point order.

        Some servers list in another order, so the whole list is read first.
        """
        return (key for key, _ in self.list_sizes(prefix))

    def list_sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin with `prefix`, in code point order, each with its number of bytes."""
        return iter(sorted(self.scan_sizes(prefix)))

    def scan_sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin with `prefix`, in the server's order, each with its size in bytes.

        It holds one page of the server's list at a time.
        """
        for page in self._pages(prefix):
            for entry in page.get("Contents", ()):
                key = entry["Key"].removeprefix(self._key_prefix)
                if key and not key.endswith("/"):
                    yield key, int(entry["Size"])

    def has_any(self, prefix: str) -> bool:
        """Whether a key begins with `prefix`."""
        check_prefix(prefix)
        with self._errors(prefix):
            found = self._client().list_objects_v2(
                Bucket=self.bucket, Prefix=self._key_prefix + prefix, MaxKeys=1
            )
        return bool(found.get("Contents"))

    def list_names(self, prefix: str) -> Iterator[str]:
        """The path segments that follow `prefix` (it ends in a slash): sorted, each once."""
        start = len(self._key_prefix + prefix)
        names = {
            path[start:].rstrip("/")
            for page in self._pages(prefix, Delimiter="/")
            for path in (
                *(entry["Key"] for entry in page.get("Contents", ())),
                *(entry["Prefix"] for entry in page.get("CommonPrefixes", ())),
            )
        }
        return iter(sorted(names - {""}))

    def delete(self, key: str) -> None:
        """Remove an object that may be there."""
        with self._errors(key):
            self._client().delete_object(**self._object(key))

    @property
    def _key_prefix(self) -> str:
        """What all keys of this store begin with in the bucket."""
        return f"{self.prefix}/" if self.prefix else ""

    def _object(self, key: str) -> dict[str, str]:
        """The arguments that name an object."""
        return {"Bucket": self.bucket, "Key": self._key_prefix + check_key(key)}

    def _get(self, key: str, use: Callable[[dict[str, Any]], T], **request: str) -> T:
        """Ask for an object and use the answer, once more where its body breaks off."""
        at = self._object(key)
        pauses = iter(BODY_BACKOFF_SECONDS)
        with self._errors(key):
            while True:
                stop_if_dropped()
                answer = self._client().get_object(**at, **request)
                try:
                    return use(answer)
                except BODY_ERRORS:
                    seconds = next(pauses, None)
                    if seconds is None:
                        raise
                    time.sleep(seconds)

    def _get_range(self, key: str, start: int, end: int) -> bytes:
        """The bytes of an object from `start` to before `end`, as far as there are any."""

        def part(answer: dict[str, Any]) -> bytes:
            data: bytes = answer["Body"].read()
            # A server may ignore the range; one that does not may still answer with status 200.
            return data if "ContentRange" in answer else data[start:end]

        return self._get(key, part, Range=f"bytes={start}-{end - 1}")

    def _num_bytes(self, key: str) -> int:
        """The size of an object."""
        at = self._object(key)
        with self._errors(key):
            try:
                size: int = self._client().head_object(**at)["ContentLength"]
            except ClientError as error:
                if status_of(error) == HTTPStatus.NOT_FOUND:
                    # A HEAD has no body to say whether object or bucket is missing; a list has.
                    self._client().list_objects_v2(Bucket=at["Bucket"], Prefix=at["Key"], MaxKeys=1)
                raise
        return size

    def _create(self, key: str, data: bytes) -> bool:
        """Write an object unless it is there, as far as the server can tell."""
        at = self._object(key)
        try:
            self._client().put_object(**at, Body=data, IfNoneMatch="*")
        except ClientError as error:
            if status_of(error) == HTTPStatus.NOT_IMPLEMENTED:
                return not self.exists(key) and self.write(key, data)
            if status_of(error) == HTTPStatus.PRECONDITION_FAILED:
                # After a lost answer and a second attempt, what is there may be our own.
                again = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
                return again and self.read(key) == data
            raise
        return True

    def _pages(self, prefix: str, **request: str) -> Iterator[dict[str, Any]]:
        """The server's answers to a list request."""
        check_prefix(prefix)
        with self._errors(prefix):
            pages = self._client().get_paginator("list_objects_v2")
            yield from pages.paginate(
                Bucket=self.bucket, Prefix=self._key_prefix + prefix, **request
            )

    def _errors(self, key: str) -> AbstractContextManager[None]:
        """Where errors of botocore become the project's."""
        return s3_errors(self._where(key), self.access)

    def _where(self, key: str) -> str:
        """An object and its server, for messages."""
        server = without_secrets(self._client().meta.endpoint_url)
        return f"s3://{self.bucket}/{self._key_prefix}{key} at {server}"

    def _client(self) -> Any:
        """This process's client; one made before a fork shares sockets with the parent."""
        if self._client_of_process is None or self._client_of_process[0] != os.getpid():
            with s3_errors(self.url, self.access):
                self._client_of_process = (os.getpid(), new_client(self.access))
        return self._client_of_process[1]
