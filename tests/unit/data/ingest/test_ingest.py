"""Turning a source into a data set: all or nothing, the same bytes, and what is bad named."""

import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from PIL import Image

from job.annotators.oracle import Oracle
from job.data.dataset import Dataset
from job.data.formats import packed_rows
from job.data.formats.base import LoadedSample, Sample, Source, SourceBox
from job.data.formats.voc import VocSource
from job.data.ingest import tables, write
from job.data.ingest.ingest import ingest
from job.errors import BadDataError, TemporaryError, UsageError
from job.keys import Split
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Coco, Voc

MANIFEST = "datasets/d/dataset.json"


def voc_source(voc: "Voc") -> VocSource:
    return VocSource(root=voc.root, pool="train", test="test")


def objects(store: MemoryStore) -> dict[str, bytes]:
    return {key: store.read(key) for key in store.list("")}


def test_objects_are_those_of_the_layout(voc: "Voc", store: MemoryStore) -> None:
    """Images, tables and the manifest, under the names that other stages know."""
    ingest(store, voc_source(voc), "d")
    assert list(store.list("")) == [
        MANIFEST,
        "datasets/d/oracle/annotations.parquet",
        "datasets/d/pool/00000.tar",
        "datasets/d/pool/index.parquet",
        "datasets/d/test/00000.tar",
        "datasets/d/test/index.parquet",
    ]


def test_images_keep_their_bytes(voc: "Voc", store: MemoryStore) -> None:
    """What is stored of an image is its file."""
    ingest(store, voc_source(voc), "d")
    expected = (voc.root / "JPEGImages" / "good.jpg").read_bytes()
    assert Dataset.open(store, "d").read_image("pool", "good").data == expected


def test_manifest_counts_what_there_is(voc: "Voc", store: MemoryStore) -> None:
    """Worked out by hand: 3 boxes in 2 images of the pool, none of the dog's in the test set."""
    voc.add("train", "more", [("dog", 1, 1, 9, 9), ("cat", 2, 2, 9, 9)])
    ingest(store, voc_source(voc), "d")
    dataset = Dataset.open(store, "d")
    assert dataset.classes == ("cat", "dog")
    assert dataset.info("pool").class_counts == {"cat": 2, "dog": 1}
    assert (dataset.info("pool").num_images, dataset.info("pool").num_boxes) == (2, 3)
    assert dataset.info("test").class_counts == {"cat": 1, "dog": 0}
    assert dataset.manifest.kind == "voc"


def test_crowd_regions_are_not_counted_as_boxes(coco: "Coco", store: MemoryStore) -> None:
    """A region of many objects is not a box that somebody draws."""
    coco.add("pool", "a.jpg", [(3, [0, 0, 9, 9]), (9, [0, 0, 30, 20])])
    coco.content["pool"]["annotations"][-1]["iscrowd"] = 1
    summary = ingest(store, coco.source(), "d")
    assert Dataset.open(store, "d").info("pool").class_counts == {"zebra": 2, "ant": 0}
    assert summary.counts["pool"].num_crowd == 1


def test_same_source_gives_the_same_bytes(voc: "Voc", tmp_path: Path) -> None:
    """Two ingests, one of a copy, write the same objects to the last byte."""
    voc.add("train", "Zürich 1", [])
    one, two = MemoryStore(), MemoryStore()
    ingest(one, voc_source(voc), "d")
    copy = shutil.copytree(voc.root, tmp_path / "copy")
    ingest(two, VocSource(root=copy, pool="train", test="test"), "d")
    assert objects(one) == objects(two)


def test_repeated_ingest_writes_nothing(
    voc: "Voc", store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command again says that there is nothing to do, and what there is."""
    first = ingest(store, voc_source(voc), "d")
    monkeypatch.setattr(store, "upload", None)
    monkeypatch.setattr(store, "write", None)
    again = ingest(store, voc_source(voc), "d")
    assert again.title == "d: there already, from the same source"
    assert again.counts["pool"].class_counts == first.counts["pool"].class_counts


def test_another_source_under_the_same_name_is_refused(voc: "Voc", store: MemoryStore) -> None:
    """The message names each difference, and nothing is overwritten."""
    ingest(store, voc_source(voc), "d")
    before = objects(store)
    voc.add("val", "third")
    difference = r"\(pool: train -> val; pool: other files\): take another --name, or delete"
    with pytest.raises(UsageError, match=difference):
        ingest(store, VocSource(root=voc.root, pool="val", test="test"), "d")
    with pytest.raises(UsageError, match="skip_bad: False -> True"):
        ingest(store, voc_source(voc), "d", skip_bad=True)
    assert objects(store) == before


def test_name_that_is_no_key_is_refused(voc: "Voc", store: MemoryStore) -> None:
    """A slash in a name would be another folder."""
    with pytest.raises(UsageError, match="data set 'a/b'"):
        ingest(store, voc_source(voc), "a/b")


class FailingStore(MemoryStore):
    """A store that stops answering at its n-th write."""

    def __init__(self, writes_left: int) -> None:
        super().__init__()
        self.writes_left = writes_left

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write, if there is one left."""
        if self.writes_left == 0:
            message = "the store does not answer"
            raise TemporaryError(message)
        self.writes_left -= 1
        return super().write(key, data, if_absent=if_absent)


def test_ingest_that_is_killed_leaves_no_data_set(
    voc: "Voc", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it ends, there is no manifest; the same command then makes the same data set."""
    monkeypatch.setattr(write, "SHARD_BYTES", 4000)
    for number in range(6):
        voc.add("train", f"more {number}")
    whole = MemoryStore()
    ingest(whole, voc_source(voc), "d")
    num_objects = len(objects(whole))
    assert num_objects > 7
    for num_writes in range(num_objects):
        store = FailingStore(num_writes)
        with pytest.raises(TemporaryError):
            ingest(store, voc_source(voc), "d")
        assert not store.exists(MANIFEST)
        store.writes_left = -1
        ingest(store, voc_source(voc), "d")
        assert objects(store) == objects(whole)


def test_leftovers_of_a_killed_ingest_are_not_read(voc: "Voc", store: MemoryStore) -> None:
    """A shard that the manifest does not name does not belong to the data set."""
    store.write("datasets/d/pool/00009.tar", b"left over")
    ingest(store, voc_source(voc), "d")
    assert [shard.name for shard in Dataset.open(store, "d").shards("pool")] == ["pool/00000.tar"]


def test_bad_input_leaves_no_data_set(voc: "Voc", store: MemoryStore) -> None:
    """One line names the file and the reason and says what to do."""
    voc.add("train", "bad", [("cat", 30, 1, 10, 9)])
    path = voc.root / "Annotations" / "bad.xml"
    with pytest.raises(BadDataError) as caught:
        ingest(store, voc_source(voc), "d")
    assert str(caught.value) == (
        f"{path}: object 1 'cat' (xmin 30, ymin 1, xmax 10, ymax 9): inverted or empty; "
        "--skip-bad leaves out what is bad, --dry-run lists all of it"
    )
    assert caught.value.exit_code == 65
    assert not store.exists(MANIFEST)


@pytest.mark.parametrize("data", [b"", b"no image", "truncated"])
def test_bad_image_is_named(
    voc: "Voc", store: MemoryStore, encoded: Callable[..., bytes], data: bytes | str
) -> None:
    """An image that is none, or not all of one, stops the ingest."""
    whole = encoded(7)
    voc.add("train", "bad", data=data if isinstance(data, bytes) else whole[: len(whole) // 2])
    with pytest.raises(BadDataError, match=r"bad.jpg: (not an image|cannot be decoded)"):
        ingest(store, voc_source(voc), "d")


def test_skip_bad_leaves_out_what_is_bad_and_no_more(voc: "Voc", store: MemoryStore) -> None:
    """A bad image goes; of an image with a bad box, the box goes; each is listed."""
    voc.add("train", "broken", data=b"no image")
    voc.add("train", "half", [("cat", 30, 1, 10, 9), ("dog", 1, 1, 9, 9)])
    summary = ingest(store, voc_source(voc), "d", skip_bad=True)
    dataset = Dataset.open(store, "d")
    assert dataset.ids("pool") == ("good", "half")
    assert Oracle(dataset).annotate(["half"])["half"].labels == ("dog",)
    assert [problem.split(": ")[0] for problem in summary.problems] == [
        str(voc.root / "JPEGImages" / "broken.jpg"),
        str(voc.root / "Annotations" / "half.xml"),
    ]


def test_dry_run_lists_all_problems_and_writes_nothing(voc: "Voc", store: MemoryStore) -> None:
    """Problems of both splits and of the whole are there, and the store is as it was."""
    voc.add("train", "broken", data=b"no image")
    voc.add("train", "worse", xml="<annotation>")
    voc.add("bad-test", "broken too", data=b"no image")
    summary = ingest(
        store, VocSource(root=voc.root, pool="train", test="bad-test"), "d", dry_run=True
    )
    reasons = [problem.rsplit("/", 1)[-1].split(":")[0] for problem in summary.problems]
    assert reasons == ["broken too.jpg", "broken.jpg", "worse.xml", "test"]
    assert summary.problems[-1] == "test: no images"
    assert summary.counts["pool"].num_images == 1
    assert objects(store) == {}


def test_id_twice_is_refused(voc: "Voc", store: MemoryStore) -> None:
    """In one list, and in both splits."""
    both = VocSource(root=voc.root, pool="train+train", test="test")
    with pytest.raises(BadDataError, match=r"good.jpg: the id 'good' is in pool already"):
        ingest(store, both, "d")
    leak = VocSource(root=voc.root, pool="train", test="test+train")
    told = r"good.jpg: the image 'good' is in the test set, too: leave it out of one of them"
    with pytest.raises(BadDataError, match=told):
        ingest(store, leak, "d")


def test_same_content_in_pool_and_test_is_refused(
    voc: "Voc", store: MemoryStore, encoded: Callable[..., bytes]
) -> None:
    """A test image under another name in the pool is a leak; the test set keeps it."""
    voc.add("test", "seen", data=encoded(99))
    voc.add("train", "copy", data=encoded(99))
    with pytest.raises(BadDataError, match=r"copy.jpg: the same bytes as 'seen' of test"):
        ingest(store, voc_source(voc), "d")
    ingest(store, voc_source(voc), "d", skip_bad=True)
    dataset = Dataset.open(store, "d")
    assert (dataset.ids("pool"), dataset.ids("test")) == (("good",), ("other", "seen"))


def test_copies_within_the_pool_are_noted(
    voc: "Voc", store: MemoryStore, encoded: Callable[..., bytes]
) -> None:
    """The same image twice costs labels twice; that is told, and taken."""
    voc.add("train", "a", data=encoded(99))
    voc.add("train", "b", data=encoded(99))
    summary = ingest(store, voc_source(voc), "d")
    assert summary.warnings == ("pool: 1 copies of images, such as 'b'",)
    assert summary.counts["pool"].num_images == 3


def test_other_oddities_are_noted(voc: "Voc", store: MemoryStore) -> None:
    """A size that is not the image's, and a class that only the test set has."""
    voc.add("train", "liar", xml=voc.xml([]).replace(">40<", ">400<", 1))
    voc.add("test", "a", [("yeti", 1, 1, 9, 9)])
    summary = ingest(store, voc_source(voc), "d")
    liars = (
        "1 images have another size than their annotation claims; "
        "their boxes were taken as pixels of the image"
    )
    assert summary.warnings == (
        f"pool: {liars}",
        "test: classes without a box in the pool: yeti",
    )


def test_overhang_is_clipped_and_counted(voc: "Voc", store: MemoryStore) -> None:
    """`0` counted from 1 is one pixel outside: within the tolerance, and one box of two."""
    voc.add("train", "a", [("cat", 0, 0, 41, 31), ("cat", 1, 1, 40, 30)])
    summary = ingest(store, voc_source(voc), "d")
    boxes = Oracle(Dataset.open(store, "d")).annotate(["a"])["a"].boxes_xyxy
    assert boxes.tolist() == [[0, 0, 40, 30], [0, 0, 40, 30]]
    assert summary.counts["pool"].num_clipped == 1


@pytest.mark.parametrize(("split", "gap"), [("train", "pool: no images"), ("test", "test: no")])
def test_empty_split_is_refused(voc: "Voc", store: MemoryStore, split: str, gap: str) -> None:
    """A list without ids makes no data set."""
    (voc.root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n  \n")
    with pytest.raises(BadDataError, match=f"d: {gap}"):
        ingest(store, voc_source(voc), "d")
    assert not store.exists(MANIFEST)


def test_split_of_bad_images_alone_is_refused(empty_voc: "Voc", store: MemoryStore) -> None:
    """With `skip_bad` too: nothing is left, and the line says why."""
    empty_voc.add("train", "broken", data=b"no image")
    empty_voc.add("test", "fine")
    with pytest.raises(BadDataError, match=r"d: pool: no images; .*broken.jpg: not an image"):
        ingest(store, voc_source(empty_voc), "d", skip_bad=True)


def test_pool_without_boxes_is_refused(empty_voc: "Voc", store: MemoryStore) -> None:
    """There would be nothing to learn."""
    empty_voc.add("train", "empty", [])
    empty_voc.add("test", "fine")
    with pytest.raises(BadDataError, match="d: pool: no boxes"):
        ingest(store, voc_source(empty_voc), "d")


def test_test_set_without_boxes_to_find_is_refused(empty_voc: "Voc", store: MemoryStore) -> None:
    """Difficult boxes alone measure nothing."""
    hard = empty_voc.xml([("cat", 1, 1, 9, 9)], "<difficult>1</difficult>")
    empty_voc.add("train", "fine")
    empty_voc.add("test", "hard", xml=hard)
    with pytest.raises(BadDataError, match="d: test: no boxes to evaluate"):
        ingest(store, voc_source(empty_voc), "d")


def test_boxes_are_held_against_the_upright_image(voc: "Voc", store: MemoryStore) -> None:
    """A photo of 40 x 30 held sideways is 30 x 40: a box may reach down to 40, not right to 40."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG", exif=exif)
    raw = voc.xml([("cat", 1, 1, 30, 40)])
    upright = raw.replace(">40<", ">30<", 1).replace("<height>30<", "<height>40<")
    voc.add("train", "upright", xml=upright, data=file.getvalue())
    ingest(store, voc_source(voc), "d")
    annotation = Oracle(Dataset.open(store, "d")).annotate(["upright"])["upright"]
    assert (annotation.width, annotation.height) == (30, 40)
    voc.add(
        "train",
        "sideways",
        xml=upright.replace("<xmax>30<", "<xmax>40<").replace("<ymax>40<", "<ymax>30<"),
        data=file.getvalue(),
    )
    with pytest.raises(BadDataError, match="outside the image of 30 x 40 pixels by 10"):
        ingest(store, voc_source(voc), "e")


def test_boxes_of_an_image_before_it_was_turned_are_refused(voc: "Voc", store: MemoryStore) -> None:
    """An annotation that declares 40 x 30, of a photo that is 30 x 40 when upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG", exif=exif)
    voc.add("train", "turned", [("cat", 1, 1, 20, 20)], data=file.getvalue())
    with pytest.raises(
        BadDataError, match=r"turned.jpg: 30 x 40 .* says 40 x 30.* another size or orientation"
    ):
        ingest(store, voc_source(voc), "d")


def test_shards_are_cut_by_size(
    voc: "Voc", store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No shard grows beyond the limit, but one that a single image fills; the order stays."""
    monkeypatch.setattr(write, "SHARD_BYTES", 6000)
    names = [f"image {number}" for number in range(7)]
    for name in names:
        voc.add("train", name)
    ingest(store, voc_source(voc), "d")
    dataset = Dataset.open(store, "d")
    shards = dataset.shards("pool")
    assert [shard.num_images for shard in shards] == [3, 3, 2]
    assert dataset.index("pool")["shard"].to_pylist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert dataset.ids("pool") == ("good", *names)
    assert [image.id for image in dataset.iter_images("pool")] == ["good", *names]


class TinySource(Source):
    """Any number of tiny images, made when asked for."""

    kind: ClassVar[str] = "tiny"

    num_pool: int

    @property
    def classes(self) -> tuple[str, ...]:
        """One."""
        return ("dot",)

    def identity(self) -> dict[str, str | int]:
        """The number of images."""
        return {"images": self.num_pool}

    def num_images(self, split: Split) -> int:
        """Many in the pool and one in the test set."""
        return self.num_pool if split == "pool" else 1

    def samples(self, split: Split) -> Iterator[Sample]:
        """All of them."""
        for number in range(self.num_images(split)):
            yield Sample(f"{split}{number}", partial(self._load, split, number))

    def _load(self, split: Split, number: int) -> LoadedSample:
        # 5 kB that do not compress, so that images kept in memory would show.
        pixels = Image.new(
            "RGB", (2, 2), (number % 256, number // 256, 1 if split == "pool" else 0)
        )
        file = BytesIO()
        pixels.save(file, "PNG")
        box = SourceBox((0, 0, 2, 2), "dot", "dot")
        data = file.getvalue() + bytes(5000)
        return LoadedSample(data, ".png", "tiny", "tiny", (box,) * 5)


class ForgetfulStore(MemoryStore):
    """Takes files and keeps nothing of them."""

    def upload(self, key: str, path: Path) -> None:
        """Do nothing."""


def peak_bytes(num_images: int) -> int:
    tracemalloc.start()
    try:
        ingest(ForgetfulStore(), TinySource(num_pool=num_images), "d")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each further image less than 300 bytes stay: its id and digest, not its 5 kB or boxes."""
    monkeypatch.setattr(packed_rows, "ROWS_PER_CHUNK", 32)
    monkeypatch.setattr(tables, "ROWS_PER_GROUP", 32)
    monkeypatch.setattr(write, "SHARD_BYTES", 200_000)
    peak_bytes(50)  # what is loaded once
    few, many = peak_bytes(100), peak_bytes(900)
    assert (many - few) / 800 < 300


def test_summary_reads_as_a_table(voc: "Voc", store: MemoryStore) -> None:
    """Counts by split, then notes, then problems, each on its line."""
    voc.add("train", "empty", [])
    voc.add("train", "broken", data=b"no image")
    path = voc.root / "JPEGImages" / "broken.jpg"
    lines = ingest(store, voc_source(voc), "d", skip_bad=True).lines()
    assert lines == [
        "d: written",
        "                     pool      test",
        "images                  2         1",
        "boxes                   1         1",
        "  cat                   1         1",
        "without boxes           1         0",
        "1 problems:",
        f"  {path}: not an image: 8 bytes of none of the formats JPEG, PNG, WEBP, BMP",
    ]
