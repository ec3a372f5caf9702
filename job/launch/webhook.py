"""A listener that an annotation tool calls when somebody has submitted.

A call is a hint to look now. It may be lost, so whoever listens still looks by the clock.
"""

import hmac
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from job.annotation.webhook import HEADER, webhook_secret
from job.runtime import log
from job.runtime.listening import any_address

PORT = 8471
_SECONDS = 5.0
"""How long a caller may take; meanwhile no other is heard."""
_MAX_BYTES = 65_536
"""Of a call's content, which nobody reads."""


class Listener:
    """Listens in a thread of its own, until it is closed or the process ends."""

    def __init__(self, secret: str, wake: Callable[[], None], port: int) -> None:
        """Begin to listen, on all addresses of this machine.

        Args:
            secret: What a caller has to know.
            wake: Called for each call with the secret, in the listener's thread.
            port: The port; 0: any that is free.

        Raises:
            OSError: The port is taken.
        """

        class Handler(_Handler):
            def is_known(self) -> bool:
                return hmac.compare_digest(self.headers.get(HEADER, "").encode(), secret.encode())

            def hear(self) -> None:
                wake()

        self._server = _Server((any_address()[1], port), Handler)
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, name="webhook", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(HTTPServer):
    address_family = any_address()[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller that has gone away, as Label Studio does after a second."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = _SECONDS

    def is_known(self) -> bool:
        """Whether the caller knows the secret."""
        raise NotImplementedError

    def hear(self) -> None:
        """Take a call."""
        raise NotImplementedError

    def do_POST(self) -> None:
        """Answer a call."""
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(min(int(length), _MAX_BYTES) if length.isdecimal() else 0)
        if self.is_known():
            self.hear()
            status = HTTPStatus.NO_CONTENT
        else:
            status = HTTPStatus.FORBIDDEN
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: what a look finds is logged."""


def listen(wake: Callable[[], None]) -> Listener | None:
    """Return a listener; if its port is taken, log that, and return None.

    Raises:
        ConfigError: There is no secret.
    """
    secret = webhook_secret()
    try:
        return Listener(secret, wake, PORT)
    except OSError as error:
        reason = f"port {PORT}: {error.strerror}; people are looked at by the clock only"
        log.get().warning("webhook.off", reason=reason)
        return None
