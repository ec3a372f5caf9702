"""What every store does: the same tests for memory, a directory, S3 servers and other clouds."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import obstore.store
import pytest

from job.errors import BadDataError, MissingObjectError
from job.storage import Store, open_store
from job.storage.cloud import CloudStore
from job.storage.memory import MemoryStore

MEMORY, LOCAL = pytest.param("memory", id="memory"), pytest.param("local", id="local")
RCLONE = pytest.param("rclone", marks=pytest.mark.integration, id="rclone")
MOTO = pytest.param("moto", marks=pytest.mark.integration, id="moto")
OBSTORE = pytest.param("obstore", id="obstore")
GCS = pytest.param("gs", marks=pytest.mark.clouds, id="gs")
AZURE = pytest.param("az", marks=pytest.mark.clouds, id="az")
URLS = {"rclone": "s3_url", "moto": "moto_url", "gs": "gs_url", "az": "az_url"}

AWKWARD_KEYS = [
    "a b/c d.jpg",
    "größe/日本.txt",
    "100%/50%25.txt",
    "plus/a+b=c&d?e#f.txt",
    "~/'quoted' \"(1)\".txt",
    ".hidden/.file",
    "deep/" * 20 + "x",
]


@pytest.fixture(params=[MEMORY, LOCAL, OBSTORE, RCLONE, MOTO, GCS, AZURE])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind."""
    if request.param == "memory":
        return MemoryStore()
    if request.param == "local":
        return open_store(str(tmp_path / "a store"))
    if request.param == "obstore":
        cloud = CloudStore("gs", "bucket", "some/prefix")
        cloud._made = obstore.store.MemoryStore()  # type: ignore[assignment]  # noqa: SLF001 - instead of a server
        return cloud
    url: str = request.getfixturevalue(URLS[request.param])
    return open_store(url)


def fill(store: Store, *keys: str) -> None:
    for key in keys:
        store.write(key, key.encode())


def test_what_is_written_is_read(store: Store) -> None:
    """A write says that it has written, and a read gives the bytes, any bytes."""
    data = bytes(range(256))
    assert store.write("a/b.bin", data)
    assert store.read("a/b.bin") == data


def test_a_second_write_replaces_the_first(store: Store) -> None:
    """An object is what was written last, also when that is shorter."""
    store.write("a", b"a long first version")
    assert store.write("a", b"short")
    assert store.read("a") == b"short"


@pytest.mark.parametrize("store", [MEMORY, LOCAL, MOTO, GCS, AZURE], indirect=True)
def test_a_reader_never_sees_half_a_write(store: Store) -> None:
    """While an object is overwritten, a reader sees all of one version or all of the other.

    That is S3's promise, too; rclone's server breaks it: it writes into the file that others read.
    """
    versions = [b"1" * 300_000, b"2" * 200_000]
    store.write("a", versions[0])
    over = Event()
    written: list[int] = []

    def overwrite() -> None:
        while not over.is_set():
            store.write("a", versions[len(written) % 2])
            written.append(1)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(overwrite)
        num_reads = 0
        try:
            while not writing.done() and (num_reads < 12 or len(written) < 12):
                assert store.read("a") in versions
                num_reads += 1
        finally:
            over.set()
    writing.result()


def test_an_object_may_be_empty(store: Store, tmp_path: Path) -> None:
    """No bytes are an object too: it exists, is read, is listed and is downloaded."""
    store.write("empty", b"")
    digest = store.download("empty", tmp_path / "file")
    assert digest == hashlib.sha256().hexdigest()
    assert store.exists("empty")
    assert store.read("empty") == b""
    assert list(store.list("")) == ["empty"]
    assert (tmp_path / "file").read_bytes() == b""


def test_a_range_is_a_part_of_an_object(store: Store) -> None:
    """A range begins at byte `start` and has `size` bytes."""
    store.write("a", b"0123456789")
    assert store.read_range("a", 0, 10) == b"0123456789"
    assert store.read_range("a", 3, 4) == b"3456"
    assert store.read_range("a", 9, 1) == b"9"
    assert store.read_range("a", 4, 0) == b""
    assert store.read_range("a", 10, 0) == b""


def test_a_range_past_the_end_is_bad_data(store: Store) -> None:
    """Bytes that an object does not have are never made up or left out."""
    store.write("a/b", b"0123456789")
    for start, size in [(8, 3), (10, 1), (50, 5), (11, 0)]:
        with pytest.raises(BadDataError, match="a/b"):
            store.read_range("a/b", start, size)


def test_a_missing_object_is_named(store: Store, tmp_path: Path) -> None:
    """Whatever asks for an object that is not there is told its key, and leaves no file."""
    fill(store, "dir/there")
    for key in ("dir/missing", "dir", "dir/there/below", "nowhere/missing"):
        assert not store.exists(key)
        with pytest.raises(MissingObjectError, match=key):
            store.read(key)
        with pytest.raises(MissingObjectError, match=key):
            store.read_range(key, 0, 1)
        with pytest.raises(MissingObjectError, match=key):
            store.download(key, tmp_path / "out" / "file")
    assert not list((tmp_path / "out").glob("*"))


def test_large_files_go_both_ways(store: Store, tmp_path: Path) -> None:
    """A file of 20 MB comes back as it went."""
    source, target = tmp_path / "source", tmp_path / "new" / "target"
    data = np.arange(5_000_000, dtype=np.uint32).tobytes()
    source.write_bytes(data)
    store.upload("large.tar", source)
    assert store.download("large.tar", target) == hashlib.sha256(data).hexdigest()
    assert target.read_bytes() == data
    assert store.read_range("large.tar", 17_000_000, 1000) == data[17_000_000:17_001_000]
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_small_files_go_both_ways(store: Store, tmp_path: Path) -> None:
    """An upload replaces the object that is there, and a download the file."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"new")
    target.write_bytes(b"an older file")
    store.write("a/b", b"an older object")
    store.upload("a/b", source)
    store.download("a/b", target)
    assert store.read("a/b") == target.read_bytes() == b"new"


def test_a_local_path_holds_the_object(store: Store) -> None:
    """A store has a file to read in place, or says that it has none."""
    store.write("a/b", b"content")
    path = store.local_path("a/b")
    assert path is None or path.read_bytes() == b"content"


def test_keys_may_have_any_characters(store: Store, tmp_path: Path) -> None:
    """Spaces, other alphabets and the characters of URLs in keys mean nothing but themselves."""
    fill(store, *AWKWARD_KEYS)
    assert list(store.list("")) == sorted(AWKWARD_KEYS)
    assert list(store.list_names("")) == sorted(key.split("/")[0] for key in AWKWARD_KEYS)
    for key in AWKWARD_KEYS:
        folder, _, name = key.rpartition("/")
        assert store.exists(key)
        assert store.read(key) == key.encode()
        assert list(store.list(key)) == [key]
        assert list(store.list_names(f"{folder}/")) == [name]
        store.download(key, tmp_path / "file")
        store.delete(key)
    assert list(store.list("")) == []


def test_keys_that_lead_out_of_the_store_are_refused(store: Store) -> None:
    """A key or prefix never names what lies outside, whatever is asked for."""
    for use in (store.read, store.exists, store.delete, lambda key: store.write(key, b"")):
        with pytest.raises(BadDataError, match="key"):
            use("../a")
    for ask in (store.list, store.list_names):
        with pytest.raises(BadDataError, match="key"):
            list(ask("../"))


def test_lists_are_in_code_point_order(store: Store) -> None:
    """Keys are sorted as whole strings: '-' and '.' come before the '/' of a directory."""
    keys = ["Z", "a-b/c", "a.txt", "a/b.x", "a/b/c", "a0", "b", "z", "é", "日"]
    fill(store, *reversed(keys))
    assert list(store.list("")) == keys


def test_a_prefix_may_end_within_a_name(store: Store) -> None:
    """A list holds the keys that begin with the prefix, and no others."""
    fill(store, "part-1", "part-2", "party/x", "part/y", "other/part-3")
    assert list(store.list("part-")) == ["part-1", "part-2"]
    assert list(store.list("part")) == ["part-1", "part-2", "part/y", "party/x"]
    assert list(store.list("part/")) == ["part/y"]
    assert list(store.list("party/x")) == ["party/x"]
    assert list(store.list("missing/part")) == []


def test_sizes_are_listed_with_the_keys(store: Store) -> None:
    """In the order of the keys, an empty object too; a prefix may end within a name."""
    store.write("a/2", b"123")
    store.write("a/10", b"")
    store.write("b", b"1")
    assert list(store.list_sizes("a/")) == [("a/10", 0), ("a/2", 3)]
    assert list(store.list_sizes("")) == [("a/10", 0), ("a/2", 3), ("b", 1)]
    assert list(store.list_sizes("c")) == []


def test_names_are_the_next_segments(store: Store) -> None:
    """Names are those of objects and of what has objects below, each once and sorted."""
    fill(store, "x/seed-0/a/1", "x/seed-0/a/2", "x/seed-10/b", "x/seed-2/c", "x/file", "y/z")
    assert list(store.list_names("x/")) == ["file", "seed-0", "seed-10", "seed-2"]
    assert list(store.list_names("x/seed-0/")) == ["a"]
    assert list(store.list_names("")) == ["x", "y"]
    assert list(store.list_names("missing/")) == []


def test_an_empty_store_lists_nothing(store: Store) -> None:
    """A store that was never written to can be asked."""
    assert list(store.list("")) == []
    assert list(store.list_names("")) == []
    assert not store.exists("a")


def test_many_keys_are_all_listed(store: Store) -> None:
    """A list that takes the server several answers lacks nothing and doubles nothing."""
    keys = [f"many/{i:02d}/x" for i in range(25)]
    fill(store, *keys)
    assert list(store.list("many/")) == keys
    assert list(store.list_names("many/")) == [f"{i:02d}" for i in range(25)]


def test_a_deleted_object_is_gone(store: Store) -> None:
    """After a delete there is no such object, and no name of a directory that is empty now."""
    fill(store, "a/b/c", "d")
    store.delete("a/b/c")
    assert not store.exists("a/b/c")
    assert list(store.list("")) == ["d"]
    assert list(store.list_names("")) == ["d"]
    store.write("a", b"what was a directory can be an object now")


def test_deleting_what_is_not_there_is_no_error(store: Store) -> None:
    """A delete may be repeated, and removes nothing but the object itself."""
    fill(store, "a/b")
    for key in ("missing", "a/missing", "missing/b"):
        store.delete(key)
    assert list(store.list("")) == ["a/b"]


def test_a_conditional_write_leaves_an_object_alone(
    store: Store, request: pytest.FixtureRequest
) -> None:
    """With `if_absent`, the first one wins; rclone's server says yes to all, and the last wins."""
    honoured = "rclone" not in request.node.name
    assert store.write("a/b", b"first", if_absent=True)
    assert store.write("a/b", b"second", if_absent=True) is not honoured
    assert store.read("a/b") == (b"first" if honoured else b"second")


@pytest.mark.parametrize("store", [LOCAL, RCLONE, MOTO, GCS, AZURE], indirect=True)
def test_stores_side_by_side_do_not_meet(store: Store) -> None:
    """Stores of one bucket or directory see only what lies below their own prefix."""
    one, two = open_store(f"{store.url}/team"), open_store(f"{store.url}/team-2")
    fill(one, "x", "a/1")
    fill(two, "y")
    assert list(one.list("")) == ["a/1", "x"]
    assert list(one.list_names("")) == ["a", "x"]
    assert list(two.list("")) == ["y"]
    assert not two.exists("x")
    two.delete("x")
    assert one.exists("x")
    assert list(store.list("")) == ["team-2/y", "team/a/1", "team/x"]


@pytest.mark.parametrize("store", [LOCAL, RCLONE, MOTO, GCS, AZURE], indirect=True)
def test_a_store_is_found_again_by_its_url(store: Store) -> None:
    """The URL of a store opens the same store."""
    store.write("a", b"content")
    assert open_store(store.url).read("a") == b"content"
