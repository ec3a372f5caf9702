"""`al-job serve`."""

from pathlib import Path

import pytest

from job.errors import StopRequested
from job.serve.server import Server
from tests.conftest import AlJob


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    """The servers that were started; they end at once, as by Ctrl-C."""
    servers: list[Server] = []

    def serve(self: Server) -> None:
        servers.append(self)
        message = "interrupted"
        raise StopRequested(message, 130)

    monkeypatch.setattr(Server, "serve_forever", serve)
    return servers


def test_one_line_says_where_it_is(al_job: AlJob, begun: Path, served: list[Server]) -> None:
    """The port is one that was free; Ctrl-C ends it with its code, and without a traceback."""
    ended = al_job("serve", "--store", begun, "--port", 0)
    assert ended.code == 130
    (server,) = served
    assert ended.out == f"{begun.as_uri()} is shown at {server.url}; Ctrl-C ends it\n"
    assert ended.error == "al-job: interrupted"
    assert server.socket.fileno() == -1, "it is closed"


def test_a_token_is_needed_elsewhere(al_job: AlJob, begun: Path, served: list[Server]) -> None:
    """Nothing is served without one to whoever may reach this machine."""
    where = ("serve", "--store", begun, "--port", 0, "--host", "0.0.0.0")  # noqa: S104 - refused
    ended = al_job(*where)
    assert ended.code == 78
    assert "other machines can reach it, so a token is needed" in ended.error
    assert not served


def test_a_token_is_never_shown(al_job: AlJob, begun: Path, served: list[Server]) -> None:
    """The line says that it is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("job.serve.access.read_secret", lambda _: "0123456789-secret")
        ended = al_job("serve", "--store", begun, "--port", 0)
    assert "; it asks for the token; Ctrl-C ends it" in ended.out
    assert "secret" not in ended.out + ended.err
    assert len(served) == 1


def test_an_experiment_has_to_be_there(al_job: AlJob, begun: Path, served: list[Server]) -> None:
    """The message names the one that is."""
    ended = al_job("serve", "--store", begun, "--experiment", "tny")
    assert (ended.code, "did you mean 'tiny'?" in ended.error) == (64, True)
    assert not served
