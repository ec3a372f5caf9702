"""Growing pools: a version beside the earlier ones, which stay as they are."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from job.annotators.oracle import Oracle
from job.data.dataset import Dataset
from job.data.formats.coco import CocoSource
from job.data.formats.voc import VocSource
from job.data.ingest import write
from job.data.ingest.build import build_version
from job.data.ingest.groups import GroupPattern
from job.data.ingest.ingest import ingest
from job.errors import BadDataError, TemporaryError, UsageError
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import Photos, PhotosWithTest, Voc, encode

if TYPE_CHECKING:
    from job.data.ingest.summary import IngestSummary
    from tests.unit.data.conftest import Coco

SECOND = "datasets/d/versions/0002/"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def more(tmp_path: Path) -> Voc:
    """A VOC folder with two images, of a cat and of two dogs, that nobody has seen yet."""
    made = Voc(tmp_path / "more")
    made.add("train", "m 1", data=encode(201))
    made.add("train", "m 2", [("dog", 1, 1, 9, 9), ("dog", 1, 1, 9, 20)], data=encode(202))
    return made


@pytest.fixture
def annotated(voc: "Voc", store: MemoryStore) -> MemoryStore:
    """A store with an annotated pool: `good` with a cat, `dog` with a dog; `other` is tested."""
    voc.add("train", "dog", [("dog", 1, 1, 9, 9)])
    ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    return store


def objects(store: MemoryStore) -> dict[str, bytes]:
    return {key: store.read(key) for key in store.list("")}


def append(
    store: MemoryStore, voc: Voc, *, skip_bad: bool = False, dry_run: bool = False
) -> "IngestSummary":
    source = VocSource(root=voc.root, pool="train")
    return ingest(store, source, "d", append=True, skip_bad=skip_bad, dry_run=dry_run)


def test_an_append_is_a_version_beside_the_first(annotated: MemoryStore, more: Voc) -> None:
    """Nothing that was there is written again, and the first version is opened as before."""
    before, first = objects(annotated), Dataset.open(annotated, "d")
    summary = append(annotated, more)
    assert summary.title == "d: version 2 written, with 2 images added to the pool"
    after = objects(annotated)
    assert {key: after[key] for key in before} == before
    own = sorted(re.sub(r"/[0-9a-f]{8}/", "/*/", key) for key in after.keys() - before.keys())
    assert own == [
        f"{SECOND}*/oracle/annotations.parquet",
        f"{SECOND}*/pool/00000.tar",
        f"{SECOND}*/pool/index.parquet",
        f"{SECOND}dataset.json",
    ]
    assert Dataset.open_digest(annotated, "d", first.digest).ids("pool") == ("good", "dog")


def test_a_version_is_complete_by_itself(
    annotated: MemoryStore, more: Voc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images of all versions by every way of reading; the oracle knows them, the test set stays."""
    monkeypatch.setattr(write, "SHARD_BYTES", 3000)
    first = Dataset.open(annotated, "d")
    append(annotated, more)
    dataset = Dataset.open(annotated, "d")
    assert dataset.version == 2
    assert dataset.manifest.previous == first.digest
    assert [image.id for image in dataset.iter_images("pool")] == ["good", "dog", "m 1", "m 2"]
    assert dataset.read_image("pool", "m 2").data == encode(202)
    assert dataset.read_image("pool", "good").data == encode(1)
    assert [shard.name.rpartition("/")[2] for shard in dataset.shards("pool")] == [
        "00000.tar",
        "00000.tar",
        "00001.tar",
    ]
    assert dataset.info("pool").class_counts == {"cat": 2, "dog": 3}
    assert dataset.info("pool").num_images == 4
    found = Oracle(dataset).annotate(["m 2", "good"])
    assert [each.labels for each in found.values()] == [("dog", "dog"), ("cat",)]
    assert dataset.info("test") == first.info("test")
    assert [image.id for image in dataset.test_images()] == ["other"]


def test_versions_follow_each_other(annotated: MemoryStore, more: Voc) -> None:
    """Each has the images of all before it."""
    append(annotated, more)
    more.add("train", "m 3", data=encode(203))
    append(annotated, more)
    dataset = Dataset.open(annotated, "d")
    assert (dataset.version, dataset.ids("pool")[-2:]) == (3, ("m 2", "m 3"))
    assert dataset.manifest.previous == Dataset.open(annotated, "d", 2).digest
    assert [image.id for image in dataset.iter_images("pool", ["m 3", "good"])] == ["good", "m 3"]


def test_the_same_append_again_writes_nothing(annotated: MemoryStore, more: Voc) -> None:
    """It is there already, also after others; so is a source of which all images are there."""
    append(annotated, more)
    more.add("train", "m 3", data=encode(203))
    append(annotated, more)
    before = objects(annotated)
    again = append(annotated, more)
    assert again.title == "d: there already, in version 3, from the same source"
    more.add("val", "m 1", data=encode(201))
    subset = ingest(annotated, VocSource(root=more.root, pool="val"), "d", append=True)
    assert subset.title == "d: nothing new; version 3 stays"
    assert objects(annotated) == before


def test_images_that_are_there_already_are_left_alone(annotated: MemoryStore, more: Voc) -> None:
    """A folder that has grown is appended whole: id and bytes tell what is new."""
    more.add("train", "good", [("dog", 1, 1, 5, 5)], data=encode(1))
    summary = append(annotated, more)
    assert summary.counts["pool"].num_images == 2
    told = "pool: 1 images are in the data set already, and stay as they are"
    assert told in summary.warnings
    assert Oracle(Dataset.open(annotated, "d")).annotate(["good"])["good"].labels == ("cat",)


@pytest.mark.parametrize(
    ("image_id", "seed", "expected"),
    [
        ("good", 50, r"good\.jpg: the id 'good' is in the data set's pool already"),
        ("new", 1, r"new\.jpg: the same bytes as 'good' of the data set's pool"),
        ("other", 50, r"other\.jpg: the id 'other' is in test already"),
        ("new", 2, r"new\.jpg: the same bytes as 'other' of test"),
    ],
)
def test_an_image_that_is_not_new_is_refused(
    annotated: MemoryStore, more: Voc, image_id: str, seed: int, expected: str
) -> None:
    """By its id or bytes, in the pool or the test set; --skip-bad leaves it out and lists it."""
    more.add("train", image_id, data=encode(seed))
    before = objects(annotated)
    with pytest.raises(BadDataError, match=expected):
        append(annotated, more)
    assert objects(annotated) == before
    summary = append(annotated, more, skip_bad=True)
    assert len(summary.problems) == 1
    assert Dataset.open(annotated, "d").ids("pool") == ("good", "dog", "m 1", "m 2")


def test_guards_hold_over_all_versions(annotated: MemoryStore, more: Voc) -> None:
    """What a later version has is there, as well."""
    append(annotated, more)
    more.add("val", "again", data=encode(202))
    with pytest.raises(BadDataError, match="the same bytes as 'm 2' of the data set's pool"):
        ingest(annotated, VocSource(root=more.root, pool="val"), "d", append=True)


def test_an_append_brings_no_new_class(annotated: MemoryStore, more: Voc) -> None:
    """Detectors that experiments have trained number the classes."""
    more.add("train", "bird", [("bird", 1, 1, 9, 9)], data=encode(204))
    expected = "its class 'bird' is not one of the data set's; known: "
    with pytest.raises(BadDataError, match=expected):
        append(annotated, more)


def test_an_append_names_no_new_class(store: MemoryStore) -> None:
    """It would be dropped without a word, and be missing when its boxes are drawn."""
    ingest(store, Photos(pool={"p0": encode(100)}), "d")
    more = Photos(pool={"p1": encode(101)}, names=("dog", "bird"))
    told = "--classes: data set 'd' has the classes cat, dog, which stay; 'bird' needs another"
    with pytest.raises(UsageError, match=told):
        ingest(store, more, "d", append=True)


def test_an_append_brings_no_test_images(annotated: MemoryStore, more: Voc) -> None:
    """Models of all versions are measured on the same ones."""
    more.add("test", "t", data=encode(204))
    source = VocSource(root=more.root, pool="train", test="test")
    with pytest.raises(UsageError, match="--append: its images belong to the pool, but it has"):
        ingest(annotated, source, "d", append=True)


def test_there_must_be_a_data_set_to_append_to(store: MemoryStore, more: Voc) -> None:
    """The message names those that there are."""
    with pytest.raises(UsageError, match=r"no data set 'd' \(none is known\)"):
        append(store, more)


def test_a_dry_run_of_an_append_writes_nothing(annotated: MemoryStore, more: Voc) -> None:
    """It lists everything that would be refused."""
    before = objects(annotated)
    summary = append(annotated, more, dry_run=True)
    assert summary.title == "d: a dry run of version 2, nothing is written"
    assert summary.is_accepted
    more.add("train", "good", data=encode(50))
    more.add("train", "new", data=encode(2))
    summary = append(annotated, more, dry_run=True)
    assert not summary.is_accepted
    assert len(summary.problems) == 2
    assert objects(annotated) == before


def test_photographs_are_added_to_photographs(store: MemoryStore) -> None:
    """A bucket that grows, with labelled images along: these are known from that version on."""
    photos = Photos(pool={"p0": encode(100)})
    ingest(store, photos, "d")
    photos.pool["p1"] = encode(101)
    summary = ingest(store, photos, "d", append=True)
    assert summary.title == "d: version 2 written, with 1 images added to the pool"
    assert Dataset.open(store, "d").ids("pool") == ("p0", "p1")


def test_annotated_images_come_along_to_a_pool_without_ground_truth(
    store: MemoryStore, more: Voc
) -> None:
    """Their labels are given, and those of earlier versions stay; again, they are there already."""
    ingest(store, Photos(pool={"p0": encode(100)}), "d")
    append(store, more)
    more.add("train", "m 3", data=encode(203))
    summary = append(store, more)
    dataset = Dataset.open(store, "d")
    assert dataset.given_ids() == ("m 1", "m 2", "m 3")
    assert dataset.ids("pool") == ("p0", "m 1", "m 2", "m 3")
    assert "labelled: 2 images are in the data set already, and stay as they are" in (
        summary.warnings
    )
    assert not dataset.has_ground_truth
    assert Dataset.open(store, "d", 2).given_ids() == ("m 1", "m 2")


def test_a_folder_that_has_labelled_images_under_other_names_is_appended(
    store: MemoryStore, more: Voc
) -> None:
    """The folder of all photographs grows; its copies of labelled ones stay one image."""
    photos = Photos(pool={"IMG 1": encode(201), "p0": encode(100)})
    ingest(store, photos, "d", labelled=VocSource(root=more.root, pool="train"))
    photos.pool["p1"] = encode(101)
    summary = ingest(store, photos, "d", append=True)
    assert Dataset.open(store, "d").ids("pool") == ("m 1", "m 2", "p0", "p1")
    told = "pool: 2 images are in the data set already, and stay as they are"
    assert told in summary.warnings


def test_labels_of_images_that_the_pool_has_do_not_come_by_an_append(
    store: MemoryStore, more: Voc
) -> None:
    """Another command gives labels to them."""
    ingest(store, Photos(pool={"p0": encode(100), "m 1": encode(201)}), "d")
    expected = "'m 1' is in the data set's pool already; `al-job ingest labels` adds labels to it"
    with pytest.raises(BadDataError, match=expected):
        append(store, more)


def test_photographs_are_not_added_to_an_annotated_pool(annotated: MemoryStore) -> None:
    """The oracle could not answer for them."""
    expected = "'d' has annotations of its whole pool, and the format 'photos' has none"
    with pytest.raises(UsageError, match=expected):
        ingest(annotated, Photos(pool={"p0": encode(100)}), "d", append=True)


def test_an_append_may_have_labelled_images_along(
    annotated: MemoryStore, more: Voc, tmp_path: Path
) -> None:
    """A second source of labels is refused if those of the first one come along anyway."""
    along = Voc(tmp_path / "along")
    along.add("train", "l 1", data=encode(300))
    labelled = VocSource(root=along.root, pool="train")
    source = VocSource(root=more.root, pool="train")
    ingest(annotated, source, "d", append=True, labelled=labelled)
    dataset = Dataset.open(annotated, "d")
    assert dataset.given_ids() == ("l 1",)
    assert dataset.ids("pool") == ("good", "dog", "l 1", "m 1", "m 2")
    ingest(annotated, Photos(pool={"p0": encode(100)}), "e")
    with pytest.raises(UsageError, match="--labelled: the source has annotations itself"):
        ingest(annotated, source, "e", append=True, labelled=labelled)


def test_a_killed_append_leaves_nothing_that_counts(
    annotated: MemoryStore, more: Voc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version before stays the latest, and the next append clears away what is left."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("job.data.ingest.append.commit_version", killed)
        with pytest.raises(KeyboardInterrupt):
            append(annotated, more)
    left = list(annotated.list(SECOND))
    assert left
    assert Dataset.open(annotated, "d").version == 1
    more.add("train", "m 3", data=encode(203))
    append(annotated, more)
    assert not [key for key in left if annotated.exists(key)]
    assert Dataset.open(annotated, "d").ids("pool")[2:] == ("m 1", "m 2", "m 3")


def test_a_store_without_conditional_writes_keeps_what_may_be_anothers(
    annotated: MemoryStore, more: Voc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is about to write the manifest there still can, and needs its images."""
    write_always = MemoryStore.write

    def ignoring(self: MemoryStore, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        return write_always(self, key, data) or if_absent

    monkeypatch.setattr(MemoryStore, "write", ignoring)
    annotated.write(f"{SECOND}0123abcd/pool/00000.tar", b"of another one")
    append(annotated, more)
    assert annotated.exists(f"{SECOND}0123abcd/pool/00000.tar")


@pytest.mark.parametrize("is_seen", [True, False])
def test_of_two_appends_at_once_one_wins(
    annotated: MemoryStore,
    more: Voc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_seen: bool,
) -> None:
    """The other is told to run again, and leaves nothing, whenever it sees that it has lost."""
    winner = Voc(tmp_path / "winner")
    winner.add("train", "w", data=encode(300))
    exists = MemoryStore.exists

    def race(self: MemoryStore, key: str) -> bool:
        """Let another process finish just before this one asks, or just after it."""
        if key != f"{SECOND}dataset.json" or exists(self, key):
            return exists(self, key)
        monkeypatch.setattr(MemoryStore, "exists", exists)
        append(self, winner)
        return is_seen

    monkeypatch.setattr(MemoryStore, "exists", race)
    with pytest.raises(TemporaryError, match="another command has made version 2 meanwhile: run"):
        append(annotated, more)
    dataset = Dataset.open(annotated, "d")
    assert dataset.ids("pool") == ("good", "dog", "w")
    assert [image.id for image in dataset.iter_images("pool")] == ["good", "dog", "w"]
    assert len(list(annotated.list(SECOND))) == 4
    append(annotated, more)
    assert Dataset.open(annotated, "d").ids("pool") == ("good", "dog", "w", "m 1", "m 2")


def test_the_same_appends_give_the_same_bytes(
    voc: "Voc", more: Voc, annotated: MemoryStore
) -> None:
    """Also the same manifest, so that a copy of a store can be made from the sources."""
    other = MemoryStore()
    ingest(other, VocSource(root=voc.root, pool="train", test="test"), "d")
    append(annotated, more)
    append(other, more)
    assert objects(annotated) == objects(other)
    digest = hashlib.sha256(other.read(f"{SECOND}dataset.json")).hexdigest()
    assert Dataset.open(annotated, "d").digest == digest


def test_a_group_of_the_test_set_gets_no_image_of_the_pool(
    store: MemoryStore, tmp_path: Path
) -> None:
    """Groups hold over all versions; a group of the pool may grow."""
    runs = Voc(tmp_path / "runs")
    for split, name, seed in (("train", "a_1", 1), ("test", "b_1", 2)):
        runs.add(split, name, data=encode(seed))
    rule = GroupPattern.parse(r"(.+)_\d+")
    ingest(store, VocSource(root=runs.root, pool="train", test="test"), "d", groups=rule)
    runs.add("val", "a_2", data=encode(3))
    ingest(store, VocSource(root=runs.root, pool="val"), "d", groups=rule, append=True)
    assert Dataset.open(store, "d").groups("pool") == {"a_1": "a", "a_2": "a"}
    runs.add("val", "b_2", data=encode(4))
    with pytest.raises(BadDataError, match="a group must be in one split; images of the pool: 'b'"):
        ingest(store, VocSource(root=runs.root, pool="val"), "d", groups=rule, append=True)


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_a_group_leaves_out_is_told_once(
    store: MemoryStore, tmp_path: Path, *, dry_run: bool
) -> None:
    """Also of images whose labels come along, which are a part of the pool."""
    runs = Voc(tmp_path / "runs")
    runs.add("test", "b_1", data=encode(2))
    rule = GroupPattern.parse(r"(.+)_\d+")
    test = VocSource(root=runs.root, pool="test", test="test")
    photos = PhotosWithTest(pool={"a_1": encode(1)}, other=test)
    ingest(store, photos, "d", groups=rule)
    for number in (2, 3):
        runs.add("val", f"b_{number}", data=encode(number + 10))
    runs.add("val", "a_2", data=encode(4))
    source = VocSource(root=runs.root, pool="val")
    summary = ingest(store, source, "d", groups=rule, append=True, skip_bad=True, dry_run=dry_run)
    (told,) = summary.problems
    assert "group 'b'" in told


def test_a_version_may_bring_groups(annotated: MemoryStore, more: Voc) -> None:
    """Images of earlier versions are then in none; without a rule later, new ones are in none."""
    source = VocSource(root=more.root, pool="train")
    rule = GroupPattern.parse(r"(.) \d+")
    ingest(annotated, source, "d", groups=rule, append=True)
    assert Dataset.open(annotated, "d").groups("pool") == {"m 1": "m", "m 2": "m"}
    more.add("train", "m 3", data=encode(203))
    append(annotated, more)
    assert Dataset.open(annotated, "d").groups("pool") == {"m 1": "m", "m 2": "m"}


def test_coco_without_a_test_set_is_appended(coco: "Coco", store: MemoryStore) -> None:
    """Its options of the test set go together: one without the other is refused."""
    options = coco.write()
    ingest(store, CocoSource.model_validate(options), "d")
    coco.add("pool", "new.jpg")
    pool = {name: path for name, path in coco.write().items() if name.startswith("pool")}
    ingest(store, CocoSource.model_validate(pool), "d", append=True)
    assert Dataset.open(store, "d").ids("pool") == ("good", "new")
    with pytest.raises(ValueError, match="--test-images, --test-annotations: give both"):
        CocoSource.model_validate(pool | {"test_images": options["test_images"]})


def test_a_command_that_fails_spares_what_its_twin_has_made(
    annotated: MemoryStore, more: Voc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two equal commands write the same objects; one of them could not read an image any more."""
    name = "job.data.ingest.append.build_version"

    def fail_late(*_: object) -> None:
        monkeypatch.setattr(name, build_version)
        append(annotated, more)
        message = "m 1.jpg: no such image"
        raise BadDataError(message)

    monkeypatch.setattr(name, fail_late)
    with pytest.raises(BadDataError, match="no such image"):
        append(annotated, more)
    images = Dataset.open(annotated, "d").iter_images("pool")
    assert [image.id for image in images] == ["good", "dog", "m 1", "m 2"]
