"""A bucket on an S3 server in the cluster, read from here."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from job.errors import TemporaryError
from job.storage import Store, open_store
from tests.e2e.cluster import Namespace, forwarded

PORT = 8333
ATTEMPTS = 10


@dataclass(frozen=True)
class Bucket:
    """A bucket, and where its server is."""

    namespace: Namespace
    service: str
    secret: str
    """Of the same namespace: the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`."""
    url: str

    @property
    def endpoint(self) -> str:
        """The server's URL, for pods of any namespace."""
        return f"http://{self.service}.{self.namespace.name}:{PORT}"

    def credentials(self) -> dict[str, str]:
        [secret] = [
            each
            for each in self.namespace.objects("secrets")
            if each["metadata"]["name"] == self.secret
        ]
        return {k: base64.b64decode(v).decode() for k, v in secret["data"].items()}

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Give the bucket as a store."""
        with (
            forwarded(self.namespace, self.service, PORT) as endpoint,
            pytest.MonkeyPatch.context() as patch,
        ):
            variables = {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1"}
            for name, value in (variables | self.credentials()).items():
                patch.setenv(name, value)
            yield open_store(self.url)

    def contents(self) -> dict[str, bytes]:
        """Every object; a forwarding that breaks is made again."""
        for left in reversed(range(ATTEMPTS)):
            try:
                with self.opened() as store:
                    return {key: store.read(key) for key in store.list("")}
            except TemporaryError:
                if not left:
                    raise
                time.sleep(2)
        raise AssertionError
