"""What `fetch` promises: a local file with the right bytes, or an error that names the object."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from job.errors import BadDataError, ConfigError, MissingObjectError
from job.storage import cache
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore

DATA = b"a shard of images"
SHA256 = hashlib.sha256(DATA).hexdigest()


class CountingStore(MemoryStore):
    """Counts downloads."""

    num_downloads = 0

    def download(self, key: str, path: Path) -> str:
        """Count, and download."""
        self.num_downloads += 1
        return super().download(key, path)


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a process that has verified nothing."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_verified", {})
    return tmp_path / "cache"


@pytest.fixture
def remote() -> CountingStore:
    """A store without files, which holds the object `a/0.tar`."""
    store = CountingStore()
    store.write("a/0.tar", DATA)
    return store


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def hashed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A list that grows with each file that is hashed."""
    calls: list[object] = []
    digest = hashlib.file_digest

    def counting(file: Any, name: str) -> object:
        calls.append(file)
        return digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    return calls


def test_an_object_is_downloaded_once(
    remote: CountingStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first fetch downloads into the cache; later ones, of other keys too, find it there.

    Its bytes are checked as they come, so the file is not read again for that.
    """
    calls = hashed(monkeypatch)
    path = cache.fetch(remote, "a/0.tar", SHA256)
    assert path.read_bytes() == DATA
    assert files(directory) == [path]
    remote.write("b/same.tar", DATA)
    assert cache.fetch(remote, "b/same.tar", SHA256) == path
    assert remote.num_downloads == 1
    assert not calls


def test_another_process_checks_what_it_finds(
    remote: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached file is read once in each process before it is trusted."""
    cache.fetch(remote, "a/0.tar", SHA256)
    monkeypatch.setattr(cache, "_verified", {})
    calls = hashed(monkeypatch)
    cache.fetch(remote, "a/0.tar", SHA256)
    cache.fetch(remote, "a/0.tar", SHA256)
    assert len(calls) == 1
    assert remote.num_downloads == 1


@pytest.mark.parametrize("damage", [b"", DATA[:5], DATA[::-1]])
@pytest.mark.parametrize("same_process", [True, False])
def test_a_damaged_cache_file_is_fetched_again(
    remote: CountingStore, monkeypatch: pytest.MonkeyPatch, damage: bytes, *, same_process: bool
) -> None:
    """Bytes that changed in the cache are noticed and replaced."""
    path = cache.fetch(remote, "a/0.tar", SHA256)
    path.write_bytes(damage)
    os.utime(path, (1, 1))
    if not same_process:
        monkeypatch.setattr(cache, "_verified", {})
    assert cache.fetch(remote, "a/0.tar", SHA256).read_bytes() == DATA
    assert remote.num_downloads == 2


def test_an_object_with_other_bytes_is_bad_data(remote: CountingStore, directory: Path) -> None:
    """The error names the object, and nothing is kept."""
    with pytest.raises(BadDataError, match=r"a/0\.tar in memory:.*sha256 000"):
        cache.fetch(remote, "a/0.tar", "0" * 64)
    assert files(directory) == []


def test_a_missing_object_is_named(remote: CountingStore, tmp_path: Path, directory: Path) -> None:
    """With a store of files as with others."""
    for store in (remote, LocalStore(tmp_path / "store")):
        with pytest.raises(MissingObjectError, match=r"a/1\.tar"):
            cache.fetch(store, "a/1.tar", SHA256)
    assert files(directory) == []


def test_a_local_file_is_used_in_place(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of files needs no cache; a file is read once, and again when it has changed."""
    calls = hashed(monkeypatch)
    store = LocalStore(tmp_path / "store")
    store.write("a", DATA)
    assert cache.fetch(store, "a", SHA256) == store.root / "a"
    assert cache.fetch(store, "a", SHA256) == store.root / "a"
    assert len(calls) == 1
    store.write("a", DATA[::-1])
    os.utime(store.root / "a", (1, 1))
    with pytest.raises(BadDataError, match="a in file:"):
        cache.fetch(store, "a", SHA256)
    assert not directory.exists()


def test_one_file_may_be_asked_for_with_two_digests(tmp_path: Path) -> None:
    """That a file was verified against one digest says nothing about another."""
    store = LocalStore(tmp_path / "store")
    store.write("a", DATA)
    cache.fetch(store, "a", SHA256)
    with pytest.raises(BadDataError, match="a in file:"):
        cache.fetch(store, "a", "0" * 64)


def test_two_processes_may_fetch_the_same(
    remote: CountingStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When another process overtakes a download, both get whole bytes, and one file stays."""
    other = CountingStore()
    other.write("a/0.tar", DATA)
    download = remote.download

    def overtaken(key: str, path: Path) -> str:
        first = cache.fetch(other, "a/0.tar", SHA256)
        assert first.read_bytes() == DATA
        return download(key, path)

    monkeypatch.setattr(remote, "download", overtaken)
    path = cache.fetch(remote, "a/0.tar", SHA256)
    assert path.read_bytes() == DATA
    assert files(directory) == [path]
    assert (remote.num_downloads, other.num_downloads) == (1, 1)


def test_the_cache_is_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without AL_CACHE it is where the user's programs keep theirs."""
    monkeypatch.delenv("AL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.directory() == tmp_path / "xdg" / "al-voc"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache.directory() == tmp_path / "home" / ".cache" / "al-voc"


def test_a_container_without_a_home_has_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the user's cache cannot be made, one of temporary files has to do."""
    monkeypatch.delenv("AL_CACHE")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cache.directory() == tmp_path / f"al-voc-{os.getuid()}"
    assert cache.directory().stat().st_mode & 0o777 == 0o700
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)  # a user that the machine does not know
    with pytest.raises(ConfigError, match=r"al-voc-4000000: other users .* AL_CACHE"):
        cache.directory()  # made by the user of this test
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="AL_CACHE"):
        cache.directory()


@pytest.mark.parametrize("kind", ["open", "link"])
def test_a_cache_that_others_can_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Where all users keep temporary files, one of them may have put a directory before us."""
    monkeypatch.delenv("AL_CACHE")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / f"al-voc-{os.getuid()}"
    if kind == "link":
        path.symlink_to(tmp_path)
    else:
        path.mkdir()
        path.chmod(0o777)
    with pytest.raises(ConfigError, match=r"al-voc-\d+: other users .* AL_CACHE"):
        cache.directory()


def test_a_cache_that_cannot_be_written_is_a_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names a cache directory wants that one, not another."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match=r"AL_CACHE=.*file: not a directory"):
        cache.directory()


def test_whatever_lies_under_a_key_is_fetched_once(remote: CountingStore, tmp_path: Path) -> None:
    """One download gives the file and its digest; a store's own file is used in place."""
    path, digest = cache.fetch_whatever(remote, "a/0.tar")
    assert (path.read_bytes(), digest) == (DATA, SHA256)
    assert remote.num_downloads == 1
    assert cache.fetch(remote, "a/0.tar", SHA256) == path
    assert remote.num_downloads == 1
    local = LocalStore(tmp_path / "store")
    local.write("w", DATA)
    assert cache.fetch_whatever(local, "w") == (local.local_path("w"), SHA256)
    for store in (remote, local):
        with pytest.raises(MissingObjectError):
            cache.fetch_whatever(store, "no")
