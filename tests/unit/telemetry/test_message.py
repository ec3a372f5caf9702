"""The message when an experiment ends: what it says, and what happens if nobody takes it."""

import json
from collections.abc import Iterator

import pytest
import urllib3
from structlog.testing import capture_logs

from job.errors import ConfigError
from job.telemetry import message
from job.telemetry.message import Message, notify_url
from tests.unit.telemetry.receiver import Receiver


class Chat(Receiver):
    """A chat that takes messages."""

    @property
    def heard(self) -> list[dict[str, str]]:
        return [json.loads(body) for _, body in self.posts]


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """A chat, and no waiting between attempts."""
    retries = urllib3.Retry(total=1, status_forcelist=(503,), allowed_methods=None)
    monkeypatch.setattr(message, "_RETRIES", retries)
    with Chat() as server:
        yield server


def test_an_end_is_told(chat: Chat) -> None:
    """With the words of the status, in a text that chats show and in fields for programs."""
    told = Message(f"{chat.url}/secret-path", "voc", "al-voc")
    told.phase_changed("finished", "")
    told.phase_changed("failed", "train failed: no data")
    assert chat.heard[0]["text"] == "experiment voc of release al-voc: finished"
    assert chat.heard[1] == {
        "text": "experiment voc of release al-voc: failed: train failed: no data",
        "experiment": "voc",
        "release": "al-voc",
        "phase": "failed",
        "message": "train failed: no data",
    }


def test_what_continues_by_itself_is_not_told(chat: Chat) -> None:
    """A drain or an upgrade wakes nobody."""
    told = Message(f"{chat.url}/secret-path", "voc", "al-voc")
    told.phase_changed("waiting", "")
    told.phase_changed("running", "")
    told.phase_changed("annotating", "")
    told.phase_changed("stopped", "")
    assert chat.heard == []


@pytest.mark.parametrize(("status", "times"), [(404, 1), (503, 2)])
def test_a_message_that_nobody_takes_is_logged(chat: Chat, status: int, times: int) -> None:
    """After another attempt if that may help; the log does not have the address."""
    chat.status = status
    with capture_logs() as logs:
        Message(f"{chat.url}/secret-path", "voc", "al-voc").phase_changed("finished", "")
    assert len(chat.heard) == times
    assert [each["event"] for each in logs] == ["notify.lost"]
    assert "secret-path" not in str(logs)


def test_an_address_where_nobody_is_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is worth more than its message."""
    monkeypatch.setattr(message, "_RETRIES", urllib3.Retry(total=0))
    with capture_logs() as logs:
        Message("http://127.0.0.1:9/secret-path", "voc", "al-voc").phase_changed("finished", "")
    assert [each["event"] for each in logs] == ["notify.lost"]
    assert "secret-path" not in str(logs)


def test_the_address_is_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None means that nobody is told."""
    assert notify_url() is None
    monkeypatch.setenv("AL_NOTIFY_URL", "https://chat.example/x")
    assert notify_url() == "https://chat.example/x"
    monkeypatch.setenv("AL_NOTIFY_URL", "chat.example/x")
    with pytest.raises(ConfigError, match="AL_NOTIFY_URL: not an address") as refused:
        notify_url()
    assert "chat.example" not in str(refused.value)
