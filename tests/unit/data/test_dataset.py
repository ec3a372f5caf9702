"""Reading a data set back, and noticing what was changed or is gone."""

import hashlib
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from job.data.dataset import Dataset
from job.data.formats.voc import VocSource
from job.data.ingest import tables, write
from job.data.ingest.ingest import ingest
from job.data.shards import EncodedImage
from job.errors import BadDataError, UsageError
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from job.keys import Split
    from tests.unit.data.conftest import Voc

NAMES = ("good", "a b", "Zürich", "x.y", "last")


@pytest.fixture(autouse=True)
def cache(tmp_path: "Path", monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def dataset(voc: "Voc", store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Five images in the pool, over several shards and row groups, and two test images."""
    monkeypatch.setattr(write, "SHARD_BYTES", 4000)
    monkeypatch.setattr(tables, "ROWS_PER_GROUP", 2)
    for number, name in enumerate(NAMES[1:], start=2):
        voc.add("train", name, [("cat", number, 1, 20, 20), ("dog", 1, 1, 9, number)])
    voc.add("test", "test 2", [])
    ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    return Dataset.open(store, "d")


def file_of(voc: "Voc", image_id: str) -> bytes:
    return (voc.root / "JPEGImages" / f"{image_id}.jpg").read_bytes()


def test_unknown_data_set_is_answered_with_the_known_ones(
    dataset: Dataset, store: MemoryStore
) -> None:
    """And with the command that makes one; a data set without a manifest is none."""
    store.write("datasets/half/pool/00000.tar", b"killed")
    with pytest.raises(UsageError, match=r"no data set 'e' \(known: d\); `al-job ingest"):
        Dataset.open(dataset.store, "e")


def test_damaged_manifest_is_named(store: MemoryStore) -> None:
    """A manifest that is not JSON, or lacks something, is bad data."""
    for content in (b"{", b'{"format": 1, "name": "d"}'):
        store.write("datasets/d/dataset.json", content)
        with pytest.raises(BadDataError, match=r"datasets/d/dataset.json is damaged"):
            Dataset.open(store, "d")


def test_ids_are_in_the_order_of_the_source(dataset: Dataset) -> None:
    """The order of the list is that of the index."""
    assert dataset.ids("pool") == NAMES
    assert dataset.ids("test") == ("other", "test 2")


def test_index_tells_where_each_image_lies(dataset: Dataset, voc: "Voc") -> None:
    """Offset and size cut the image's own bytes out of its shard."""
    for row in dataset.index("pool").to_pylist():
        key = f"datasets/d/pool/{row['shard']:05d}.tar"
        data = dataset.store.read_range(key, row["offset"], row["size"])
        assert data == file_of(voc, row["id"])
        assert (row["width"], row["height"], row["suffix"]) == (40, 30, ".jpg")


@pytest.mark.parametrize("image_id", NAMES)
def test_one_image_is_read(dataset: Dataset, voc: "Voc", image_id: str) -> None:
    """By its id, which it carries as it does its suffix."""
    assert dataset.read_image("pool", image_id) == (image_id, ".jpg", file_of(voc, image_id))


def test_one_image_is_read_without_its_shard(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than its own bytes leave the store."""
    dataset.ids("pool")
    monkeypatch.setattr(dataset.store, "download", None)
    sizes = []
    read_range = dataset.store.read_range

    def recorded(key: str, start: int, size: int) -> bytes:
        sizes.append(size)
        return read_range(key, start, size)

    monkeypatch.setattr(dataset.store, "read_range", recorded)
    assert [len(dataset.read_image("pool", "last").data)] == sizes


def test_all_images_are_read_shard_by_shard(dataset: Dataset, voc: "Voc") -> None:
    """Every image once, in the order of the index."""
    assert len(dataset.shards("pool")) > 1
    expected = [(image_id, ".jpg", file_of(voc, image_id)) for image_id in NAMES]
    assert list(dataset.iter_images("pool")) == expected


def test_single_images_come_in_the_order_of_the_question(dataset: Dataset, voc: "Voc") -> None:
    """Each is read by itself, whatever shard it lies in."""
    names = ["last", "good", "a b"]
    expected = [(image_id, ".jpg", file_of(voc, image_id)) for image_id in names]
    assert list(dataset.read_images("pool", names)) == expected


def test_the_next_single_images_are_on_their_way_while_one_is_used(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Annotating from a bucket does not wait for one answer after another."""
    asked = threading.Event()
    read_image = Dataset.read_image

    def watched(self: Dataset, split: "Split", image_id: str) -> EncodedImage:
        if image_id == "last":
            asked.set()
        return read_image(self, split, image_id)

    monkeypatch.setattr(Dataset, "read_image", watched)
    with closing(dataset.read_images("pool", ["good", "a b", "last"])) as images:
        next(images)
        assert asked.wait(timeout=30)


def test_some_images_come_in_the_order_of_the_index(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the order of the ids; each shard that is needed is fetched once, no other."""
    fetched = []
    fetch_shard = Dataset.fetch_shard

    def recorded(self: Dataset, split: str, number: int) -> "Path":
        fetched.append(number)
        return fetch_shard(self, split, number)  # type: ignore[arg-type]

    monkeypatch.setattr(Dataset, "fetch_shard", recorded)
    ids = [image.id for image in dataset.iter_images("pool", ["last", "a b", "good"])]
    assert ids == ["good", "a b", "last"]
    assert fetched == [0, len(dataset.shards("pool")) - 1]


def test_no_ids_are_no_images(dataset: Dataset) -> None:
    """An empty selection is not the whole."""
    assert list(dataset.iter_images("pool", [])) == []


def test_unknown_id_is_named(dataset: Dataset) -> None:
    """By every way of asking for an image."""
    with pytest.raises(BadDataError, match=r"pool/index.parquet has no image 'nope'"):
        dataset.read_image("pool", "nope")
    with pytest.raises(BadDataError, match=r"pool/index.parquet has no image 'nope'"):
        list(dataset.iter_images("pool", ["nope"]))
    with pytest.raises(BadDataError, match=r"pool/index.parquet has no image 'nope'"):
        list(dataset.read_images("pool", ["good", "nope"]))


def test_test_images_come_with_their_annotations(dataset: Dataset, voc: "Voc") -> None:
    """From the shards alone, in the order of the index; an image without objects too."""
    images = dataset.test_images()
    assert [image.id for image in images] == ["other", "test 2"]
    assert images[0].read() == ("other", ".jpg", file_of(voc, "other"))
    annotations = {image.id: image.annotation for image in images}
    assert annotations["other"].labels == ("cat",)
    assert annotations["test 2"].boxes_xyxy.shape == (0, 4)


def test_digest_is_that_of_the_manifest(dataset: Dataset, voc: "Voc") -> None:
    """The same data set elsewhere has it too; other content has another."""
    digest = hashlib.sha256(dataset.store.read("datasets/d/dataset.json")).hexdigest()
    assert dataset.digest == digest
    elsewhere = MemoryStore()
    ingest(elsewhere, VocSource(root=voc.root, pool="train", test="test"), "d")
    assert Dataset.open(elsewhere, "d").digest == digest
    voc.add("train", "one more")
    ingest(elsewhere, VocSource(root=voc.root, pool="train", test="test"), "e")
    assert Dataset.open(elsewhere, "e").digest != digest


@pytest.mark.parametrize("lost", [True, False])
def test_shard_that_was_changed_or_lost_is_noticed(dataset: Dataset, *, lost: bool) -> None:
    """Neither its images nor its annotations are given out."""
    for split in ("pool", "test"):
        key = f"datasets/d/{split}/00000.tar"
        data = dataset.store.read(key)
        dataset.store.delete(key)
        if not lost:
            dataset.store.write(key, data[:600] + b"x" + data[601:])
    with pytest.raises(BadDataError, match=r"datasets/d/pool/00000.tar"):
        list(dataset.iter_images("pool"))
    with pytest.raises(BadDataError, match=r"datasets/d/pool/00000.tar"):
        dataset.read_image("pool", "good")
    with pytest.raises(BadDataError, match=r"datasets/d/test/00000.tar"):
        dataset.test_images()


def test_index_that_was_changed_is_noticed(dataset: Dataset) -> None:
    """A table with other bytes than the manifest says is not read."""
    dataset.store.write("datasets/d/pool/index.parquet", b"PAR1")
    with pytest.raises(BadDataError, match=r"pool/index.parquet"):
        dataset.ids("pool")


def test_torch_is_not_needed() -> None:
    """Ingest and the stages that only look at ids start without waiting for torch."""
    code = (
        "import sys, job.data.ingest.ingest, job.data.dataset, job.data.formats.voc, "
        "job.data.formats.coco, job.data.formats.synthetic, job.data.formats.voc_download; "
        "sys.exit('torch' in sys.modules or 'torchvision' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603 - our own code
    assert done.returncode == 0


def test_the_next_shard_is_on_its_way_while_one_is_read(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the first image of the first shard need not ask for the second one's download."""
    begun = threading.Event()
    download = MemoryStore.download

    def watched(self: MemoryStore, key: str, path: "Path") -> str:
        if key.endswith("pool/00001.tar"):
            begun.set()
        return download(self, key, path)

    dataset.ids("pool")
    monkeypatch.setattr(MemoryStore, "download", watched)
    with closing(dataset.iter_images("pool")) as images:
        next(images)
        assert begun.wait(timeout=30)
