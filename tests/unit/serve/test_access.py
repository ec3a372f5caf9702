"""Who may look."""

import pytest

from job.errors import ConfigError
from job.serve.access import Access
from tests.unit.serve.asking import HERE, ask, text_of

TOKEN = "0123456789abcdef-0123456789"


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AL_SERVE_TOKEN", "AL_SERVE_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_this_machine_needs_no_token(host: str) -> None:
    """Nobody else reaches such an address."""
    assert not Access.of(host).asks


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])  # noqa: S104 - it is refused
def test_other_hosts_need_a_token(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, nothing is served."""
    with pytest.raises(ConfigError, match="a token is needed: set AL_SERVE_TOKEN or"):
        Access.of(host)
    monkeypatch.setenv("AL_SERVE_TOKEN", TOKEN)
    assert Access.of(host).asks
    assert Access.of("127.0.0.1").asks, "whoever sets a token wants it to be asked for"


def test_a_short_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could be guessed, and it is not repeated."""
    monkeypatch.setenv("AL_SERVE_TOKEN", "short-secret")
    with pytest.raises(ConfigError, match="at least 16 letters") as error:
        Access.of("127.0.0.1")
    assert "short-secret" not in str(error.value)


def test_a_host_that_is_none_is_refused() -> None:
    """In one line."""
    with pytest.raises(ConfigError, match="no address of this machine"):
        Access.of("no..such..host")


@pytest.mark.parametrize("name", ["127.0.0.1:8765", "localhost:1", "[::1]:80", "LOCALHOST"])
def test_names_of_this_machine_are_answered(name: str) -> None:
    """With any port: it may be forwarded."""
    assert ask(Access(None), "/", {"host": name}).status == 200


@pytest.mark.parametrize("name", ["evil.example", "evil.example:8765", "127.0.0.1.example", ""])
def test_another_name_is_not_answered(name: str) -> None:
    """A page of the web can let a name of its own stand for this machine."""
    assert ask(Access(None), "/", {"host": name}).status == 403


def test_without_the_token_nothing_is_shown() -> None:
    """Neither with a wrong one, nor with letters that no token has."""
    access = Access(TOKEN)
    for headers in (
        {},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": "Bearer ключ"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer"},
        {"cookie": "al-serve=1; ="},
        {"cookie": f"al-serve-00000000={TOKEN}"},
    ):
        answer = ask(access, "/", HERE | headers)
        assert answer.status == 401, headers
        assert TOKEN not in text_of(answer)
    assert ask(access, "/?token=wrong").status == 401
    assert "That was not the token" in text_of(ask(access, "/?token=wrong"))
    assert ask(access, "/?token=").status == 401


def test_a_bearer_with_the_token_may_look() -> None:
    """For programs; by whatever name of the machine."""
    headers = {"host": "labels.example", "authorization": f"bearer {TOKEN}"}
    assert ask(Access(TOKEN), "/", headers).status == 200


def test_a_token_in_the_address_becomes_a_cookie() -> None:
    """The address without it is next; the cookie does not have the token itself."""
    access = Access(TOKEN)
    answer = ask(access, f"/experiments/x/seed-0/round-001/?page=2&token={TOKEN}")
    assert (answer.status, answer.headers["Location"]) == (303, "./?page=2")
    cookie = answer.headers["Set-Cookie"]
    assert TOKEN not in cookie
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    given = {"cookie": f"other=1; {cookie.partition(';')[0]}"}
    assert ask(access, "/", HERE | given).status == 200
    assert ask(Access(f"{TOKEN}x"), "/", HERE | given).status == 401, "a new token ends it"


def test_a_cookie_of_an_encrypted_page_stays_encrypted() -> None:
    """As a proxy in front says it."""
    headers = HERE | {"x-forwarded-proto": "https"}
    answer = ask(Access(TOKEN), f"/1?token={TOKEN}", headers)
    assert answer.headers["Set-Cookie"].endswith("; Secure")
    assert answer.headers["Location"] == "./1"
