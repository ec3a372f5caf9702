"""What a store in a directory does beyond the contract of all stores."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from job.errors import AlJobError, BadDataError, ConfigError, TemporaryError
from job.storage.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store."""
    return LocalStore(tmp_path / "store")


def files(store: LocalStore) -> list[str]:
    """All that lies in the directory, directories too."""
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*"))


def test_an_object_is_the_file_of_that_name(store: LocalStore) -> None:
    """The files can be looked at, copied and put there with other tools."""
    store.write("a/b.txt", b"content")
    assert store.local_path("a/b.txt") == store.root / "a" / "b.txt"
    assert files(store) == ["a", "a/b.txt"]
    (store.root / "a" / "c.txt").write_bytes(b"put there")
    assert store.read("a/c.txt") == b"put there"
    assert list(store.list("")) == ["a/b.txt", "a/c.txt"]


def test_reading_creates_nothing(store: LocalStore) -> None:
    """A store that was never written to stays without a directory."""
    assert not store.exists("a")
    assert list(store.list("")) == []
    store.delete("a")
    assert not store.root.exists()


def test_others_may_read_what_is_written(store: LocalStore, tmp_path: Path) -> None:
    """Files get the permissions that the umask leaves, as those of any program."""
    usual = tmp_path / "usual"
    usual.touch()
    store.write("a", b"content")
    assert (store.root / "a").stat().st_mode == usual.stat().st_mode
    assert stat.S_IMODE(usual.stat().st_mode) & stat.S_IROTH


def test_a_file_left_by_a_killed_writer_is_no_object(store: LocalStore) -> None:
    """What was not written wholly is not listed, and makes no directory count."""
    (store.root / "a" / "b").mkdir(parents=True)
    (store.root / "a" / "b" / ".tmp-0123").write_bytes(b"half")
    (store.root / ".tmp-4567").write_bytes(b"half")
    assert list(store.list("")) == []
    assert list(store.list_names("")) == []
    assert list(store.list_names("a/")) == []


def test_a_delete_removes_empty_directories(store: LocalStore) -> None:
    """Directories that a delete leaves empty go with it; the store's own and full ones stay."""
    store.write("a/b/c/d", b"")
    store.write("a/e", b"")
    store.delete("a/b/c/d")
    assert files(store) == ["a", "a/e"]
    store.delete("a/e")
    assert files(store) == []
    assert store.root.is_dir()


def test_a_directory_is_no_object(store: LocalStore) -> None:
    """A name that objects lie below is neither removed nor written over, nor is a file passed."""
    store.write("a/b", b"content")
    store.delete("a")
    store.delete("a/b/c")
    with pytest.raises(BadDataError, match=r"store/a: there are objects below"):
        store.write("a", b"")
    with pytest.raises(ConfigError, match="a/b"):
        store.write("a/b/c", b"")
    assert store.read("a/b") == b"content"
    assert files(store) == ["a", "a/b"]


def test_a_linked_directory_counts(store: LocalStore, tmp_path: Path) -> None:
    """Data sets may lie on another disk."""
    (tmp_path / "disk").mkdir()
    store.root.mkdir()
    (store.root / "datasets").symlink_to(tmp_path / "disk")
    store.write("datasets/voc/x", b"content")
    assert (tmp_path / "disk" / "voc" / "x").read_bytes() == b"content"
    assert list(store.list("datasets/")) == ["datasets/voc/x"]


OPERATIONS: dict[str, Callable[[LocalStore], object]] = {
    "read": lambda store: store.read("a"),
    "write": lambda store: store.write("a", b""),
    "exists": lambda store: store.exists("a"),
    "list": lambda store: list(store.list("")),
    "list_names": lambda store: list(store.list_names("")),
    "delete": lambda store: store.delete("a"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_store_that_is_a_file_is_a_wrong_setting(tmp_path: Path, operation: str) -> None:
    """Whatever is asked, the message names the path and the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"store .*/file: not a directory.*AL_STORE"):
        OPERATIONS[operation](LocalStore(tmp_path / "file"))


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, TemporaryError),
        (errno.EDQUOT, TemporaryError),
        (errno.EIO, TemporaryError),
        (errno.EROFS, ConfigError),
        (errno.EACCES, ConfigError),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_what_was_there(
    store: LocalStore,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    kind: type[AlJobError],
) -> None:
    """A full disk may have space later, a read-only one is a wrong setting; no half file stays."""
    store.write("a", b"before")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(kind, match="store/a: ") as caught:
        store.write("a", b"after")
    monkeypatch.undo()
    assert os.strerror(number).lower() in str(caught.value)
    assert store.read("a") == b"before"
    assert files(store) == ["a"]


def test_a_full_disk_is_temporary(store: LocalStore, tmp_path: Path) -> None:
    """The error comes from the write itself, also when closing the file fails once more."""
    resource = pytest.importorskip("resource", reason="limits of file sizes are those of POSIX")
    source = tmp_path / "source"
    source.write_bytes(bytes(3_000_000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, limits[1]))
    try:
        with pytest.raises(TemporaryError, match="store/a"):
            store.upload("a", source)
        with pytest.raises(TemporaryError, match="store/a"):
            store.write("a", bytes(1_500_001))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files(store) == []


def test_a_directory_that_cannot_be_made_is_a_wrong_setting() -> None:
    """The message names the directory."""
    with pytest.raises(ConfigError, match="/dev/null/x"):
        LocalStore(Path("/dev/null/x")).write("a", b"")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_directory_of_others_is_a_wrong_setting(store: LocalStore, operation: str) -> None:
    """The message says what is missing and where."""
    store.write("a", b"")
    store.root.chmod(0)
    try:
        if os.access(store.root, os.R_OK):
            pytest.skip("root may read and write everywhere")
        with pytest.raises(ConfigError, match=r"store.*: permission denied"):
            OPERATIONS[operation](store)
    finally:
        store.root.chmod(0o700)


def test_a_name_that_is_too_long_is_bad_data(store: LocalStore) -> None:
    """Directories take names of up to 255 bytes."""
    with pytest.raises(BadDataError, match="too long"):
        store.write("a" * 256, b"")


def test_a_write_survives_a_delete_beside_it(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory may vanish between its making and its use; it is made again."""
    store.write("keep", b"")
    vanishings = iter([True, True])

    def name() -> str:
        if next(vanishings, False):
            (store.root / "a").rmdir()
        return "name"

    monkeypatch.setattr("job.storage.files.uuid4", lambda: SimpleNamespace(hex=name()))
    store.write("a/b", b"content")
    assert store.read("a/b") == b"content"


def test_conditional_writes_work_without_hard_links(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems have no links; then a look has to do."""

    def fail(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    assert store.write("a", b"first", if_absent=True)
    assert not store.write("a", b"second", if_absent=True)
    assert store.read("a") == b"first"
    assert files(store) == ["a"]


def test_a_store_that_is_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    """With the link and what it points to."""
    (tmp_path / "link").symlink_to("gone")
    with pytest.raises(ConfigError, match=r"store .*/link: a link to gone, which is not there"):
        LocalStore(tmp_path / "link").write("a", b"content")


def test_a_link_that_leads_back_is_named_once(store: LocalStore) -> None:
    """It never passes, so it is not temporary; the system's own path has it forty times."""
    store.write("a/b", b"content")
    (store.root / "a/self").symlink_to(".")
    with pytest.raises(ConfigError) as error:
        list(store.list(""))
    assert str(error.value) == (f"{store.root}/a/self: a link that leads back to itself: remove it")
