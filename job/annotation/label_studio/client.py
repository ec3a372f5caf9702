"""The requests to Label Studio: who we are, and what its refusals mean."""

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from job.annotation.http import File, Reply, Server, one_line
from job.annotation.json_text import parse_json
from job.annotation.label_studio.token import VARIABLE, WHERE, is_personal
from job.errors import AlJobError, ConfigError, TemporaryError

SETTING = "annotation.label_studio.url"
PAGE_SIZE = 500
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_FULL_DISK = ("disk is full", "No space left", "disk full")


class LabelStudioClient:
    """Sends requests as one user."""

    def __init__(self, url: str, token: str) -> None:
        self.server = Server(url, SETTING, "Label Studio")
        self._token = token
        self._access = ""
        """What a personal access token was changed into; it lives for five minutes."""
        self._has_answered = False
        """Whether this is a Label Studio, for all we know."""

    def get(self, path: str, **query: object) -> Any:
        """Return what lies at a path."""
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def pages(self, path: str, rows: str, total: str, **query: object) -> Iterator[Any]:
        """Yield the rows of a long list.

        Args:
            path: The list's.
            rows: The key of a page's rows.
            total: The key of the number of all rows.
            query: What else is asked.
        """
        page, seen = 1, 0
        while True:
            found = self.get(path, page=page, page_size=PAGE_SIZE, **query)
            yield from found[rows]
            seen += len(found[rows])
            if seen >= found[total] or not found[rows]:
                return
            page += 1

    def send(
        self, method: str, path: str, body: object = None, *, files: Sequence[File] = ()
    ) -> Any:
        """Send a request, and return the answer's content.

        Raises:
            ConfigError: The server refuses it, or is not Label Studio.
            TemporaryError: It does not answer, or fails, or the project is gone.
        """
        reply = self._send(method, path, body, files)
        if reply.status == HTTPStatus.UNAUTHORIZED and is_personal(self._token):
            self._access = ""
            reply = self._send(method, path, body, files)
        return self._content(reply, f"{method} {path.partition('?')[0]}")

    def _send(self, method: str, path: str, body: object, files: Sequence[File]) -> Reply:
        headers = {"Authorization": self._authorization()}
        return self.server.request(method, path, body, headers=headers, files=files)

    def _authorization(self) -> str:
        if not is_personal(self._token):
            return f"Token {self._token}"
        if not self._access:
            body = {"refresh": self._token}
            reply = self.server.request("POST", "/api/token/refresh/", body, headers={})
            content = self._content(reply, "the token")
            self._access = content["access"]
        return f"Bearer {self._access}"

    def _content(self, reply: Reply, what: str) -> Any:
        """Return the content of an answer, unless it is a refusal."""
        content = _parsed(reply.data)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(reply, content, what)
        if content is None and reply.data:
            message = (
                f"{self.server.url} answers with a web page: it is not the address of a Label "
                f"Studio: check {SETTING}"
            )
            raise ConfigError(message)
        self._has_answered = True
        return content

    def _refusal(self, reply: Reply, content: Any, what: str) -> AlJobError:
        said = _said(content) or "a web page"
        where = self.server.where
        if any(each in reply.data.decode(errors="replace") for each in _FULL_DISK):
            return TemporaryError(f"{where}: its disk is full; make room there, and retry")
        if reply.status == HTTPStatus.UNAUTHORIZED:
            advice = f"set {VARIABLE} to a new one, of {WHERE}"
            return ConfigError(f"{where} does not take the token ({said}): {advice}")
        if reply.status == HTTPStatus.NOT_FOUND:
            return self._not_found()
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _PASSING:
            return TemporaryError(f"{where} answered {reply.status} to {what}: {said}; retry")
        return ConfigError(f"{where} answered {reply.status} to {what}: {said}")

    def _not_found(self) -> AlJobError:
        """What it means that something is not there: a project, or the whole Label Studio."""
        if self._has_answered:
            return TemporaryError(
                f"{self.server.where}: the project or a task was deleted there meanwhile; "
                "a retry asks anew for what is not answered"
            )
        return ConfigError(
            f"{self.server.url} is not the address of a Label Studio (it answers 404): "
            f"check {SETTING}"
        )


def _parsed(data: bytes) -> Any:
    """Return JSON's content; None if it is something else."""
    try:
        return parse_json(data)
    except ValueError:
        return None


def _said(content: Any) -> str:
    """Return what an answer says is wrong."""
    if not isinstance(content, Mapping):
        return ""
    detail = content.get("validation_errors") or content.get("detail") or ""
    return one_line(detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False))
