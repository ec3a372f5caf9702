"""The real Label Studio on this machine, from the environment of `make annotation-tools`."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.label_studio.double import LEGACY

ROOT = Path(__file__).parents[2]
TOOLS = Path(os.environ.get("ANNOTATION_TOOLS") or ROOT / ".annotation-tools")
PROGRAM, TEMPLATE = TOOLS / "bin/label-studio", TOOLS / "template"
EMAIL, PASSWORD = "a@b.org", "secret-of-a-test"
SETTINGS = {
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "false",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_USERNAME": EMAIL,
    "LABEL_STUDIO_PASSWORD": PASSWORD,
    "LABEL_STUDIO_USER_TOKEN": LEGACY,
}


@dataclass
class RealServer:
    """A server with a folder of its own, which can be killed and started again."""

    folder: Path
    port: int
    host: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        variables = os.environ | SETTINGS | {"LABEL_STUDIO_BASE_DATA_DIR": str(self.folder)}
        place = ("--internal-host", self.host, "--port", str(self.port))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the program of the tests
                [PROGRAM, "start", "--no-browser", *place],
                env=variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 120
        while not self._is_up():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < until, "Label Studio does not start"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _is_up(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def running_server(folder: Path, host: str = "127.0.0.1") -> Iterator[RealServer]:
    """A server over a copy of the migrated template; the test is skipped if there is none."""
    if not (PROGRAM.exists() and TEMPLATE.exists()):
        pytest.skip(f"there is no Label Studio in {TOOLS}: make annotation-tools")
    with socket.create_server((host, 0)) as free:
        port: int = free.getsockname()[1]
    server = RealServer(shutil.copytree(TEMPLATE, folder), port, host)
    try:
        server.start()
        yield server
    finally:
        server.kill()
