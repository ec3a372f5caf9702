"""Who may look: whoever is on this machine, and elsewhere whoever has the token."""

import hmac
import ipaddress
import socket
from hashlib import sha256
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode

from job.errors import ConfigError
from job.runtime.secret import read_secret
from job.serve.web import Request, Response, plain_page, redirect

TOKEN = "AL_SERVE_TOKEN"  # noqa: S105 - the variable's name
MIN_LETTERS = 16
"""A token of fewer letters could be guessed."""
_ASK = (
    "<p>This page asks for the token of <code>al-job serve</code>.</p>"
    '<form><input name="token" type="password" aria-label="Token" autocomplete="current-password" '
    "required autofocus> <button>Open</button></form>"
)


class Access:
    """Decides about each request; a token is compared in constant time."""

    def __init__(self, token: str | None) -> None:
        """Ask for a token; None: for none, and answer to names of this machine only."""
        self._token = token
        self._cookie = hmac.new((token or "").encode(), b"al-job serve", sha256).hexdigest()
        self._name = f"al-serve-{self._cookie[:8]}"  # two servers of one host need not share it

    @classmethod
    def of(cls, host: str) -> "Access":
        """Return the access to a host's name or address, by the token of the environment.

        Raises:
            ConfigError: Other machines reach the host, and there is no token, or it is short.
        """
        token = read_secret(TOKEN)
        if token is None and not _is_loopback(host):
            message = (
                f"--host {host}: other machines can reach it, so a token is needed: set {TOKEN} or "
                f"{TOKEN}_FILE, for example to the output of `openssl rand -hex 24`"
            )
            raise ConfigError(message)
        if token is not None and len(token) < MIN_LETTERS:
            message = f"{TOKEN}: the token needs at least {MIN_LETTERS} letters, or it is guessed"
            raise ConfigError(message)
        return cls(token)

    @property
    def asks(self) -> bool:
        """Whether it asks for a token."""
        return self._token is not None

    def refusal(self, request: Request) -> Response | None:
        """Return what to answer instead of what was asked for; None: it may be seen."""
        if self._token is None:
            return None if _is_name_of_this_machine(request) else _other_name()
        if "token" in request.query:
            return self._entered(request)
        known = (self._bearer(request), self._in_cookie(request))
        if any([_same(*known[0]), _same(*known[1])]):
            return None
        return _unauthorized()

    def _entered(self, request: Request) -> Response:
        """Exchange the token in the address for a cookie, and lead to the address without it."""
        if not _same(request.query["token"], str(self._token)):
            return _unauthorized("<p><strong>That was not the token.</strong></p>")
        rest = {name: value for name, value in request.query.items() if name != "token"}
        last = request.path.rpartition("/")[2]
        address = f"./{last}" + (f"?{urlencode(rest)}" if rest else "")
        secure = "; Secure" if request.headers.get("x-forwarded-proto") == "https" else ""
        cookie = f"{self._name}={self._cookie}; Path=/; HttpOnly; SameSite=Lax{secure}"
        return redirect(address, **{"Set-Cookie": cookie})

    def _bearer(self, request: Request) -> tuple[str, str]:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        return (given.strip() if kind.lower() == "bearer" else ""), str(self._token)

    def _in_cookie(self, request: Request) -> tuple[str, str]:
        try:
            found = SimpleCookie(request.headers.get("cookie", "")).get(self._name)
        except CookieError:
            found = None
        return (found.value if found else ""), self._cookie


def _same(given: str, expected: str) -> bool:
    """Compare in a time that says nothing of either, not even their lengths."""
    digests = (sha256(each.encode(errors="replace")).digest() for each in (given, expected))
    return hmac.compare_digest(*digests)


def _unauthorized(before: str = "") -> Response:
    return plain_page(HTTPStatus.UNAUTHORIZED, "Who are you?", before + _ASK)


def _other_name() -> Response:
    return plain_page(
        HTTPStatus.FORBIDDEN,
        "Another name of this machine",
        "<p>Without a token, this page is only for <code>localhost</code> and "
        f"<code>127.0.0.1</code>. Set <code>{TOKEN}</code> to use other names.</p>",
    )


def _is_name_of_this_machine(request: Request) -> bool:
    """Whether the browser knows this server by a name that no page of the web can take over."""
    name = request.headers.get("host", "").rpartition(":")
    host = (name[0] if name[2].isdigit() else "".join(name)).strip("[]").lower()
    return host == "localhost" or _is_loopback_address(host)


def _is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"--host {host}: no address of this machine; name another, such as 127.0.0.1"
        raise ConfigError(message) from error
    return all(_is_loopback_address(str(each[4][0])) for each in found)


def _is_loopback_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False
