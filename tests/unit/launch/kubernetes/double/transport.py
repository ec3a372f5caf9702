"""HTTP without a network: urllib3 calls a function, and any exchange can be made to fail.

The client, urllib3's retries and its translation of socket errors are the real ones. Only the
connection is replaced, so a time-out is raised at once where a socket would wait for it.
"""

import http.client
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import urllib3
from kubernetes import client
from urllib3.connection import HTTPConnection

ALL_VERBS = frozenset({"GET", "POST", "PATCH", "DELETE"})
GONE = 410


@dataclass(frozen=True)
class Request:
    """A request to the API."""

    number: int
    """How many requests there were before it."""
    verb: str
    path: str
    query: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


@dataclass(frozen=True)
class Fault:
    """How one request goes wrong."""

    outcome: int | type[OSError]
    """The HTTP status of an error answer, or what the socket raises."""
    after: bool = False
    """Whether the request has its effect all the same."""
    verbs: frozenset[str] = ALL_VERBS
    message: str = ""
    """What an error answer says; if empty, something for its status."""

    def can_hit(self, request: Request) -> bool:
        """Return whether a real API could answer this request so: only a page can expire."""
        is_paged = self.outcome != GONE or "continue" in request.query
        return request.verb in self.verbs and is_paged


CONFLICT = Fault(409, verbs=frozenset({"PATCH"}))
EXPIRED = Fault(GONE, verbs=frozenset({"GET"}))
THROTTLED = Fault(429)
INTERNAL = Fault(500)
INTERNAL_AFTER = Fault(500, after=True)
UNAVAILABLE = Fault(503)
GATEWAY_TIMEOUT_AFTER = Fault(504, after=True)
RESET = Fault(ConnectionResetError)
LOST = Fault(http.client.RemoteDisconnected, after=True)
"""The request had its effect, and the connection was closed before the answer came."""
HANG = Fault(TimeoutError)
HANG_AFTER = Fault(TimeoutError, after=True)

Plan = Callable[[Request], Fault | None]


def at(number: int, fault: Fault) -> Plan:
    """Return a plan by which this one request goes wrong, if the fault can hit it."""
    return lambda request: fault if request.number == number else None


def sequence(faults: Iterable[Fault | None]) -> Plan:
    """Return a plan that takes one fault for each request; None lets a request through."""
    rest = iter(faults)
    return lambda _: next(rest, None)


Answer = tuple[int, bytes]
"""Status and body."""
Exchange = Callable[[str, str, str, bytes], Answer]
"""Takes verb, URL, content type and body."""


def split_url(url: str) -> tuple[str, dict[str, str]]:
    """Return the path and the query of a URL."""
    parts = urlsplit(url)
    return parts.path, dict(parse_qsl(parts.query))


def connected(exchange: Exchange, retries: urllib3.Retry | int | None) -> client.ApiClient:
    """Return the official client, whose requests go to a function; it has to be closed."""

    class Connection(HTTPConnection):
        def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any):  # type: ignore[no-untyped-def]  # noqa: ANN202
            data = body.encode() if isinstance(body, str) else body or b""
            self.sent = (method, url, dict(headers or {}).get("Content-Type", ""), data)

        def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
            assert self.timeout, "without a time limit, a call can hang forever"
            status, content = exchange(*self.sent)
            return urllib3.HTTPResponse(
                io.BytesIO(content),
                status=status,
                preload_content=False,
                request_method=self.sent[0],
            )

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Connection

    configuration = client.Configuration(host="http://cluster")
    configuration.proxy = None  # whatever this machine's is
    configuration.retries = retries
    api = client.ApiClient(configuration)
    api.rest_client.pool_manager.pool_classes_by_scheme = {"http": Pool}
    return api
