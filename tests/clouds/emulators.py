"""The clouds' emulators on this machine, from the folder of `make cloud-emulators`."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from tests.clouds.xml_api import XmlApi

ROOT = Path(__file__).parents[2]
EMULATORS = Path(os.environ.get("CLOUD_EMULATORS") or ROOT / ".cloud-emulators")
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and the key that every Azurite has, as its documentation says."""


@contextmanager
def fake_gcs(folder: Path) -> Iterator[str]:
    """Run fake-gcs-server, and give the address of its XML API."""
    port = _free_port()
    command = ["bin/fake-gcs-server", "-backend", "memory", "-scheme", "http"]
    place = ["-host", "127.0.0.1", "-port", str(port), "-public-host", f"127.0.0.1:{port}"]
    with _running([*command, *place], folder, port):
        handler = type("Handler", (XmlApi,), {"backend": f"127.0.0.1:{port}"})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
            thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
            proxy.shutdown()
            thread.join()


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """Run Azurite's blob server, and give the address of its account."""
    port = _free_port()
    command = ["node_modules/.bin/azurite-blob", "--silent", "--skipApiVersionCheck"]
    place = ["--location", str(folder), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    with _running([*command, *place], folder, port):
        yield f"http://127.0.0.1:{port}/{ACCOUNT}"


def gcs_variables(address: str) -> dict[str, str]:
    """Return the variables that name the server, which takes any credentials."""
    key = {"gcs_base_url": address, "disable_oauth": True, "client_email": "", "private_key": ""}
    return {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(key | {"private_key_id": ""})}


def azurite_variables(address: str) -> dict[str, str]:
    """Return the variables that name the server, and as whom."""
    return {
        "AZURE_STORAGE_ENDPOINT": address,
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
    }


def new_bucket(address: str) -> str:
    """Make an empty bucket of fake-gcs-server."""
    name = f"bucket-{uuid4().hex[:12]}"
    _ask(address, "POST", "/storage/v1/b?project=p", json.dumps({"name": name}), {})
    return name


def new_container(address: str) -> str:
    """Make an empty container of Azurite: a request that is signed by Azure's rules."""
    name, date = f"container-{uuid4().hex[:12]}", formatdate(usegmt=True)
    version = "2021-08-06"
    signed = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{version}\n"
    signed += f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    digest = hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()
    headers = {
        "x-ms-date": date,
        "x-ms-version": version,
        "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
    }
    _ask(address, "PUT", f"/{ACCOUNT}/{name}?restype=container", "", headers)
    return name


def _ask(address: str, method: str, path: str, body: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(address.split("/")[2])
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    assert answer.status in {200, 201}, said


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run an emulator until the block ends."""
    program = EMULATORS / command[0]
    if not program.exists():
        pytest.skip(f"{program} is not there: `make cloud-emulators` installs it")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - an emulator of the tests
            [program, *command[1:]], stdout=log, stderr=log
        )
        with process:
            try:
                _wait_for(port, process)
                yield
            finally:
                process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
