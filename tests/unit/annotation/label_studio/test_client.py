"""Requests to Label Studio: tokens, and what refusals mean."""

from collections.abc import Iterator
from typing import Any

import pytest

from job.annotation.label_studio.client import LabelStudioClient
from job.errors import ConfigError, TemporaryError
from tests.label_studio.double import LEGACY, PERSONAL, Double, running_double


@pytest.fixture
def double() -> Iterator[Double]:
    """A server."""
    with running_double() as double:
        yield double


def test_a_personal_token_is_changed_once_and_again_when_it_expires(double: Double) -> None:
    """What it is changed into lives for minutes; the request that finds that out is repeated."""
    client = LabelStudioClient(double.url, PERSONAL)
    client.get("/api/users")
    client.get("/api/users")
    assert double.refreshes == 1
    double.expire()
    assert client.get("/api/users")[0]["email"] == "a@b.org"
    assert double.refreshes == 2


def test_a_revoked_personal_token_is_a_wrong_setting(double: Double) -> None:
    """The message says where a new one comes from, and shows none."""
    with pytest.raises(ConfigError, match="does not take the token") as told:
        LabelStudioClient(double.url, "a.b.secret").get("/api/users")
    assert "secret" not in str(told.value)


FULL = "<h1>OperationalError</h1>database or disk is full"
DENIED = {"detail": "You do not have permission", "version": "1"}
INVALID = {"validation_errors": {"title": ["too\nlong."]}, "detail": "Validation error"}


@pytest.mark.parametrize(
    ("status", "content", "kind", "message"),
    [
        (500, FULL, TemporaryError, "its disk is full; make room there, and retry"),
        (500, {"detail": "[Errno 28] No space left on device"}, TemporaryError, "disk is full"),
        (500, "<html>", TemporaryError, "answered 500 to GET /api/users: a web page; retry"),
        (503, {"detail": "busy"}, TemporaryError, "answered 503 to GET /api/users: busy; retry"),
        (429, {}, TemporaryError, "answered 429"),
        (403, DENIED, ConfigError, "answered 403 to GET /api/users: You do not have permission"),
        (400, INVALID, ConfigError, 'answered 400 to GET /api/users: {"title": ["too'),
        (404, DENIED, ConfigError, "is not the address of a Label Studio"),
        (200, "<html>", ConfigError, "answers with a web page: it is not the address"),
        (302, {}, ConfigError, "sends us to another address: set annotation.label_studio.url"),
    ],
)
def test_a_refusal_is_one_line(
    double: Double, status: int, content: Any, kind: type[Exception], message: str
) -> None:
    """It says what the server said, and whether a later attempt may succeed."""
    double.answer = lambda *_: (status, content)
    with pytest.raises(kind) as told:
        LabelStudioClient(double.url, LEGACY).get("/api/users")
    assert message in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_gone_on_a_known_server_was_deleted(double: Double) -> None:
    """On one that has never answered, the address is wrong."""
    client = LabelStudioClient(double.url, LEGACY)
    client.get("/api/users")
    with pytest.raises(TemporaryError, match="deleted there meanwhile"):
        client.get("/api/projects/7/")
