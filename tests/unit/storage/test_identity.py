"""What each cloud gives a pod in place of a key opens a bucket: asked of doubles of its servers.

The variables are those that EKS, GKE and AKS set in a pod, with the addresses of a server here.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from job.storage import open_store

KEYS = "<AccessKeyId>GRANTED</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
STS = (
    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
    f"{KEYS}<SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>"
    "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
)
POD_IDENTITY = {
    "AccessKeyId": "GRANTED",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2100-01-01T00:00:00Z",
}
ANSWERS = {
    "/": STS,
    "/v1/credentials": json.dumps(POD_IDENTITY),
    "/tenant/oauth2/v2.0/token": json.dumps({"access_token": "GRANTED", "expires_in": 3600}),
    "/computeMetadata/v1/instance/service-accounts/default/token": json.dumps(
        {"access_token": "GRANTED", "expires_in": 3600, "token_type": "Bearer"}
    ),
}
"""What the servers of credentials answer, by path; any other path is an object."""


class Servers(BaseHTTPRequestHandler):
    """Servers of credentials and buckets at one address; remembers what was asked of them."""

    asked: ClassVar[list[str]] = []
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path = self.path.partition("?")[0]
        content = ANSWERS.get(path, "content").encode()
        self.asked.append(f"{path} {self.headers.get('Authorization', '')} {body}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Mon, 30 Nov 2026 16:00:00 GMT")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - a name of http.server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the doubles; no settings of this machine count."""
    known = ("AWS_", "AZURE_", "GOOGLE_", "GCE_")
    for name in [name for name in os.environ if name.startswith(known)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(Servers, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Servers) as doubles:
        Thread(target=doubles.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{doubles.server_port}"
        doubles.shutdown()


@pytest.fixture
def token(tmp_path: Path) -> str:
    """The path of a file with the token that Kubernetes projects into a pod."""
    path = tmp_path / "token"
    path.write_text("projected")
    return str(path)


@dataclass(frozen=True)
class Identity:
    """How a cloud gives an identity: TOKEN, SERVER and HOST stand for what is here."""

    url: str
    variables: dict[str, str]
    asks_with: str
    """A part of the request for credentials."""
    asks_for: str
    """The path in the request for an object."""
    authorization: str


IDENTITIES = {
    "EKS, roles for service accounts": Identity(
        "s3://bucket/p",
        {
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/voc",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "TOKEN",
            "AWS_ENDPOINT_URL": "SERVER",
            "AWS_REGION": "eu-west-1",
        },
        "WebIdentityToken=projected",
        "/bucket/p/key",
        "Credential=GRANTED/",
    ),
    "EKS, Pod Identity": Identity(
        "s3://bucket/p",
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "SERVER/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "TOKEN",
            "AWS_ENDPOINT_URL": "SERVER",
            "AWS_REGION": "eu-west-1",
        },
        "/v1/credentials projected",
        "/bucket/p/key",
        "Credential=GRANTED/",
    ),
    "GKE": Identity(
        "gs://bucket/p",
        {"GCE_METADATA_HOST": "HOST", "GCE_METADATA_IP": "HOST", "GOOGLE_BASE_URL": "SERVER"},
        "service-accounts/default/token",
        "/bucket/p%2Fkey",
        "Bearer GRANTED",
    ),
    "AKS": Identity(
        "az://container/p",
        {
            "AZURE_STORAGE_ACCOUNT_NAME": "account",
            "AZURE_STORAGE_ENDPOINT": "SERVER",
            "AZURE_CLIENT_ID": "client",
            "AZURE_TENANT_ID": "tenant",
            "AZURE_FEDERATED_TOKEN_FILE": "TOKEN",
            "AZURE_AUTHORITY_HOST": "SERVER/",
        },
        "client_assertion=projected",
        "/container/p/key",
        "Bearer GRANTED",
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_pod_s_identity_opens_a_bucket(
    name: str, server: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token of the pod is exchanged for credentials, which are in the request for an object."""
    identity = IDENTITIES[name]
    for variable, value in identity.variables.items():
        given = value.replace("SERVER", server).replace("TOKEN", token)
        monkeypatch.setenv(variable, given.replace("HOST", server.removeprefix("http://")))
    assert open_store(identity.url).read("key") == b"content"
    *before, last = Servers.asked
    assert identity.asks_with in before[-1]
    assert last.startswith(identity.asks_for)
    assert identity.authorization in last
