"""A server that takes what is posted to it, for tests of what is told to others."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Self


class Receiver(HTTPServer):
    """Keeps what is posted, and answers each time with the same status."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, bytes]] = []
        """The path and the body of each."""
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"
