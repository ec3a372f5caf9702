"""How a store is named, and which keys it takes."""

from pathlib import Path

import pytest

from job.errors import BadDataError, ConfigError, UsageError
from job.storage import open_store
from job.storage.base import check_key, check_prefix
from job.storage.local import LocalStore
from job.storage.s3 import S3Store

POINT = "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/mine-1"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/data/state", "/data/state"),
        ("/data/a b#c?d%20", "/data/a b#c?d%20"),
        ("file:///data/state", "/data/state"),
        ("file:///data/a%20b", "/data/a b"),
    ],
)
def test_paths_and_file_urls_are_directories(url: str, path: str) -> None:
    """A path is taken as it is; a URL is decoded."""
    store = open_store(url)
    assert isinstance(store, LocalStore)
    assert store.root == Path(path)
    assert open_store(store.url).url == store.url


def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one from the working directory at that time."""
    monkeypatch.chdir(tmp_path)
    store = open_store("./state")
    monkeypatch.chdir("/")
    store.write("a", b"content")
    assert (tmp_path / "state" / "a").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("url", "bucket", "prefix", "again"),
    [
        ("s3://bucket", "bucket", "", "s3://bucket"),
        ("s3://bucket/", "bucket", "", "s3://bucket"),
        ("s3://my.bucket-1/a/b/", "my.bucket-1", "a/b", "s3://my.bucket-1/a/b"),
        ("s3://bucket/a b#c?d%20", "bucket", "a b#c?d%20", "s3://bucket/a b#c?d%20"),
        (f"s3://{POINT}", POINT, "", f"s3://{POINT}"),
        (f"s3://{POINT}/a/b/", POINT, "a/b", f"s3://{POINT}/a/b"),
    ],
)
def test_s3_urls_are_buckets(url: str, bucket: str, prefix: str, again: str) -> None:
    """A prefix means itself, as in other tools for S3; nothing in it is decoded."""
    store = open_store(url)
    assert isinstance(store, S3Store)
    assert (store.bucket, store.prefix, store.url) == (bucket, prefix, again)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3://",
        "s3:///a",
        "s3:bucket",
        "s3://Bad Bucket!/a",
        "s3://arn:aws:s3::1:x/y",
        "file://host/a",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    """The message shows what was given and what is expected."""
    with pytest.raises(UsageError, match="expected s3://bucket/prefix, gs://bucket") as caught:
        open_store(url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize(
    "key", ["", "/a", "a//b", "a/", "..", "../a", "a/../b", "a/..", ".", "./a", "a/.tmp-x", "a\0b"]
)
def test_keys_that_no_directory_can_hold_are_refused(key: str) -> None:
    """A key means the same object in every kind of store, and never one outside."""
    with pytest.raises(BadDataError, match="key") as caught:
        check_key(key)
    assert repr(key) in str(caught.value)


@pytest.mark.parametrize("key", ["a", "a/b.c", "..a/b..", ".hidden", "a b/ü", "tmp-x"])
def test_other_keys_are_taken(key: str) -> None:
    """Dots and spaces are no offence by themselves."""
    assert check_key(key) == key


@pytest.mark.parametrize("prefix", ["", "a", "a/", "a/b", ".a/"])
def test_a_prefix_may_be_a_part_of_a_key(prefix: str) -> None:
    """It may be empty, and may end in a slash."""
    assert check_prefix(prefix) == prefix


@pytest.mark.parametrize("prefix", ["/", "//", "a//", "..", "../", "a/../"])
def test_a_prefix_may_not_lead_out(prefix: str) -> None:
    """What no key begins with is refused."""
    with pytest.raises(BadDataError, match="key"):
        check_prefix(prefix)


def test_a_tilde_is_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell expands it at the beginning of a word only, and nothing else does."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_store("~/state").local_path("a") == tmp_path / "state" / "a"
    with pytest.raises(UsageError, match="no home directory"):
        open_store("~nobody-of-that-name/state")


def test_a_relative_store_needs_a_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If it is gone, a whole path is still right."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigError, match=r"^state: the working directory is gone"):
        open_store("state")
    assert open_store(str(tmp_path)).url == tmp_path.as_uri()


def test_keys_in_a_url_are_not_told() -> None:
    """Credentials do not belong there, and a message is no place for them."""
    with pytest.raises(UsageError, match=r"s3://\*\*\*@bucket/a") as caught:
        open_store("s3://me:password@bucket/a")
    assert "password" not in str(caught.value)


@pytest.mark.parametrize("url", ["'/data'", '"s3://b/q"', " /data", "/data\n", "s3://b/q\t", " "])
def test_what_env_files_and_secrets_leave_around_a_store_is_refused(url: str) -> None:
    """Taken as it is, it would be a directory of that name, here and now."""
    with pytest.raises(UsageError, match="there are quotes, a blank or a line break around it"):
        open_store(url)


def test_slashes_at_the_ends_of_a_prefix_do_not_count() -> None:
    """Variables that are joined by slashes often have slashes of their own."""
    assert open_store("s3://b//q//").url == open_store("s3://b/q").url == "s3://b/q"
