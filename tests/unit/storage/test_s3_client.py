"""How the client of an S3 store is set up, without a server."""

import os
import pickle
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread, Timer
from types import SimpleNamespace
from typing import Any, ClassVar, NoReturn

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ProfileNotFound, SSLError

from job.errors import (
    AlJobError,
    BadDataError,
    ConfigError,
    MissingObjectError,
    TemporaryError,
)
from job.runtime.parallel import in_threads
from job.storage.s3 import S3Store
from job.storage.s3_access import S3Access
from job.storage.s3_errors import s3_errors, without_secrets


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of this machine count."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


def client_of(store: S3Store) -> Any:
    return store._client()  # noqa: SLF001 - its settings are the subject


def config_of(store: S3Store) -> Any:
    return client_of(store).meta.config


def test_retries_timeouts_and_connections_are_set() -> None:
    """Nothing is left to defaults that differ between versions."""
    config = config_of(S3Store("bucket"))
    assert config.retries["mode"] == "standard"
    assert config.retries["total_max_attempts"] == 8
    assert (config.connect_timeout, config.read_timeout) == (10, 60)
    assert config.max_pool_connections == 32


def test_patience_is_a_matter_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cluster a store may be away for a minute, and a stage should wait for it."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "15")
    config = config_of(S3Store("bucket"))
    assert (config.retries["mode"], config.retries["total_max_attempts"]) == ("standard", 15)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", None])
def test_other_servers_get_what_they_understand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str | None
) -> None:
    """No new checksums and no buckets in host names, wherever the server is named."""
    if name:
        monkeypatch.setenv(name, "http://localhost:8333")
    else:
        (tmp_path / "config").write_text("[default]\nendpoint_url = http://localhost:8333\n")
    config = config_of(S3Store("bucket"))
    assert config.request_checksum_calculation == "when_required"
    assert config.response_checksum_validation == "when_required"
    assert config.s3["addressing_style"] == "path"


def test_aws_keeps_its_checksums() -> None:
    """On AWS, the integrity of transfers is checked as usual."""
    config = config_of(S3Store("bucket"))
    assert config.request_checksum_calculation == "when_supported"
    assert not (config.s3 or {}).get("addressing_style")


def test_one_client_serves_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made at the first use, kept, and made anew after a fork."""
    store = S3Store("bucket")
    first = client_of(store)
    assert client_of(store) is first
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    assert client_of(store) is not first


def test_a_store_can_be_sent_to_another_process() -> None:
    """What is sent is the address, not the connections."""
    store = S3Store("bucket", "some/prefix")
    client_of(store)
    again = pickle.loads(pickle.dumps(store))  # noqa: S301 - our own
    assert again.url == "s3://bucket/some/prefix"


def test_lists_are_sorted_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some servers list in an order of their own, and some users' tools create folder objects."""
    pages = [
        {
            "Contents": [
                {"Key": "p/z", "Size": 1},
                {"Key": "p/b/", "Size": 0},
                {"Key": "p/", "Size": 0},
            ]
        },
        {
            "Contents": [{"Key": "p/a", "Size": 1}],
            "CommonPrefixes": [{"Prefix": "p/b/"}, {"Prefix": "p/a/"}],
        },
    ]
    store = S3Store("bucket", "p")
    monkeypatch.setattr(store, "_pages", lambda *_, **__: pages)
    assert list(store.list("")) == ["a", "z"]
    assert list(store.list_names("")) == ["a", "b", "z"]


class SlowBody:
    """An object that comes in 2,000 chunks, each after a while."""

    def __init__(self) -> None:
        self.begun = Event()
        self.num_chunks = 0

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        for _ in range(2000):
            self.begun.set()
            time.sleep(0.002)
            self.num_chunks += 1
            yield b"chunk"


def test_a_download_that_nobody_waits_for_stops(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So that a process that is told to end does not wait for it; no file is left."""
    body = SlowBody()
    store = S3Store("bucket")
    client = SimpleNamespace(
        get_object=lambda **_: {"Body": body}, meta=SimpleNamespace(endpoint_url="http://s3")
    )
    monkeypatch.setattr(store, "_client", lambda: client)

    def work(number: int) -> None:
        if number:
            store.download("a", tmp_path / "a")

    results = in_threads(work, range(2), 2, 1)
    next(results)
    assert body.begun.wait(60)
    results.close()
    assert body.num_chunks < 2000
    assert not list(tmp_path.iterdir())


def test_what_nobody_waits_for_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the results are given up between two requests, the second is not sent."""
    num_requests, begun, go_on = 0, Event(), Event()

    def get_object(**_: object) -> NoReturn:
        nonlocal num_requests
        num_requests += 1
        pytest.fail("a request")

    store = S3Store("bucket")
    client = SimpleNamespace(get_object=get_object, meta=SimpleNamespace(endpoint_url="http://s3"))
    monkeypatch.setattr(store, "_client", lambda: client)

    def work(number: int) -> None:
        if number:
            begun.set()
            assert go_on.wait(60)
            store.download("a", tmp_path / "a")

    results = in_threads(work, range(2), 2, 1)
    next(results)
    assert begun.wait(60)
    Timer(0.2, go_on.set).start()  # after `close` has begun to wait
    results.close()
    assert num_requests == 0


def answered(status: int, code: str, text: str = "said so") -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": text},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "GetObject",
    )


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (answered(400, "RequestTimeout"), TemporaryError, "retry"),
        (answered(404, "NoSuchUpload"), TemporaryError, "retry"),
        (answered(400, "IncompleteBody"), TemporaryError, "retry"),
        (answered(400, "BadDigest"), TemporaryError, "retry"),
        (answered(400, "InvalidPart"), TemporaryError, "retry"),
        (answered(400, "XAmzContentSHA256Mismatch"), TemporaryError, "retry"),
        (answered(400, "Throttling"), TemporaryError, "retry"),
        (answered(400, "ThrottlingException"), TemporaryError, "retry"),
        (answered(403, "RequestThrottled"), TemporaryError, "retry"),
        (answered(400, "SlowDown"), TemporaryError, "retry"),
        (answered(404, "NoSuchKey"), MissingObjectError, "no such object"),
        (answered(409, "ConditionalRequestConflict"), TemporaryError, "retry"),
        (answered(429, "TooManyRequests"), TemporaryError, "retry"),
        (answered(507, "StorageFull"), TemporaryError, "retry"),
        (answered(501, "NotImplemented"), ConfigError, "AWS_ENDPOINT_URL"),
        (answered(403, "RequestTimeTooSkewed"), ConfigError, "clock"),
        (answered(400, "AuthorizationHeaderMalformed"), ConfigError, "AWS_DEFAULT_REGION"),
        (answered(301, "PermanentRedirect"), ConfigError, "AWS_DEFAULT_REGION"),
        (answered(400, "ExpiredToken"), ConfigError, "AWS_SESSION_TOKEN"),
        (answered(403, "AccessDenied", "two\n lines."), ConfigError, "two lines; the credentials"),
        (
            answered(403, "AccessDenied", "not kms:GenerateDataKey"),
            ConfigError,
            "and kms:Decrypt on",
        ),
        (answered(400, "KeyTooLongError"), BadDataError, "said so"),
        (SSLError(endpoint_url="x", error="CERTIFICATE_VERIFY_FAILED"), ConfigError, "CA_BUNDLE"),
        (SSLError(endpoint_url="x", error="EOF occurred"), TemporaryError, "is the server up"),
    ],
)
def test_each_error_has_its_meaning(error: Exception, kind: type[AlJobError], word: str) -> None:
    """Only what may pass is temporary, and each message says what to do."""
    with pytest.raises(kind, match=word) as caught, s3_errors("s3://bucket/key at http://host"):
        raise error
    assert type(caught.value) is kind
    assert str(caught.value).startswith("s3://bucket/key at http://host: ")
    assert "\n" not in str(caught.value)


SECRET = "wJalrXUtnFEMI-K7MDENG"


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("AWS_SESSION_TOKEN", f"{SECRET}\nx", "line break"),
        ("AWS_SECRET_ACCESS_KEY", f"{SECRET}\n", "line break"),
        ("AWS_ACCESS_KEY_ID", f"{SECRET}\r\n", "line break"),
        ("AWS_SECRET_ACCESS_KEY", f"{SECRET}\t", "control character"),
        ("AWS_ACCESS_KEY_ID", f"{SECRET} ", "blank"),
        ("AWS_SESSION_TOKEN", f"{SECRET}ü", "not ASCII"),
        ("AWS_DEFAULT_REGION", "us-east-1\n", "line break"),
        ("AWS_DEFAULT_REGION", "us east", "expected such as us-east-1"),
        ("AWS_ENDPOINT_URL", "http://host\n:1", "line break"),
        ("AWS_ENDPOINT_URL", "host:1", "expected such as https://host:port"),
        ("AWS_MAX_ATTEMPTS", "abc", "whole number"),
        ("AWS_MAX_ATTEMPTS", "0", "at least 1"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str
) -> None:
    """No retry can help, and the message has one line and no secret."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=word) as caught:
        S3Store("bucket").exists("key")
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert SECRET not in message


def test_a_credential_of_a_file_is_held_against_the_same_rules(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A line that is indented continues the value of the line above."""
    path = tmp_path / "credentials"
    path.write_text(
        "[default]\naws_access_key_id = k\naws_secret_access_key = s\n"
        f"aws_session_token = {SECRET}\n  more\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    with pytest.raises(ConfigError, match=r"aws_session_token .*line break") as caught:
        S3Store("bucket").exists("key")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("content", "word"), [(None, "no such file"), ("no certificate", "in PEM form")]
)
def test_a_bundle_of_certificates_is_read_before_a_server_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, content: str | None, word: str
) -> None:
    """A missing file would look like a server that is down; without TLS it is not needed."""
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(name, str(path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:9")
    with pytest.raises(ConfigError, match=f"^{name}: .*{word}"):
        client_of(S3Store("bucket"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client_of(S3Store("bucket"))


def test_no_message_has_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that of the environment, nor that of a URL, whoever wrote the message."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    told = f"cannot reach http://me:password@host/b with {SECRET}"
    with pytest.raises(AlJobError) as caught, s3_errors("s3://bucket"):
        raise answered(500, "Oops", told)
    assert str(caught.value) == (
        "s3://bucket: the server answered 500 Oops: cannot reach http://***@host/b with ***; retry"
    )


def test_the_password_of_an_endpoint_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message names the server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:password@127.0.0.1:9")
    where = S3Store("bucket")._where("key")  # noqa: SLF001 - what every message begins with
    assert where == "s3://bucket/key at http://***@127.0.0.1:9"


PROFILES = """
[profile camera]
endpoint_url = http://camera.example:9000
region = eu-west-1

[profile lake]
services = lake
[services lake]
s3 =
  endpoint_url = http://lake.example:9000

[profile plain]
"""


@pytest.mark.parametrize(
    ("profile", "endpoint", "server"),
    [
        ("camera", None, "http://camera.example:9000"),
        ("lake", None, "http://lake.example:9000"),
        ("camera", "http://other.example:9000", "http://other.example:9000"),
        ("plain", None, "https://s3.us-east-2.amazonaws.com"),
        (None, "http://other.example:9000", "http://other.example:9000"),
    ],
)
def test_a_profile_is_apart_from_the_variables(
    monkeypatch: pytest.MonkeyPatch, profile: str | None, endpoint: str | None, server: str
) -> None:
    """The variables are the store's: a profile brings its server, region and keys, or AWS."""
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(PROFILES)
    credentials = "[{}]\naws_access_key_id = of-{}\naws_secret_access_key = secret-of-it\n"
    Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text(
        "".join(credentials.format(name, name) for name in ("camera", "lake", "plain"))
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.example:9000")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-store")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-store")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    client = client_of(S3Store("bucket", "", S3Access(endpoint, profile, option="source")))
    assert client.meta.endpoint_url == server
    assert client.meta.region_name == ("eu-west-1" if profile == "camera" else "us-east-2")
    keys = client._request_signer._credentials  # noqa: SLF001 - no public way to ask
    assert keys.access_key == (f"of-{profile}" if profile else "of-the-store")
    assert "secret-of-it" not in without_secrets("secret-of-it") or not profile


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (answered(404, "NoSuchBucket"), "in the URL, or check --source-endpoint"),
        (answered(403, "AccessDenied"), "s3:GetObject here: check the profile 'x' of --source-pro"),
        (answered(400, "ExpiredToken"), "check the profile 'x' of --source-profile"),
        (answered(301, "PermanentRedirect"), "check the region of the profile 'x'"),
        (ProfileNotFound(profile="x"), "check --source-profile"),
        (EndpointConnectionError(endpoint_url="http://h"), "server up? check --source-endpoint"),
    ],
)
def test_advice_names_the_options_of_a_source(error: Exception, told: str) -> None:
    """The variables of the store would be no help."""
    access = S3Access("http://h", "x", option="source", rights="s3:GetObject")
    with pytest.raises(AlJobError) as caught, s3_errors("s3://bucket", access):
        raise error
    assert told in str(caught.value)


class WebServer(BaseHTTPRequestHandler):
    """Answers every request with the same page."""

    headers_of_s3: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        for name, value in self.headers_of_s3.items():
            self.send_header(name, value)
        body = b"<html><p>Please log in.</html>"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_PUT = do_GET  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A web server, as the endpoint."""
    server = HTTPServer(("127.0.0.1", 0), WebServer)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("web_server")
@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.read("key"),
        lambda store: store.exists("key"),
        lambda store: list(store.list("")),
        lambda store: store.write("key", b"content"),
    ],
)
def test_a_web_page_is_not_an_answer_of_a_store(ask: Callable[[S3Store], object]) -> None:
    """It is the endpoint that is wrong, and not the data."""
    with pytest.raises(ConfigError, match=r"web page.*AWS_ENDPOINT_URL"):
        ask(S3Store("bucket"))


@pytest.mark.usefixtures("web_server")
def test_an_object_may_be_a_web_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a report that another tool copied: the server tells that it speaks S3."""
    monkeypatch.setattr(WebServer, "headers_of_s3", {"x-amz-request-id": "1"})
    assert S3Store("bucket").read("index.html") == b"<html><p>Please log in.</html>"


@pytest.mark.parametrize("if_absent", [True, False])
def test_a_write_that_is_answered_like_a_read_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
    if_absent: bool,  # noqa: FBT001 - a case
) -> None:
    """A server that begins may answer 404 to a write: no object is missing then."""

    def refused(**_: object) -> NoReturn:
        raise answered(404, "NoSuchKey")

    store = S3Store("bucket")
    client = SimpleNamespace(put_object=refused, meta=SimpleNamespace(endpoint_url="http://s3"))
    monkeypatch.setattr(store, "_client", lambda: client)
    with pytest.raises(TemporaryError, match="is it only starting"):
        store.write("a", b"", if_absent=if_absent)
