"""The limit of the cache: what it removes, what it keeps, and where copies go without room."""

import os
import time
from pathlib import Path

import pytest

from job.artifacts.checkpoints import Checkpoint
from job.errors import ConfigError
from job.storage import cache
from job.storage.cache_limit import has_room
from job.storage.memory import MemoryStore

DAY = 86400.0
KB = 1e-6
"""In GB."""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of 3 kB, and a directory of its own for temporary files."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AL_CACHE_GB", str(3 * KB))
    monkeypatch.setattr("job.storage.cache.tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(cache, "_verified", {})
    return tmp_path / "cache"


def put(directory: Path, name: str, *, used: float, size: int = 1000) -> Path:
    """Make a file of the cache that was used some seconds ago, and written long before."""
    path = directory / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    now = time.time()
    os.utime(path, (now - used, now - 100 * DAY))
    return path


def names(directory: Path) -> set[str]:
    """Return the names of the files in the cache."""
    return {path.name for path in directory.rglob("*") if path.is_file()}


def test_what_was_used_least_recently_makes_room(directory: Path) -> None:
    """As few files go as are needed, whenever they were written."""
    for name, days in {"aa1": 2, "bb1": 9, "cc1": 5, "aa2": 3}.items():
        put(directory, name, used=days * DAY)
    assert has_room(directory)
    assert names(directory) == {"aa1", "aa2"}


def test_what_may_be_in_use_stays(directory: Path) -> None:
    """A process may read a file for as long as a pod runs: then there is no room."""
    put(directory, "aa1", used=0.9 * DAY, size=3000)
    put(directory, "bb1", used=2 * DAY)
    assert not has_room(directory)
    assert names(directory) == {"aa1"}


def test_without_a_limit_all_stays(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is off unless it is set."""
    monkeypatch.delenv("AL_CACHE_GB")
    put(directory, "aa1", used=99 * DAY, size=9000)
    assert has_room(directory)
    assert names(directory) == {"aa1"}


def test_leftovers_of_killed_processes_go(directory: Path) -> None:
    """An unfinished download of yesterday is nobody's; one of today may be growing."""
    put(directory, "aa1", used=0)
    old, new = directory / "aa/.tmp-1", directory / "aa/.tmp-2"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time(), time.time() - 2 * DAY))
    assert has_room(directory)
    assert names(directory) == {"aa1", ".tmp-2"}


def test_a_copy_without_room_goes_among_temporary_files(directory: Path, tmp_path: Path) -> None:
    """It is found there the next time, and the cache does not grow."""
    put(directory, "aa1", used=0, size=3000)
    store = MemoryStore()
    store.write("a/0.tar", b"a shard")
    path, digest = cache.fetch_whatever(store, "a/0.tar")
    assert path == tmp_path / f"al-voc-{os.getuid()}" / digest[:2] / digest
    store.delete("a/0.tar")
    assert cache.fetch(store, "a/0.tar", digest) == path
    assert names(directory) == {"aa1"}


def test_a_use_is_noted() -> None:
    """What is fetched from the cache stays for another day, and is not hashed again for it."""
    store = MemoryStore()
    store.write("a/0.tar", b"a shard")
    path, digest = cache.fetch_whatever(store, "a/0.tar")
    written = path.stat().st_mtime_ns
    os.utime(path, ns=(0, written))
    assert cache.fetch(store, "a/0.tar", digest) == path
    assert time.time() - path.stat().st_atime < DAY / 2
    assert path.stat().st_mtime_ns == written


def test_a_training_notes_that_it_still_uses_its_files(directory: Path) -> None:
    """It has read them before it began, so each checkpoint says that they are in use."""
    store = MemoryStore()
    store.write("a/0.tar", b"a shard")
    path, _ = cache.fetch_whatever(store, "a/0.tar")
    assert path.is_relative_to(directory)
    os.utime(path, ns=(0, path.stat().st_mtime_ns))
    Checkpoint(store, "checkpoint").save(b"weights")
    assert time.time() - path.stat().st_atime < DAY / 2


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan"])
def test_a_limit_is_a_positive_number(
    directory: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Any other text is told with the variable's name."""
    monkeypatch.setenv("AL_CACHE_GB", text)
    with pytest.raises(ConfigError, match=f"AL_CACHE_GB={text}: expected a positive number of GB"):
        has_room(directory)
