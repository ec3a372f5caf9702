"""The server: HTTP in threads, for reading only."""

import gzip
import socket
from collections.abc import Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from job.errors import ConfigError
from job.runtime import log
from job.serve.web import HTML, SECURITY, Request, Response, plain_page

MAX_CONNECTIONS = 64
IDLE_SECONDS = 20
"""A connection on which nothing comes for so long is closed."""
MAX_FIELDS = 20
"""An address has no more of them after its question mark."""
MIN_PACKED = 1024
"""Shorter texts are not compressed."""

Answer = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """Answers requests until it is stopped."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(self, host: str, port: int, answer: Answer) -> None:
        """Listen at an address.

        Raises:
            ConfigError: The port is taken, or this machine has no such address.
        """
        self.answer = answer
        self._free = BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            message = f"--host {host} --port {port}: {reason}; name another, or --port 0 for any"
            raise ConfigError(message) from error

    @property
    def url(self) -> str:
        """Where a browser of this machine finds it."""
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def server_bind(self) -> None:
        """Take the address, and do not ask the network for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, unless there are too many already."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next one."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that have gone."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "al-job"
    sys_version = ""
    timeout = IDLE_SECONDS
    server: Server

    def do_GET(self) -> None:
        self._send(self._answer())

    do_HEAD = do_GET  # noqa: N815 - as http.server calls it

    def _answer(self) -> Response:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if {"content-length", "transfer-encoding"} & headers.keys():
            self.close_connection = True  # a body is not read, and is not the next request
        try:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, max_num_fields=MAX_FIELDS))
        except ValueError:
            return plain_page(HTTPStatus.BAD_REQUEST, "No page has such an address", "")
        try:
            return self.server.answer(Request(parts.path, query, headers))
        except Exception as error:  # noqa: BLE001 - one page less, and the others still work
            log.get().error("serve.failed", path=parts.path, reason=repr(error), exc_info=True)
            return plain_page(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "A bug",
                "<p>This page could not be made; <code>al-job serve</code> has logged why.</p>",
            )

    def _send(self, response: Response) -> None:
        body, headers = response.body, {**SECURITY, **response.headers}
        if response.status == HTTPStatus.OK:
            headers.setdefault("Cache-Control", "no-cache, private")
            headers["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
            if self.headers.get("If-None-Match") == headers["ETag"]:
                self._write(HTTPStatus.NOT_MODIFIED, headers, None)
                return
        headers["Content-Type"] = response.kind
        if self._packs(response):
            body, headers["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
        self._write(response.status, headers, body)

    def _packs(self, response: Response) -> bool:
        is_text = response.kind == HTML or response.kind.startswith(("text/", "image/svg"))
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        return is_text and accepted and len(response.body) >= MIN_PACKED

    def _write(self, status: HTTPStatus, headers: Mapping[str, str], body: bytes | None) -> None:
        self.send_response(status)
        if self.close_connection:
            headers = {**headers, "Connection": "close"}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Vary", "Accept-Encoding")
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not a request, or asks for more than reading."""
        del explain
        status = HTTPStatus(code)
        is_other_method = status == HTTPStatus.NOT_IMPLEMENTED
        status = HTTPStatus.METHOD_NOT_ALLOWED if is_other_method else status
        self.close_connection = True
        headers = {**SECURITY, "Connection": "close", "Content-Type": "text/plain; charset=utf-8"}
        if is_other_method:
            headers["Allow"] = "GET, HEAD"
        self.command = getattr(self, "command", None) or "GET"
        self.request_version = self.protocol_version  # an older one would have no headers
        self._write(status, headers, f"{message or status.phrase}\n".encode())

    def log_message(self, *_: object) -> None:
        """Log no request: an address may have a token."""
