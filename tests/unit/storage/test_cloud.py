"""What a store of Google's or Microsoft's cloud says, without a server."""

import os
import pickle
import sys

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError

from job.errors import AlJobError, BadDataError, ConfigError, MissingObjectError, TemporaryError
from job.storage import cloud_client, open_store
from job.storage.check import check_store
from job.storage.cloud import CloudStore
from job.storage.cloud_access import CLOUDS
from job.storage.cloud_errors import cloud_errors, is_past_end

SERVER = "Generic GCS error: Error performing GET http://h/b/k?sig=secret in 3ms - "
AT = "gs://bucket/key"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of this machine count."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")


def answered(status: str, code: str = "", message: str = "") -> str:
    """Return what obstore says about an answer."""
    body = f"<Error><Code>{code}</Code><Message>{message}\nTime:1</Message></Error>" if code else ""
    return (
        f"{SERVER}Server returned non-2xx status code: {status}: {body}\n\nDebug source:\nGeneric"
    )


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (FileNotFoundError(answered("404 Not Found")), MissingObjectError, "no such object"),
        (
            FileNotFoundError(answered("404 Not Found", "NoSuchBucket", "x")),
            ConfigError,
            "there is no such bucket; create it, name another in the store's URL, or check GOOGLE_",
        ),
        (GenericError(answered("404 Not Found")), ConfigError, "there is no such bucket; "),
        (
            PermissionDeniedError(answered("403 Forbidden", "AccessDenied", "Access denied.")),
            ConfigError,
            "the server answered 403 AccessDenied: Access denied; the credentials need the role St",
        ),
        (
            GenericError(answered("503 Service Unavailable", "SlowDown", "Wait.")),
            TemporaryError,
            "the server answered 503 SlowDown: Wait; retry",
        ),
        (
            GenericError(answered("429 Too Many Requests")),
            TemporaryError,
            "the server answe",
        ),
        (
            GenericError(answered("400 Bad Request", "InvalidArgument", "What?")),
            ConfigError,
            "the server answered 400 InvalidArgument: What?; check the store's URL, or GOOGLE_BASE",
        ),
        (
            GenericError(f"{SERVER}HTTP error: error sending request\n\nDebug source:\nGeneric"),
            TemporaryError,
            "HTTP error: error sending request; is the server up? check GOOGLE_BASE_URL",
        ),
        (
            GenericError(f"{SERVER}HTTP error: e\n\nDebug source:\nInvalidCertificate(\n Expired"),
            ConfigError,
            "the server's certificate is not trusted (Expired); name its authority in SSL_CERT",
        ),
        (
            GenericError(f"Error performing token request: {SERVER}HTTP error: no route"),
            TemporaryError,
            "no credentials came: HTTP error: no route; check GOOGLE_APPLICATION_CREDENTIALS",
        ),
        (
            GenericError(f"Error performing token request: {answered('400 Bad Request')}"),
            ConfigError,
            "the server answered 400; the credentials need the role Storage Object User",
        ),
    ],
)
def test_errors_say_whose_they_are(error: Exception, kind: type[AlJobError], told: str) -> None:
    """One line with a kind; no URL of a request, which may hold a signature."""
    with pytest.raises(kind) as caught, cloud_errors(AT, CLOUDS["gs"]):
        raise error
    assert type(caught.value) is kind
    assert str(caught.value).removeprefix(f"{AT}: ").startswith(told)
    assert "sig=" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_range_after_the_end_is_known() -> None:
    """One cloud refuses it, and for the other the library does."""
    here = "Generic MicrosoftAzure error: Wanted range\n\nDebug source:\nStartTooLarge {}"
    assert is_past_end(GenericError(answered("416 Range Not Satisfiable")))
    assert is_past_end(GenericError(here))
    assert not is_past_end(GenericError(answered("404 Not Found")))


@pytest.mark.parametrize("url", ["gs://bucket/some/prefix", "az://container"])
def test_a_store_can_be_sent_to_another_process(url: str) -> None:
    """What is sent is the address, not the connections."""
    store = open_store(url)
    assert isinstance(store, CloudStore)
    assert pickle.loads(pickle.dumps(store)).url == url  # noqa: S301 - our own


def test_a_forked_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's threads are not there, so it would wait for ever."""
    store = open_store("gs://bucket")
    monkeypatch.setattr(cloud_client, "_threads_of", [os.getpid() + 1])
    with pytest.raises(RuntimeError, match="forked"):
        store.exists("key")


def test_a_container_has_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not in the URL, and without it there is no server."""
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME")
    with pytest.raises(ConfigError, match="az://container: set AZURE_STORAGE_ACCOUNT_NAME"):
        open_store("az://container").exists("key")


def test_a_key_that_is_none_is_told_before_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own words, and which variables to look at."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "%%%")
    with pytest.raises(ConfigError, match=r"Invalid Access Key.*check AZURE_STORAGE_ACCOUNT_KEY"):
        open_store("az://container").exists("key")


@pytest.mark.parametrize(("given", "retries"), [(None, 7), ("15", 14)])
def test_patience_is_that_of_s3(
    monkeypatch: pytest.MonkeyPatch, given: str | None, retries: int
) -> None:
    """One variable says it for every bucket."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    if given:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", given)
    client = cloud_client.new_client("az", "container")
    assert (client.retry_config or {})["max_retries"] == retries


def test_patience_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for S3."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "often")
    with pytest.raises(ConfigError, match="AWS_MAX_ATTEMPTS: 'often'"):
        cloud_client.new_client("gs", "bucket")


def test_a_server_that_is_down_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that names it."""
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(TemporaryError, match=r"^az://container/p/key: .*AZURE_STORAGE_ENDPOINT"):
        open_store("az://container/p").read("key")


def test_the_library_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has none is told which, when the store is opened."""
    for name in [name for name in sys.modules if name.startswith("job.storage.cloud")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ConfigError, match=r"obstore is not installed: install al-voc\[clouds\]"):
        open_store("gs://bucket")


@pytest.mark.parametrize("url", ["gs://", "az:///a", "az:container", "gs://Bad Bucket!/a"])
def test_other_urls_are_no_bucket(url: str) -> None:
    """Nor a directory of that name."""
    with pytest.raises(AlJobError, match="gs://bucket/prefix, az://container/prefix"):
        open_store(url)


def test_keys_are_checked_before_a_request() -> None:
    """As in every store."""
    store = open_store("gs://bucket")
    with pytest.raises(BadDataError, match="key"):
        store.read("../a")


def test_doctor_names_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rights of S3 mean nothing there."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "%%%")
    [finding] = check_store(open_store("az://container"))
    assert finding.advice.endswith("a bucket needs the role Storage Blob Data Contributor")
