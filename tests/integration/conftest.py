"""S3 servers on this machine, and a proxy that lets requests to them fail."""

import http.client
import os
import shutil
import socket
import struct
import subprocess
import sysconfig
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from tests.clouds import emulators
from tests.label_studio.server import RealServer, running_server

KEY_ID, SECRET = "test-key", "test-secret"


@dataclass(frozen=True)
class Server:
    """An S3 server and a way to make buckets there."""

    endpoint: str
    client: Any
    folder: Path | None = None
    """Where it keeps buckets as directories, if it does."""

    def new_bucket(self) -> str:
        """Make an empty bucket."""
        name = f"bucket-{uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        return name


def _client(endpoint: str) -> Any:
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(request_checksum_calculation="when_required"),
    )


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An rclone S3 server over an empty directory; each worker of a test run has its own."""
    where = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    program = shutil.which("rclone", path=where)
    if program is None:
        pytest.skip("rclone is not installed; the dev extra has it")
    folder = tmp_path_factory.mktemp("rclone")
    port = _free_port()
    command = [program, "serve", "s3", "--auth-key", f"{KEY_ID},{SECRET}", "--config", ""]
    with subprocess.Popen(  # noqa: S603 - the program of the dev extra
        [*command, "--addr", f"127.0.0.1:{port}", str(folder)], stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port)
            endpoint = f"http://127.0.0.1:{port}"
            yield Server(endpoint, _client(endpoint), folder)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def moto() -> Iterator[Server]:
    """A moto S3 server. It lists ten keys a page, so that lists of more take several requests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # moto's own, and its libraries'
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - it takes a second
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
        server.start()
        host, port = server.get_host_and_port()
        yield Server(f"http://{host}:{port}", _client(f"http://{host}:{port}"))
        server.stop()


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A real Label Studio; each worker of a test run that asks for it has its own."""
    with running_server(tmp_path_factory.mktemp("label-studio") / "data") as server:
        yield server


@pytest.fixture
def s3_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], pytest.MonkeyPatch]:
    """A function that lets the AWS variables name a server, and no other ones or files count."""

    def use(endpoint: str) -> pytest.MonkeyPatch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        return monkeypatch

    return use


@pytest.fixture
def s3_url(rclone: Server, s3_environment: Callable[[str], pytest.MonkeyPatch]) -> str:
    """The URL of an empty store on a real S3 server, which the AWS variables name."""
    s3_environment(rclone.endpoint)
    return f"s3://{rclone.new_bucket()}/some/prefix"


@pytest.fixture
def moto_url(moto: Server, s3_environment: Callable[[str], pytest.MonkeyPatch]) -> str:
    """The URL of an empty store on a second, independent S3 server."""
    s3_environment(moto.endpoint)
    return f"s3://{moto.new_bucket()}/some/prefix"


@pytest.fixture(scope="session")
def fake_gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator of Google Cloud Storage."""
    with emulators.fake_gcs(tmp_path_factory.mktemp("gcs")) as address:
        yield address


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator of Azure Blob Storage."""
    with emulators.azurite(tmp_path_factory.mktemp("azurite")) as address:
        yield address


@pytest.fixture
def gs_url(fake_gcs: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty store in an emulated bucket of Google's, which the variables name."""
    for name, value in emulators.gcs_variables(fake_gcs).items():
        monkeypatch.setenv(name, value)
    return f"gs://{emulators.new_bucket(fake_gcs)}/some/prefix"


@pytest.fixture
def az_url(azurite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty store in an emulated container of Azure's, which the variables name."""
    for name, value in emulators.azurite_variables(azurite).items():
        monkeypatch.setenv(name, value)
    return f"az://{emulators.new_container(azurite)}/some/prefix"


@pytest.fixture
def unused_endpoint() -> str:
    """The address of a server that is down."""
    return f"http://127.0.0.1:{_free_port()}"


@dataclass
class FaultyServer:
    """What a proxy does to the requests on their way to a server, in the order of their arrival.

    A fault is an HTTP status to answer with, or what becomes of the server's answer: `pass`,
    `reset` or `cut` in the middle of its body, `stall` there, or `lose` before its first byte.
    """

    backend: str
    faults: Iterator[int | str] = field(default_factory=lambda: iter(()))
    ignores_ranges: bool = False
    num_requests: int = 0
    over: Event = field(default_factory=Event)
    address: str = ""
    """Its own, as `http://host:port`."""


@contextmanager
def faulty_proxy(backend: str) -> Iterator[FaultyServer]:
    """Run a proxy in front of a server. At first it lets everything pass."""
    plan = FaultyServer(backend)
    handler = type("Handler", (_Proxy,), {"plan": plan})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        plan.address = f"http://127.0.0.1:{proxy.server_address[1]}"
        yield plan
        plan.over.set()
        proxy.shutdown()
        thread.join()


@pytest.fixture
def faulty(
    moto: Server, s3_environment: Callable[[str], pytest.MonkeyPatch]
) -> Iterator[FaultyServer]:
    """A proxy in front of moto, which the AWS variables name."""
    with faulty_proxy(moto.endpoint.removeprefix("http://")) as plan:
        s3_environment(plan.address)
        yield plan


@pytest.fixture
def faulty_azure(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """A proxy in front of Azurite, which the Azure variables name."""
    backend, _, account = azurite.removeprefix("http://").partition("/")
    with faulty_proxy(backend) as plan:
        for name, value in emulators.azurite_variables(f"{plan.address}/{account}").items():
            monkeypatch.setenv(name, value)
        yield plan


class _Proxy(BaseHTTPRequestHandler):
    plan: FaultyServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_any(self) -> None:
        self.plan.num_requests += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = next(self.plan.faults, "pass")
        if isinstance(fault, int):
            self._answer(fault, {"Content-Length": "0"}, b"", "pass")
        else:
            self._answer(*self._forward(body), fault)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815 - http.server's names

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        if self.plan.ignores_ranges:
            headers.pop("Range", None)
        connection = http.client.HTTPConnection(self.plan.backend)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        sent = dict(answer.getheaders())
        if sent.pop("Transfer-Encoding", None):  # its chunks are put together here
            sent["Content-Length"] = str(len(content))
        return answer.status, sent, content

    def _answer(self, status: int, headers: dict[str, str], content: bytes, fault: str) -> None:
        if fault == "lose":
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content if fault == "pass" else content[: len(content) // 2])
        if fault == "stall":
            self.plan.over.wait()
        if fault == "reset":  # closing sends a reset instead of the usual end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()
        if fault != "pass":
            self.close_connection = True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
