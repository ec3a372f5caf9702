"""What a bucket wants beside its name, as it stands in the requests."""

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from job.errors import ConfigError
from job.storage.s3 import S3Store
from job.storage.s3_access import BY_VARIABLES, S3Access

OSS = "http://oss.example"
ENCRYPTED = {
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
}
PAID = {"x-amz-request-payer": "requester"}
Request = tuple[str, str, dict[str, str]]


@pytest.fixture(autouse=True)
def _a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of this machine count, and there are keys."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AL_S3_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")


class Body:
    def stream(self, **_: object) -> list[bytes]:
        return []

    def read(self, *_: object) -> bytes:
        return b""


def requests_of(access: S3Access = BY_VARIABLES, bucket: str = "bucket") -> list[Request]:
    """Return what a write, an upload, a look and a list send: method, URL, chosen headers."""
    sent: list[Request] = []

    def answer(request: Any, **_: object) -> AWSResponse:
        given = {name.lower(): value for name, value in request.headers.items()}
        names = (*ENCRYPTED, *PAID)
        headers = {name: bytes(given[name]).decode() for name in names if name in given}
        sent.append((request.method, request.url.split("?")[0], headers))
        return AWSResponse(request.url, 200, {"ETag": '"x"', "Content-Length": "0"}, Body())

    store = S3Store(bucket, "p", access)
    client = store._client()  # noqa: SLF001 - what it sends is the subject
    client.meta.events.register("before-send.s3", answer)
    store.write("a", b"x")
    store.upload("b", Path(__file__))
    store.exists("a")
    list(store.list(""))
    return sent


@pytest.mark.parametrize(
    ("style", "url"),
    [
        (None, "http://oss.example/bucket/p/a"),
        ("path", "http://oss.example/bucket/p/a"),
        ("virtual", "http://bucket.oss.example/p/a"),
    ],
)
def test_a_bucket_may_be_in_the_host_name(
    monkeypatch: pytest.MonkeyPatch, style: str | None, url: str
) -> None:
    """Some servers other than AWS refuse it in the path, where it is unless it is said."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", OSS)
    if style:
        monkeypatch.setenv("AL_S3_ADDRESSING_STYLE", style)
    assert requests_of()[0][1] == url


def test_a_profile_may_say_how_its_server_is_addressed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As for any AWS program; the variable is about the store's server, and not about this one."""
    (tmp_path / "config").write_text(
        "[profile oss]\naws_access_key_id = k\naws_secret_access_key = secret\n"
        "s3 =\n  addressing_style = virtual\n"
    )
    monkeypatch.setenv("AL_S3_ADDRESSING_STYLE", "path")
    access = S3Access(OSS, "oss", option="source")
    assert requests_of(access)[0][1] == "http://bucket.oss.example/p/a"


def test_what_is_written_is_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write says how, for buckets that refuse one that does not; no read may say it."""
    monkeypatch.setenv("AL_S3_ENCRYPTION", "aws:kms")
    monkeypatch.setenv("AL_S3_KMS_KEY_ID", "key-1")
    assert [(method, headers) for method, _, headers in requests_of()] == [
        ("PUT", ENCRYPTED),
        ("PUT", ENCRYPTED),
        ("HEAD", {}),
        ("GET", {}),
    ]


def test_the_key_is_of_the_store_s_bucket_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another server does not have it."""
    monkeypatch.setenv("AL_S3_ENCRYPTION", "AES256")
    assert not any(headers for *_, headers in requests_of(S3Access(OSS, option="out")))


def test_the_requester_may_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request agrees to it, of a source in another bucket, too."""
    monkeypatch.setenv("AL_S3_REQUEST_PAYER", "requester")
    for access in (BY_VARIABLES, S3Access(OSS, option="source")):
        assert [headers for *_, headers in requests_of(access)] == [PAID] * 4


def test_nothing_is_said_that_is_not_set() -> None:
    """Other servers may not know it."""
    assert not any(headers for *_, headers in requests_of())


def test_an_access_point_is_a_bucket() -> None:
    """Its ARN says account and region, by which AWS names its host."""
    arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/mine"
    [(_, url, _), *_] = requests_of(bucket=arn)
    assert url == "https://mine-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/p/a"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"AL_S3_ADDRESSING_STYLE": "dns"},
            "AL_S3_ADDRESSING_STYLE: unknown 'dns'; known: path, virtual, auto",
        ),
        ({"AL_S3_ENCRYPTION": "kms"}, "AL_S3_ENCRYPTION: unknown 'kms'; known: AES256, aws:kms"),
        ({"AL_S3_REQUEST_PAYER": "yes"}, "AL_S3_REQUEST_PAYER: unknown 'yes'; known: requester"),
        ({"AL_S3_KMS_KEY_ID": "x"}, "AL_S3_KMS_KEY_ID: a key of KMS is for AL_S3_ENCRYPTION=aws:k"),
        (
            {"AL_S3_KMS_KEY_ID": "x", "AL_S3_ENCRYPTION": "AES256"},
            "AL_S3_KMS_KEY_ID: a key of KMS is for AL_S3_ENCRYPTION=aws:kms or aws:kms:dsse",
        ),
    ],
)
def test_values_that_no_option_has_are_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    """Before a request is sent, by the name of the variable."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        S3Store("bucket").exists("a")
    assert str(caught.value).startswith(told)
