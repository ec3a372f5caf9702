"""HTTP to the server of an annotation tool, with time limits; every failure is one clear line."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import NamedTuple

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, SSLError

from job.errors import AlJobError, ConfigError, TemporaryError
from job.storage.s3_access import without_keys

_TIME_LIMITS = urllib3.Timeout(connect=10, read=60)
"""In seconds. A server that is down is found so within a minute."""
_MOVED = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)

File = tuple[str, bytes]
"""A file's name and its bytes."""


class Reply(NamedTuple):
    """What a server answered."""

    status: int
    data: bytes


class Server:
    """A server. A request is sent once: what was lost is found out by looking, and sent anew."""

    def __init__(self, url: str, setting: str, name: str) -> None:
        """Remember where it is; no request is sent.

        Args:
            url: Its address, without a slash at the end.
            setting: What names the address, for messages.
            name: Its name, for messages.
        """
        self.url = url
        self.name = name
        self.setting = setting
        self._pool = urllib3.PoolManager(timeout=_TIME_LIMITS, retries=False)

    @property
    def where(self) -> str:
        """The server in words, for messages."""
        return f"{self.name} at {self.url}"

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str],
        files: Sequence[File] = (),
    ) -> Reply:
        """Send a request, and return the answer, whatever its status.

        Args:
            method: Such as `GET`.
            path: What follows the server's address, with a query if there is one.
            body: What is sent as JSON, or bytes as they are; None: nothing.
            headers: Those of the tool, such as the token's.
            files: What is sent as a form instead.

        Raises:
            TemporaryError: There is no answer, or not all of it.
            ConfigError: The address is that of something else, or its certificate is not trusted.
        """
        data, kind = _form(files) if files else _json(body)
        sent = dict(headers)
        if data:
            sent = {"Content-Type": kind, **sent, "Content-Length": str(len(data))}
        try:
            # As a file: the time limit is then that of each block, and not of all of it.
            answer = self._pool.request(
                method,
                self.url + path,
                body=BytesIO(data) if data else None,
                headers=sent,
                redirect=False,
            )
        except HTTPError as error:
            raise self._no_answer(error) from error
        if answer.status in _MOVED:
            place = without_keys(answer.headers.get("Location", "another address"))
            message = f"{self.where} sends us to {place}: set {self.setting} to where it is"
            raise ConfigError(message)
        return Reply(answer.status, answer.data)

    def _no_answer(self, error: HTTPError) -> AlJobError:
        said = one_line(error)
        if isinstance(error, LocationValueError):
            return ConfigError(f"{self.setting}: {self.url!r}: {said}")
        if isinstance(error, SSLError):
            advice = f"check {self.setting}, or name its authority's file in SSL_CERT_FILE"
            return ConfigError(f"{self.where}: {said}; {advice}")
        return TemporaryError(f"{self.where}: {said}; is it up? check {self.setting}")


def _form(files: Sequence[File]) -> tuple[bytes, str]:
    fields = [(str(number), file) for number, file in enumerate(files)]
    return urllib3.encode_multipart_formdata(fields)


def _json(body: object) -> tuple[bytes, str]:
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    data = b"" if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    return data, "application/json"


def one_line(text: object, longest: int = 200) -> str:
    """Return what somebody else said, as a part of a message: one line, and not too long."""
    line = " ".join(without_keys(str(text)).split()).rstrip(".")
    return line if len(line) <= longest else f"{line[:longest]}..."
