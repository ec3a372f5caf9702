"""What can go wrong between a client and the API, and when."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.unit.launch.kubernetes.double import refusals
from tests.unit.launch.kubernetes.double.refusals import RefusedError


@dataclass(frozen=True)
class Request:
    """A request to the API."""

    number: int
    """How many there were before it."""
    verb: str
    path: str
    query: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


@dataclass(frozen=True)
class Fault:
    """How one request goes wrong."""

    kind: Literal["status", "reset", "silence", "hang"]
    """An answer of the API; a connection reset, or closed without an answer; no answer for long."""
    code: int = 0
    """The HTTP status, for `status`."""
    after: bool = False
    """Whether the request has its effect."""
    seconds: float = 0.0
    """How long to hang, or what Retry-After says (whole seconds)."""
    verbs: frozenset[str] = field(default=frozenset({"GET", "POST", "PATCH", "DELETE"}))

    def can_hit(self, request: Request) -> bool:
        """Return whether a real API could answer this request so."""
        paged = self.code != GONE or "continue" in request.query
        return request.verb in self.verbs and paged


GONE = 410
CONFLICT = Fault("status", 409, verbs=frozenset({"PATCH"}))
EXPIRED = Fault("status", GONE, verbs=frozenset({"GET"}))
"""Hits only requests for a further page."""
THROTTLED = Fault("status", 429, seconds=1)
INTERNAL = Fault("status", 500)
UNAVAILABLE = Fault("status", 503)
INTERNAL_AFTER = Fault("status", 500, after=True)
TIMED_OUT = Fault("status", 504, after=True)
RESET = Fault("reset")
LOST = Fault("silence", after=True)
"""The request had its effect, and the answer is lost."""


def hang(seconds: float, *, after: bool = False) -> Fault:
    """Return a fault that answers nothing for so long, and then closes the connection."""
    return Fault("hang", seconds=seconds, after=after)


Plan = Callable[[Request], Fault | None]


def no_faults(_: Request) -> None:
    """Let all requests through."""


def at(number: int, fault: Fault) -> Plan:
    """Return a plan where this one request goes wrong, if the fault can hit it."""
    return lambda request: fault if request.number == number else None


def sequence(faults: Iterable[Fault | None]) -> Plan:
    """Return a plan that uses up faults, one a request; None lets one through."""
    rest = iter(faults)
    return lambda _: next(rest, None)


def refusal(fault: Fault, request: Request) -> RefusedError:
    """Return the answer of the API that a fault gives to a request."""
    if fault.code == GONE:
        return refusals.expired(request.query["continue"])
    reasons = {
        403: (
            "Forbidden",
            'jobs.batch is forbidden: User "driver" cannot list it: RBAC: not ready',
        ),
        409: ("Conflict", "Operation cannot be fulfilled: the object has been modified"),
        422: ("Invalid", 'Job.batch "x" is invalid: spec.template: Required value'),
        429: ("TooManyRequests", "Too many requests, please try again later."),
        500: ("InternalError", "Internal error occurred: etcdserver: request timed out"),
        503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504: ("Timeout", "Timeout: request did not complete within the allotted timeout"),
    }
    throttled = fault.code == THROTTLED.code
    details = {"retryAfterSeconds": int(fault.seconds)} if throttled else {}
    return RefusedError(fault.code, *reasons[fault.code], details)
