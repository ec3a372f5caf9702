"""What becomes of an S3 store's failures: tried again, or one clear error of the right kind."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from job.errors import AlJobError, ConfigError, MissingObjectError, TemporaryError
from job.storage import Store, open_store, s3, s3_client

pytestmark = pytest.mark.integration

DATA = bytes(range(256)) * 4000

OPERATIONS: dict[str, Callable[[Store, Path], object]] = {
    "read": lambda store, _: store.read("a"),
    "read_range": lambda store, _: store.read_range("a", 10, 20),
    "write": lambda store, _: store.write("b", b"x"),
    "create": lambda store, _: store.write("b", b"x", if_absent=True),
    "upload": lambda store, folder: store.upload("b", _file(folder)),
    "download": lambda store, folder: store.download("a", folder / "out" / "file"),
    "exists": lambda store, _: store.exists("a"),
    "list": lambda store, _: list(store.list("")),
    "list_names": lambda store, _: list(store.list_names("")),
    "delete": lambda store, _: store.delete("a"),
}


def _file(folder: Path) -> Path:
    path = folder / "source"
    path.write_bytes(DATA)
    return path


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once, and answers are not waited for long."""
    monkeypatch.setattr(
        "botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001
    )
    monkeypatch.setattr(s3, "BODY_BACKOFF_SECONDS", (0.001,) * 4)
    monkeypatch.setitem(s3_client._ANY_SERVER, "read_timeout", 0.2)  # noqa: SLF001 - a minute is long


@pytest.fixture
def faulty_store(faulty: Any, moto: Any) -> Store:
    """A store behind the proxy, which holds the object `a`."""
    store = open_store(f"s3://{moto.new_bucket()}/p")
    store.write("a", DATA)
    faulty.num_requests = 0
    return store


def fails(use: Callable[[], object], kind: type[AlJobError], *words: str) -> None:
    """Check an error's kind, and that it is one line with all the words."""
    with pytest.raises(AlJobError) as caught:
        use()
    message = str(caught.value)
    assert type(caught.value) is kind, message
    assert "\n" not in message
    for word in words:
        assert word in message


def all_fail(store: Store, folder: Path, kind: type[AlJobError], *words: str) -> None:
    """Check that every operation fails in the same way."""
    for operation in OPERATIONS.values():
        fails(partial(operation, store, folder), kind, *words)


def test_a_server_error_that_passes_goes_unnoticed(
    faulty: Any, faulty_store: Store, tmp_path: Path
) -> None:
    """Requests are repeated while the server stumbles, slows down, or drops connections."""
    for name, operation in OPERATIONS.items():
        faults = iter([500, 503, "lose"])
        faulty.faults = faults
        operation(faulty_store, tmp_path)
        assert next(faults, None) is None, name


def test_a_server_error_that_stays_is_temporary(
    faulty: Any, faulty_store: Store, tmp_path: Path
) -> None:
    """After some attempts the job gives up, and may be started again later."""
    faulty.faults = repeat(500)
    fails(lambda: faulty_store.read("a"), TemporaryError)
    assert faulty.num_requests == 8
    all_fail(faulty_store, tmp_path, TemporaryError, faulty_store.url, "500")
    assert not any((tmp_path / "out").glob("*"))


@pytest.mark.parametrize("operation", ["read", "read_range", "download"])
@pytest.mark.parametrize("fault", ["reset", "cut", "stall"])
def test_a_body_that_breaks_off_is_asked_for_again(
    faulty: Any, faulty_store: Store, tmp_path: Path, operation: str, fault: str
) -> None:
    """Neither a reset, nor an early end, nor silence within a body shows in what is read."""
    faulty.faults = iter([fault, fault])
    got = OPERATIONS[operation](faulty_store, tmp_path)
    if operation == "download":
        got = (tmp_path / "out" / "file").read_bytes()
    assert got == (DATA[10:30] if operation == "read_range" else DATA)
    assert faulty.num_requests == 3


@pytest.mark.parametrize("operation", ["read", "read_range", "download"])
@pytest.mark.parametrize("fault", ["reset", "cut"])
def test_a_body_that_always_breaks_off_is_temporary(
    faulty: Any, faulty_store: Store, tmp_path: Path, operation: str, fault: str
) -> None:
    """Half an object never counts as one, and no file of it is left."""
    faulty.faults = repeat(fault)
    fails(lambda: OPERATIONS[operation](faulty_store, tmp_path), TemporaryError, "/p/a at http:")
    assert faulty.num_requests == 5
    assert not any((tmp_path / "out").glob("*"))


def test_a_failed_download_leaves_the_older_file(
    faulty: Any, faulty_store: Store, tmp_path: Path
) -> None:
    """A file is replaced by a whole one or stays."""
    target = tmp_path / "out" / "file"
    target.parent.mkdir()
    target.write_bytes(b"older")
    faulty.faults = repeat("reset")
    fails(lambda: faulty_store.download("a", target), TemporaryError)
    assert target.read_bytes() == b"older"


def test_an_upload_in_parts_that_fails_leaves_no_object(
    faulty: Any, faulty_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts become an object only together, and are removed when one cannot be sent."""
    monkeypatch.setattr(s3.TRANSFER, "multipart_threshold", 5 << 20)
    monkeypatch.setattr(s3.TRANSFER, "multipart_chunksize", 5 << 20)
    monkeypatch.setattr(s3.TRANSFER, "max_request_concurrency", 1)
    source = tmp_path / "source"
    source.write_bytes(bytes(11 << 20))

    def faults() -> Iterator[int | str]:
        yield from ["pass", "pass"]  # the beginning and the first part
        yield from repeat(500, 8)  # the second part

    faulty.faults = faults()
    fails(lambda: faulty_store.upload("large", source), TemporaryError, "/p/large", "500")
    assert not faulty_store.exists("large")
    client = faulty_store._client()  # type: ignore[attr-defined]  # noqa: SLF001 - what is left there
    bucket = faulty_store.bucket  # type: ignore[attr-defined]
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")

    faulty_store.upload("large", source)
    assert faulty_store.read("large") == source.read_bytes()
    assert client.head_object(Bucket=bucket, Key="p/large")["ETag"].endswith('-3"')  # three parts


def test_a_refusal_is_permanent(faulty: Any, faulty_store: Store, tmp_path: Path) -> None:
    """A server that says no is not asked again; the message says which permissions are needed."""
    faulty.faults = repeat(403)
    words = (faulty_store.url, "403", "s3:ListBucket", "AWS_ACCESS_KEY_ID")
    all_fail(faulty_store, tmp_path, ConfigError, *words)
    assert faulty.num_requests == len(OPERATIONS)


def test_a_range_that_a_server_ignores_is_cut_out(faulty: Any, faulty_store: Store) -> None:
    """A server may answer a range request with the whole object."""
    faulty.ignores_ranges = True
    assert faulty_store.read_range("a", 10, 20) == DATA[10:30]


def test_an_object_of_ours_counts_as_written(faulty: Any, faulty_store: Store) -> None:
    """When the answer to a conditional write is lost, the second attempt finds our own object."""
    faulty.faults = iter(["lose"])
    assert faulty_store.write("new", b"mine", if_absent=True)
    faulty.faults = iter(["lose"])
    assert not faulty_store.write("new", b"other", if_absent=True)
    assert faulty_store.read("new") == b"mine"


def test_a_server_without_conditional_writes_is_asked_first(
    faulty: Any, faulty_store: Store
) -> None:
    """Where they are not implemented, an object that is there is still left alone."""
    faulty.faults = iter([501])
    assert faulty_store.write("new", b"first", if_absent=True)
    faulty.faults = iter([501])
    assert not faulty_store.write("new", b"second", if_absent=True)
    assert faulty_store.read("new") == b"first"


def test_a_missing_bucket_is_named(s3_url: str, tmp_path: Path) -> None:
    """A bucket that is not there is no missing object, but a wrong setting."""
    assert s3_url
    words = ("s3://no-such-bucket/p", "no such bucket", "AWS_ENDPOINT_URL")
    all_fail(open_store("s3://no-such-bucket/p"), tmp_path, ConfigError, *words)


def test_a_wrong_secret_is_a_wrong_setting(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that the secret does not convince is not asked again."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    words = (s3_url, "403", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    all_fail(open_store(s3_url), tmp_path, ConfigError, *words)


def test_an_unknown_key_is_a_wrong_setting(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what the server said, and which variables to check."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "wrong")
    words = (s3_url, "InvalidAccessKeyId", "check AWS_ACCESS_KEY_ID")
    fails(lambda: open_store(s3_url).read("a"), ConfigError, *words)


def test_missing_credentials_are_a_wrong_setting(
    s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials, or with half of them, the message says which variables to set."""
    words = (s3_url, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    fails(lambda: open_store(s3_url).read("a"), ConfigError, *words)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    fails(lambda: open_store(s3_url).read("a"), ConfigError, *words)


def test_a_server_that_is_down_is_temporary(
    s3_url: str, unused_endpoint: str, tmp_path: Path, s3_environment: Any
) -> None:
    """A refused connection ends the attempt; the server may be up again at the next."""
    s3_environment(unused_endpoint)
    all_fail(open_store(s3_url), tmp_path, TemporaryError, s3_url, unused_endpoint)


def test_a_silent_server_is_temporary(faulty: Any, faulty_store: Store) -> None:
    """A connection that is closed without an answer, again and again, is given up."""
    faulty.faults = repeat("lose")
    fails(lambda: faulty_store.read("a"), TemporaryError, "/p/a at http:")
    assert faulty.num_requests == 8


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("AWS_ENDPOINT_URL", "localhost:9000", "https://host:port"),
        ("AWS_ENDPOINT_URL", "http://local host", "http://local host"),
        ("AWS_PROFILE", "nobody", "nobody"),
        ("AWS_DEFAULT_REGION", "nowhere at all", "nowhere at all"),
    ],
)
def test_wrong_variables_are_a_wrong_setting(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str
) -> None:
    """A variable that cannot be meant is shown."""
    monkeypatch.setenv(name, value)
    fails(lambda: open_store(s3_url).read("a"), ConfigError, word)


def test_a_server_of_another_kind_is_a_wrong_setting(faulty: Any, faulty_store: Store) -> None:
    """An answer that S3 does not give means that the address is that of something else."""
    faulty.faults = repeat(405)
    fails(lambda: faulty_store.read("a"), ConfigError, "405", "AWS_ENDPOINT_URL")


@pytest.mark.slow
def test_lists_of_more_than_a_page_are_whole(rclone: Any, s3_url: str) -> None:
    """A server gives a thousand keys at a time; a list has them all."""
    store = open_store(s3_url)
    folder = rclone.folder / s3_url.removeprefix("s3://") / "many"
    folder.mkdir(parents=True)
    for i in range(1005):
        (folder / f"{i:04d}").touch()
    assert list(store.list("many/")) == [f"many/{i:04d}" for i in range(1005)]
    assert list(store.list_names("many/")) == [f"{i:04d}" for i in range(1005)]


def test_a_missing_object_is_known_without_a_body(s3_url: str) -> None:
    """The answer to a HEAD request has no text; it still tells object and bucket apart."""
    assert not open_store(s3_url).exists("a")
    fails(lambda: open_store(s3_url).read("a"), MissingObjectError, f"{s3_url}/a at http:")
