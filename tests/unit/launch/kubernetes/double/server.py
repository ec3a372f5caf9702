"""An HTTP server for the API, whose connections can be made to fail."""

import json
import socket
import struct
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests.unit.launch.kubernetes.double.faults import Fault, Plan, Request, no_faults, refusal
from tests.unit.launch.kubernetes.double.refusals import Json, RefusedError


class Answer(NamedTuple):
    """What the API answers."""

    code: int
    content: bytes
    kind: str = "application/json"


def json_answer(code: int, body: Json) -> Answer:
    """Return an object as an answer."""
    return Answer(code, json.dumps(body).encode())


Handle = Callable[[Request, str, bytes], Answer]
"""Takes a request, its content type and its body. May raise RefusedError."""


class Server(ThreadingHTTPServer):
    """Serves on a port of its own, from `start` to `stop`.

    Attributes:
        requests: All there were.
        injected: The faults that hit a request.
        faults: Decides about each request.
        bugs: Errors of the double itself, or of a plan; `stop` raises the first.
    """

    daemon_threads = False  # so that stop waits for their end

    def __init__(self, handle: Handle) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.handle_api = handle
        self.faults: Plan = no_faults
        self.requests: list[Request] = []
        self.injected: list[tuple[Request, Fault]] = []
        self.bugs: list[Exception] = []
        self.over = Event()
        self._open: set[Any] = set()
        self._lock = Lock()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End all connections and threads.

        Raises:
            Exception: An answer could not be made, for a reason of our own.
        """
        self.over.set()
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        self.server_close()
        for bug in self.bugs:
            raise bug

    def admit(self, verb: str, path: str, query: dict[str, str]) -> tuple[Request, Fault | None]:
        """Record a request, and return it with the fault that hits it."""
        with self._lock:
            request = Request(len(self.requests), verb, path, query)
            self.requests.append(request)
            fault = self.faults(request)
            if fault is None or not fault.can_hit(request):
                return request, None
            self.injected.append((request, fault))
        return request, fault

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, for `stop`."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is done."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that have gone."""


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # the client did already
        return


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one packet

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        try:
            request, fault = self.server.admit(self.command, url.path, query)
            answer = self._handle(request, body) if fault is None or fault.after else None
            if fault is not None:
                self._fail(fault, request)
            elif answer is not None:
                self._send(answer)
        except OSError:  # the client has gone
            raise
        except Exception as error:  # noqa: BLE001 - raised where the test ends
            self.server.bugs.append(error)
            self._send(Answer(400, f"the double fails: {error!r}".encode(), "text/plain"))

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do_any  # noqa: N815 - http.server's names

    def _handle(self, request: Request, body: bytes) -> Answer:
        kind = self.headers.get("Content-Type", "application/json")
        try:
            return self.server.handle_api(request, kind, body)
        except RefusedError as error:
            return json_answer(error.code, error.body)

    def _fail(self, fault: Fault, request: Request) -> None:
        if fault.kind == "status":
            error = refusal(fault, request)
            wait = error.body.get("details", {}).get("retryAfterSeconds")
            self._send(json_answer(error.code, error.body), wait)
            return
        self.close_connection = True
        if fault.kind == "hang":
            self.server.over.wait(fault.seconds)
        if fault.kind == "reset":  # closing sends a reset instead of the usual end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()

    def _send(self, answer: Answer, retry_after: int | None = None) -> None:
        self.send_response_only(answer.code)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.content)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(answer.content)
