"""Labelled images that come along with a pool, pools without labels, and no test set."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from job.annotators.oracle import Oracle
from job.data.dataset import Dataset
from job.data.formats.images import ImagesSource
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.errors import BadDataError, UsageError
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import Photos, PhotosWithTest, encode

if TYPE_CHECKING:
    from tests.unit.data.conftest import Coco, Voc, Yolo


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos() -> Photos:
    """Three photographs, of which nobody knows anything."""
    return Photos(pool={f"p{number}": encode(100 + number) for number in range(3)})


def labelled(voc: "Voc") -> VocSource:
    """What the list `train` names: one image with a cat, if a test does not add others."""
    return VocSource(root=voc.root, pool="train")


def test_labelled_images_come_first_in_the_pool(
    voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """They are images like all others; only their labels are known."""
    summary = ingest(store, photos, "d", labelled=labelled(voc))
    dataset = Dataset.open(store, "d")
    assert dataset.ids("pool") == ("good", "p0", "p1", "p2")
    assert dataset.given_ids() == ("good",)
    assert dataset.known_labels(["p1", "good"])["good"].labels == ("cat",)
    assert dataset.read_image("pool", "good").data == encode(1)
    assert dataset.corrections() == {}
    counts = {part: each.num_images for part, each in summary.counts.items()}
    assert counts == {"labelled": 1, "pool": 3, "test": 0}
    assert [line.split() for line in summary.lines()[1:4]] == [
        ["labelled", "pool", "test"],
        ["images", "1", "3", "0"],
        ["boxes", "1", "0", "0"],
    ]


def test_the_manifest_counts_labels_apart(voc: "Voc", photos: Photos, store: MemoryStore) -> None:
    """Worked out by hand: of four images one has come along, with two boxes and a crowd's none."""
    voc.add("train", "more", [("dog", 1, 1, 9, 9), ("cat", 1, 1, 9, 9)])
    ingest(store, photos, "d", labelled=labelled(voc))
    manifest = Dataset.open(store, "d").manifest
    assert manifest.labels is not None
    assert manifest.labels.num_given == 2
    assert (manifest.labels.num_added, manifest.labels.num_corrected) == (0, 0)
    assert (manifest.labels.num_boxes, manifest.labels.class_counts) == (3, {"cat": 2, "dog": 1})
    assert (manifest.pool.num_images, manifest.pool.num_boxes) == (5, 0)
    assert manifest.pool.class_counts == {"cat": 0, "dog": 0}
    assert manifest.pool.annotations_sha256 is None


def test_a_pool_without_annotations_has_no_oracle(photos: Photos, store: MemoryStore) -> None:
    """Classes are those that its source lists, though no box has any; there is no test set."""
    ingest(store, photos, "d")
    dataset = Dataset.open(store, "d")
    assert dataset.classes == ("cat", "dog")
    assert not dataset.has_ground_truth
    assert (dataset.ids("test"), dataset.shards("test"), dataset.test_images()) == ((), (), [])
    assert not [key for key in store.list("") if "oracle" in key or "labels" in key]
    with pytest.raises(BadDataError, match="data set 'd' have no label yet, such as 'p0'"):
        Oracle(dataset).annotate(["p0"])


def test_classes_are_told_while_no_box_shows_them(photos: Photos, store: MemoryStore) -> None:
    """Each in quotes: `cat dog` without a comma is one class, which is seen here or nowhere."""
    unusual = photos.model_copy(update={"names": ("cat dog", "cow")})
    assert (
        ingest(store, unusual, "d").lines()[-1] == "note: classes to be labelled: 'cat dog', 'cow'"
    )
    more = unusual.model_copy(update={"pool": {"p9": encode(9)}})
    assert not [line for line in ingest(store, more, "d", append=True).lines() if "classes" in line]


def test_classes_come_from_the_labelled_images_if_nobody_lists_them(
    coco: "Coco", photos: Photos, store: MemoryStore
) -> None:
    """In their order: COCO's is that of its ids. Without either, there is one line."""
    unnamed = photos.model_copy(update={"names": None})
    coco.add("pool", "b.jpg", [(9, [0, 0, 9, 9])])
    options = {name: path for name, path in coco.write().items() if name.startswith("pool")}
    along = type(coco.source()).model_validate(options)
    ingest(store, unnamed, "d", labelled=along)
    assert Dataset.open(store, "d").classes == ("zebra", "ant")
    with pytest.raises(UsageError, match="--classes: name the classes"):
        ingest(store, unnamed, "e")


def test_an_image_of_both_sources_is_taken_once_as_labelled(
    voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """A bucket of all photographs, and an export of some, byte for byte and under other names."""
    photos.pool["somewhere/IMG 1"] = encode(1)
    summary = ingest(store, photos, "d", labelled=labelled(voc))
    assert Dataset.open(store, "d").ids("pool") == ("good", "p0", "p1", "p2")
    told = "pool: 1 images are among the labelled ones, byte for byte, and were taken once"
    assert told in summary.warnings
    assert summary.problems == ()


def test_another_image_of_a_labelled_ones_id_is_bad(
    voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """Perhaps the tool wrote the image anew: nobody can tell which one the boxes belong to."""
    photos.pool["good"] = encode(50)
    message = (
        "good.jpg: the id 'good' is in the labelled images already, with other bytes: if a tool "
        "wrote it anew, take it out of the pool; --skip-bad"
    )
    with pytest.raises(BadDataError, match=message):
        ingest(store, photos, "d", labelled=labelled(voc))
    assert list(store.list("")) == []
    summary = ingest(store, photos, "d", labelled=labelled(voc), skip_bad=True)
    assert len(summary.problems) == 1
    assert Dataset.open(store, "d").read_image("pool", "good").data == encode(1)


def test_what_was_left_out_as_bad_does_not_make_another_source(
    voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """Two images of one id are there, of which one is in the data set; a changed one is noticed."""
    photos.pool["good"] = encode(50)
    ingest(store, photos, "d", labelled=labelled(voc), skip_bad=True)
    again = ingest(store, photos, "d", labelled=labelled(voc), skip_bad=True)
    assert again.title == "d: there already, from the same source"
    (voc.root / "JPEGImages" / "good.jpg").write_bytes(encode(1)[:-1] + b"x")
    with pytest.raises(UsageError, match="the image 'good' has changed"):
        ingest(store, photos, "d", labelled=labelled(voc), skip_bad=True)


def test_an_annotated_pool_may_have_labelled_images_too(voc: "Voc", store: MemoryStore) -> None:
    """A benchmark that begins with some labels: the oracle knows these images, too."""
    voc.add("val", "along", [("dog", 1, 1, 9, 9)])
    source = VocSource(root=voc.root, pool="train", test="test")
    ingest(store, source, "d", labelled=VocSource(root=voc.root, pool="val"))
    dataset = Dataset.open(store, "d")
    assert dataset.given_ids() == ("along",)
    assert dataset.has_ground_truth
    assert dataset.info("pool").class_counts == {"cat": 1, "dog": 1}
    assert Oracle(dataset).annotate(["along", "good"])["along"].labels == ("dog",)
    assert dataset.ids("test") == ("other",)


def test_test_images_in_a_folder_of_all_photographs_are_left_out(
    voc: "Voc", store: MemoryStore
) -> None:
    """They are to be expected there, and said; a labelled one with a test image's bytes is bad."""
    test = VocSource(root=voc.root, pool="train", test="test")
    photos = PhotosWithTest(pool={"p0": encode(100), "IMG 2": encode(2)}, other=test)
    summary = ingest(store, photos, "d")
    dataset = Dataset.open(store, "d")
    assert (dataset.ids("pool"), dataset.ids("test")) == (("p0",), ("other",))
    told = "pool: 1 images are test images, byte for byte, and were left out"
    assert told in summary.warnings
    voc.add("train", "again", data=encode(2))
    with pytest.raises(BadDataError, match=r"again\.jpg: the same bytes as 'other' of test"):
        ingest(store, photos, "e", labelled=labelled(voc))


def test_labelled_images_without_boxes_at_all_are_refused(
    empty_voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """An export before anybody has drawn a box."""
    empty_voc.add("train", "a", [])
    with pytest.raises(BadDataError, match="d: labelled: no boxes"):
        ingest(store, photos, "d", labelled=labelled(empty_voc))


def test_a_class_that_the_pool_does_not_list_is_refused(
    voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """The classes that somebody has named are all that there are."""
    voc.add("train", "bird", [("bird", 1, 1, 9, 9)])
    with pytest.raises(
        BadDataError, match="its class 'bird' is not one of the source's; known: cat, dog"
    ):
        ingest(store, photos, "d", labelled=labelled(voc))


def test_labelled_images_have_neither_a_test_set_nor_no_annotations(
    voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """The test set is given to the command itself."""
    with_test = VocSource(root=voc.root, pool="train", test="test")
    told = "--labelled: its images belong to the pool, but it has a test set, too: leave it out. A"
    with pytest.raises(UsageError, match=told):
        ingest(store, photos, "d", labelled=with_test)
    with pytest.raises(UsageError, match="--labelled: the format 'photos' has no annotations"):
        ingest(store, photos, "d", labelled=photos)


def test_a_test_set_by_default_is_left_out_by_an_option(
    yolo: "Yolo", photos: Photos, store: MemoryStore
) -> None:
    """Nobody has named it, so the message says how to get rid of it."""
    unnamed = photos.model_copy(update={"names": None})
    with pytest.raises(UsageError, match="a test set, too: --test none leaves it out"):
        ingest(store, unnamed, "d", labelled=yolo.source())
    ingest(store, unnamed, "d", labelled=yolo.source(test="none"))
    assert Dataset.open(store, "d").given_ids() == ("good",)


def test_a_class_that_the_option_does_not_name_is_refused_by_the_option_s_name(
    voc: "Voc", store: MemoryStore, tmp_path: Path
) -> None:
    """Whoever forgot a class in --classes is told so, with the classes that it has."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "p.jpg").write_bytes(encode(100))
    source = ImagesSource(pool=str(tmp_path / "photos"), classes="dog,cow")
    with pytest.raises(BadDataError, match="'cat' is not one of --classes; known: cow, dog"):
        ingest(store, source, "d", labelled=labelled(voc))


def test_labelled_images_are_a_part_of_what_a_data_set_was_made_from(
    voc: "Voc", photos: Photos, store: MemoryStore
) -> None:
    """The same again is there already; with other labels, it is another source."""
    ingest(store, photos, "d", labelled=labelled(voc))
    again = ingest(store, photos, "d", labelled=labelled(voc))
    assert again.title == "d: there already, from the same source"
    assert again.warnings == ("labels: 1 came along; 1 boxes",)
    assert again.counts["pool"].num_images == 4
    voc.add("train", "more")
    with pytest.raises(UsageError, match=r"another source \(labelled_pool: other files\): take"):
        ingest(store, photos, "d", labelled=labelled(voc))


def test_a_dry_run_goes_through_all_parts(voc: "Voc", photos: Photos, store: MemoryStore) -> None:
    """And writes nothing."""
    photos.pool["bad"] = b"no image"
    voc.add("train", "worse", data=b"no image")
    summary = ingest(store, photos, "d", labelled=labelled(voc), dry_run=True)
    assert list(store.list("")) == []
    assert not summary.is_accepted
    assert [problem.split(":")[0].rpartition("/")[2] for problem in summary.problems] == [
        "worse.jpg",
        "bad.jpg",
    ]
