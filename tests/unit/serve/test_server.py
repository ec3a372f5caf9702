"""The server: what goes over the wire."""

import gzip
import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from threading import Thread

import pytest

from job.errors import ConfigError
from job.serve import server as module
from job.serve.server import Server
from job.serve.web import Request, Response

LONG = b"<p>words</p>" * 200


def answer(request: Request) -> Response:
    if request.path == "/bug":
        message = "a bug with a <secret>"
        raise RuntimeError(message)
    if request.path == "/long":
        return Response(LONG)
    given = f"{request.path} {request.query.get('a')} {request.headers.get('x-given')}"
    return Response(given.encode(), headers={"Referrer-Policy": "same-origin"})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("127.0.0.1", 0, answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(*at(server), timeout=5)) as connection:
        yield connection


def at(server: Server) -> tuple[str, int]:
    """Where it listens."""
    return "127.0.0.1", server.server_port


def asked(
    connection: http.client.HTTPConnection, method: str, path: str, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=given)
    response = connection.getresponse()
    return response, response.read()


def test_a_request_reaches_the_site(connection: http.client.HTTPConnection) -> None:
    """Its path, what follows the question mark, and its headers; twice on one connection."""
    for _ in range(2):
        response, body = asked(connection, "GET", "/x/?a=1%202", X_Given="yes")
        assert (response.status, body) == (200, b"/x/ 1 2 yes")


def test_every_answer_is_strict(connection: http.client.HTTPConnection) -> None:
    """Nothing may be loaded from elsewhere, framed or guessed; the site may replace a header."""
    response, _ = asked(connection, "GET", "/")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers.get_all("Referrer-Policy") == ["same-origin"]
    assert response.headers["Cache-Control"] == "no-cache, private"
    assert response.headers["Server"].strip() == "al-job", "no versions"


def test_head_is_get_without_a_body(connection: http.client.HTTPConnection) -> None:
    """With the same length."""
    response, body = asked(connection, "HEAD", "/x")
    assert (response.status, body, response.headers["Content-Length"]) == (200, b"", "12")
    assert asked(connection, "GET", "/x")[1] == b"/x None None"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_refused(connection: http.client.HTTPConnection, method: str) -> None:
    """The site is not asked, and the connection ends: a body may follow."""
    response, body = asked(connection, method, "/bug")
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Connection"] == "close"
    assert b"bug with" not in body


def test_what_a_browser_has_is_not_sent_again(connection: http.client.HTTPConnection) -> None:
    """It asks with the tag of what it has."""
    tag = asked(connection, "GET", "/long")[0].headers["ETag"]
    response, body = asked(connection, "GET", "/long", If_None_Match=tag)
    assert (response.status, body) == (304, b"")
    assert asked(connection, "GET", "/x", If_None_Match=tag)[0].status == 200


def test_long_texts_are_compressed_for_who_can_read_that(
    connection: http.client.HTTPConnection,
) -> None:
    """A phone has less to fetch."""
    response, body = asked(connection, "GET", "/long", Accept_Encoding="gzip, br")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == LONG
    assert asked(connection, "GET", "/long")[1] == LONG
    assert asked(connection, "GET", "/x", Accept_Encoding="gzip")[1] == b"/x None None"


def test_a_bug_is_a_page_without_details(connection: http.client.HTTPConnection) -> None:
    """The next request is answered; the log has the reason."""
    response, body = asked(connection, "GET", "/bug")
    assert (response.status, b"secret" in body) == (500, False)
    assert asked(connection, "GET", "/x")[0].status == 200


@pytest.mark.parametrize("path", ["http://[bad/", "/?" + "&".join(["a=1"] * 30)])
def test_what_is_no_address_is_refused(server: Server, path: str) -> None:
    """By a page, and not by silence."""
    with closing(socket.create_connection(at(server), 5)) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("told", [b"Content-Length: 24", b"Transfer-Encoding: chunked"])
def test_the_body_of_a_request_is_not_the_next_request(server: Server, told: bytes) -> None:
    """Behind a proxy, its answer would be that of somebody else's request."""
    with closing(socket.create_connection(at(server), 5)) as raw:
        raw.sendall(b"GET /x HTTP/1.1\r\n" + told + b"\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n")
        received = b""
        with suppress(ConnectionResetError):  # what was not read
            while some := raw.recv(4096):
                received += some
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in received
    assert b"hidden" not in received


def test_what_is_not_http_gets_a_short_answer(server: Server) -> None:
    """And no page with a stack of the server's."""
    with closing(socket.create_connection(at(server), 5)) as raw:
        raw.sendall(b"GET / HTTP/1.1 and more\r\n\r\n")
        received = raw.recv(4096)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"nosniff" in received


def test_too_many_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others stay."""
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 1)
    with Server("127.0.0.1", 0, answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with closing(http.client.HTTPConnection(*at(server), timeout=5)) as first:
            assert asked(first, "GET", "/x")[0].status == 200
            with closing(socket.create_connection(at(server), 5)) as second:
                assert second.recv(1) == b""
            assert asked(first, "GET", "/x")[0].status == 200
        server.shutdown()
        thread.join()


def test_an_address_that_is_taken_is_told_in_one_line(server: Server) -> None:
    """So is one that is not this machine's."""
    port = int(server.server_address[1])
    with pytest.raises(ConfigError, match=f"--port {port}: Address already in use; name another"):
        Server("127.0.0.1", port, answer)
    with pytest.raises(ConfigError, match=r"--host 192\.0\.2\.1"):
        Server("192.0.2.1", 0, answer)


def test_the_address_is_one_for_a_browser(server: Server) -> None:
    """With the port that was free."""
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}/"
    with Server("::1", 0, answer) as other:
        assert other.url == f"http://[::1]:{other.server_address[1]}/"
