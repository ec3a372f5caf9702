"""The listener that an annotation tool calls: whoever knows the secret wakes a look."""

import socket
import struct
from collections.abc import Iterator
from threading import Event

import pytest
import urllib3
from structlog.testing import capture_logs

from job.annotation.webhook import HEADER
from job.errors import ConfigError
from job.launch import webhook
from job.launch.webhook import Listener, listen

SECRET = "a-secret-of-16-or-more"


@pytest.fixture
def woken() -> Event:
    """Whether somebody was woken."""
    return Event()


@pytest.fixture
def listener(woken: Event) -> Iterator[Listener]:
    """A listener on a free port."""
    made = Listener(SECRET, woken.set, port=0)
    yield made
    made.close()


def call(listener: Listener, method: str = "POST", **headers: str) -> int:
    """Call it as a tool does, and return the status of the answer."""
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        address = f"http://127.0.0.1:{listener.port}/"
        body = b'{"action": "ANNOTATION_CREATED"}'
        return pool.request(method, address, body=body, headers=headers).status


def test_a_call_with_the_secret_wakes(listener: Listener, woken: Event) -> None:
    """Its content is read by nobody."""
    assert call(listener, **{HEADER: SECRET}) == 204
    assert woken.is_set()


@pytest.mark.parametrize("headers", [{}, {HEADER: "another"}, {HEADER: f"{SECRET}x"}])
def test_a_call_without_it_wakes_nobody(
    listener: Listener, woken: Event, headers: dict[str, str]
) -> None:
    """Nor does any other request, and the listener hears the next call."""
    assert call(listener, **headers) == 403
    assert call(listener, "PUT", **{HEADER: SECRET}) == 501
    assert not woken.is_set()
    assert call(listener, **{HEADER: SECRET}) == 204


def test_a_caller_that_goes_away_leaves_no_trace(
    listener: Listener, woken: Event, capfd: pytest.CaptureFixture[str]
) -> None:
    """Label Studio waits for a second; the driver's log has no traceback of that."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as caller:
        caller.sendall(b"POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\nhalf")
        at_once = struct.pack("ii", 1, 0)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    assert call(listener, **{HEADER: SECRET}) == 204
    assert woken.is_set()
    assert capfd.readouterr().err == ""


def test_a_caller_that_says_nothing_does_not_stop_it(
    listener: Listener, woken: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few seconds it hears the next one."""
    monkeypatch.setattr("job.launch.webhook._Handler.timeout", 0.05)
    with socket.create_connection(("127.0.0.1", listener.port)):
        assert call(listener, **{HEADER: SECRET}) == 204
    assert woken.is_set()


def test_a_webhook_without_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody could call it."""
    monkeypatch.delenv("AL_WEBHOOK_SECRET", raising=False)
    monkeypatch.delenv("AL_WEBHOOK_SECRET_FILE", raising=False)
    with pytest.raises(ConfigError, match="AL_WEBHOOK_SECRET is not set: give it a secret"):
        listen(lambda: None)


def test_a_port_that_is_taken_is_told(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """People are looked at by the clock then, as they are without a webhook."""
    monkeypatch.setenv("AL_WEBHOOK_SECRET", SECRET)
    monkeypatch.setattr(webhook, "PORT", listener.port)
    with capture_logs() as lines:
        assert listen(lambda: None) is None
    [line] = lines
    assert line["event"] == "webhook.off"
    assert SECRET not in str(line)
