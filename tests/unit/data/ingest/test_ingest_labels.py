"""Labels for images that the pool has: those of picks, and corrections."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from job.annotators import labels_of
from job.data.dataset import Dataset
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.data.ingest.label_changes import is_same
from job.data.ingest.labels import ingest_labels
from job.errors import BadDataError, TemporaryError, UsageError
from job.records.annotation import Annotation
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import Photos, Voc, encode

if TYPE_CHECKING:
    from job.data.ingest.labels_summary import LabelsSummary


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(store: MemoryStore, tmp_path: Path) -> MemoryStore:
    """A store with four photographs, of which the first has a cat's label that came along."""
    along = Voc(tmp_path / "along")
    along.add("train", "p0", data=encode(100))
    pool = {f"p{number}": encode(100 + number) for number in range(4)}
    ingest(store, Photos(pool=pool), "d", labelled=VocSource(root=along.root, pool="train"))
    return store


@pytest.fixture
def export(tmp_path: Path) -> Voc:
    """What a labelling tool wrote of p2 and p1: two cats, and no object."""
    made = Voc(tmp_path / "export")
    boxes = [("cat", 1, 1, 9, 9), ("cat", 11, 11, 20, 20)]
    made.add("train", "p2", boxes, data=encode(102))
    made.add("train", "p1", [], data=encode(101))
    return made


def add(
    store: MemoryStore,
    voc: Voc,
    *,
    correct: bool = False,
    skip_bad: bool = False,
    dry_run: bool = False,
) -> "LabelsSummary":
    source = VocSource(root=voc.root, pool="train")
    return ingest_labels(store, source, "d", correct=correct, skip_bad=skip_bad, dry_run=dry_run)


def objects(store: MemoryStore) -> dict[str, bytes]:
    return {key: store.read(key) for key in store.list("")}


def rewrite(voc: Voc, image_id: str, *labels: str) -> None:
    """Let somebody draw other boxes: one of each class, of ten by ten pixels."""
    boxes = [(label, 1, 1, 10, 10) for label in labels]
    (voc.root / "Annotations" / f"{image_id}.xml").write_text(voc.xml(boxes))


def test_labels_make_a_version_of_the_same_images(photos: MemoryStore, export: Voc) -> None:
    """Only the table of labels is written; what was there stays as it is."""
    before = objects(photos)
    summary = add(photos, export)
    assert [line.split()[-1] for line in summary.lines()[1:5]] == ["2", "0", "0", "2"]
    assert summary.title == "d: version 2 written"
    after = objects(photos)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 2
    dataset = Dataset.open(photos, "d")
    assert dataset.ids("pool") == ("p0", "p1", "p2", "p3")
    assert [image.id for image in dataset.iter_images("pool")] == ["p0", "p1", "p2", "p3"]
    assert list(dataset.corrections()) == ["p1", "p2"]
    assert dataset.known_labels(["p2", "p3"]).keys() == {"p2"}
    assert dataset.given_ids() == ("p0",)
    assert dataset.known_labels(["p2"])["p2"].boxes_xyxy.tolist() == [
        [0, 0, 9, 9],
        [10, 10, 20, 20],
    ]


def test_an_image_without_boxes_is_labelled_and_noted(photos: MemoryStore, export: Voc) -> None:
    """It shows no object, or nobody has looked at it yet: only people can tell."""
    summary = add(photos, export)
    told = "note: 1 images have no boxes: their labels say that they show no object, such as 'p1'"
    assert told in summary.lines()
    assert Dataset.open(photos, "d").known_labels(["p1"])["p1"].labels == ()


def test_the_same_labels_again_write_nothing(photos: MemoryStore, export: Voc) -> None:
    """A tool writes all labels so far; only those that are new count."""
    add(photos, export)
    export.add("train", "p0", data=encode(100))
    before = objects(photos)
    summary = add(photos, export)
    assert summary.title == "d: nothing new; version 2 stays"
    assert (summary.num_same, summary.num_added, summary.num_corrected) == (3, 0, 0)
    assert objects(photos) == before
    export.add("train", "p3", [("dog", 1, 1, 9, 9)], data=encode(103))
    assert add(photos, export).num_added == 1
    assert list(Dataset.open(photos, "d").corrections()) == ["p1", "p2", "p3"]


def test_another_label_is_refused_without_being_asked_for(photos: MemoryStore, export: Voc) -> None:
    """A label that came along, and one that was added, too; nothing is written."""
    add(photos, export)
    before = objects(photos)
    rewrite(export, "p2", "dog")
    with pytest.raises(BadDataError, match=r"p2\.jpg: 'p2' has another label; --correct replaces"):
        add(photos, export)
    other = Voc(export.root.parent / "other")
    other.add("train", "p0", [("dog", 1, 1, 9, 9)], data=encode(100))
    with pytest.raises(BadDataError, match=r"p0\.jpg: 'p0' has another label; --correct replaces"):
        add(photos, other)
    assert objects(photos) == before


def test_corrections_replace_labels(photos: MemoryStore, export: Voc) -> None:
    """Those that came along stay in the table beside them, and earlier versions as they were."""
    add(photos, export)
    rewrite(export, "p2", "dog")
    export.add("train", "p0", [("dog", 1, 1, 9, 9)], data=encode(100))
    summary = add(photos, export, correct=True)
    assert (summary.num_corrected, summary.num_same, summary.num_boxes) == (2, 1, 2)
    dataset = Dataset.open(photos, "d")
    known = dataset.known_labels(["p0", "p1", "p2"])
    assert [each.labels for each in known.values()] == [("dog",), (), ("dog",)]
    assert dataset.given_ids() == ("p0",)
    labels = dataset.manifest.labels
    assert labels is not None
    counts = (labels.num_given, labels.num_added, labels.num_corrected, labels.num_boxes)
    assert counts == (1, 1, 2, 2)
    assert labels.class_counts == {"cat": 0, "dog": 2}
    assert Dataset.open(photos, "d", 2).known_labels(["p2"])["p2"].labels == ("cat", "cat")


def test_the_ground_truth_is_corrected(store: MemoryStore, voc: Voc, export: Voc) -> None:
    """Only what differs from the oracle's table counts, and that table stays as it is."""
    voc.add("train", "p1", [], data=encode(101))
    voc.add("train", "p2", data=encode(102))
    ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    with pytest.raises(BadDataError, match="'p2' has another label; --correct replaces it"):
        add(store, export)
    before = objects(store)
    summary = add(store, export, correct=True)
    assert (summary.num_corrected, summary.num_same) == (1, 1)
    dataset = Dataset.open(store, "d")
    assert list(dataset.corrections()) == ["p2"]
    found = labels_of(dataset, ["good", "p2"], "oracle", lambda: dataset)
    assert [each.labels for each in found.values()] == [("cat",), ("cat", "cat")]
    assert {key: store.read(key) for key in before} == before


def test_corrections_and_appends_keep_what_the_other_did(
    photos: MemoryStore, export: Voc, tmp_path: Path
) -> None:
    """Versions follow each other, whatever made them."""
    add(photos, export)
    more = Voc(tmp_path / "more")
    more.add("train", "m", [("dog", 1, 1, 9, 9)], data=encode(300))
    ingest(photos, VocSource(root=more.root, pool="train"), "d", append=True)
    rewrite(export, "p1", "dog")
    add(photos, export, correct=True)
    dataset = Dataset.open(photos, "d")
    assert dataset.version == 4
    assert dataset.given_ids() == ("p0", "m")
    assert [(each, found.labels) for each, found in dataset.corrections().items()] == [
        ("p1", ("dog",)),
        ("p2", ("cat", "cat")),
    ]
    assert dataset.read_image("pool", "m").data == encode(300)
    assert [image.id for image in dataset.iter_images("pool")] == [*dataset.ids("pool")]


def test_images_are_found_by_their_bytes_and_then_by_their_ids(
    photos: MemoryStore, export: Voc
) -> None:
    """A tool may rename files, or write them anew; sizes must then agree, and it is noted."""
    renamed = Voc(export.root.parent / "renamed")
    renamed.add("train", "p1", data=encode(103))
    renamed.add("train", "p2", [("dog", 1, 1, 9, 9)], data=encode(500))
    summary = add(photos, renamed)
    known = Dataset.open(photos, "d").corrections()
    assert {image_id: each.labels for image_id, each in known.items()} == {
        "p2": ("dog",),
        "p3": ("cat",),
    }
    (note,) = [line for line in summary.lines() if line.startswith("note")]
    assert note == (
        "note: 1 images have other bytes than those of the pool, and were matched by their ids and "
        "sizes, such as 'p2'"
    )


@pytest.mark.parametrize(
    ("image_id", "data", "expected"),
    [
        ("other", encode(70), r"other\.jpg: 'other' is in the test set, whose labels stay"),
        ("new", encode(2), r"new\.jpg: 'new' is in the test set, whose labels stay"),
        ("new", encode(70), r"new\.jpg: the pool has no image of the id 'new', and none of the"),
        (
            "good",
            encode(70, 20, 15),
            r"good\.jpg: 20 x 15 pixels, but 'good' of the pool has 40 x 30: its boxes belong to",
        ),
    ],
)
def test_a_label_of_no_image_of_the_pool_is_refused(
    voc: Voc, image_id: str, data: bytes, expected: str
) -> None:
    """It would change what models are measured on, or belong to another image."""
    store = MemoryStore()
    ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    export = Voc(voc.root.parent / "export")
    export.add("train", image_id, [], data=data)
    with pytest.raises(BadDataError, match=expected):
        add(store, export, correct=True)


def test_bad_labels_are_listed_and_left_out(photos: MemoryStore, export: Voc) -> None:
    """A dry run lists the same; a label with a bad box is left out as a whole."""
    export.add("train", "p3", [("bird", 1, 1, 9, 9)], data=encode(103))
    export.add("train", "p2 again", data=encode(102))
    export.add("train", "lost", data=encode(400))
    before = objects(photos)
    dry = add(photos, export, dry_run=True)
    assert (dry.title, dry.is_accepted) == (
        "d: a dry run of version 2, nothing is written",
        False,
    )
    assert objects(photos) == before
    summary = add(photos, export, skip_bad=True)
    assert summary.problems == dry.problems
    told = [problem.partition(": ")[2] for problem in summary.problems]
    assert told.pop(0).endswith("its class 'bird' is not one of the data set's; known: cat, dog")
    assert told == [
        f"the label of 'p2' came with {export.root / 'JPEGImages' / 'p2.jpg'} already",
        "the pool has no image of the id 'lost', and none of the same bytes",
    ]
    assert summary.lines()[-4] == "3 problems:"
    assert list(Dataset.open(photos, "d").corrections()) == ["p1", "p2"]


def test_labels_have_neither_a_test_set_nor_no_annotations(
    photos: MemoryStore, export: Voc
) -> None:
    """And they are those of a data set that is there."""
    export.add("test", "t", data=encode(400))
    with_test = VocSource(root=export.root, pool="train", test="test")
    with pytest.raises(UsageError, match="ingest labels: its images belong to the pool, but it"):
        ingest_labels(photos, with_test, "d")
    with pytest.raises(UsageError, match="ingest labels: the format 'photos' has no annotations"):
        ingest_labels(photos, Photos(pool={}), "d")
    with pytest.raises(UsageError, match=r"no data set 'e' \(known: d\)"):
        ingest_labels(photos, VocSource(root=export.root, pool="train"), "e")


def test_of_two_commands_at_once_one_wins(
    photos: MemoryStore, export: Voc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is told to run again; its labels are then added to what the first wrote."""
    other = Voc(export.root.parent / "other")
    other.add("train", "p3", data=encode(103))
    exists = MemoryStore.exists

    def race(self: MemoryStore, _: str) -> bool:
        monkeypatch.setattr(MemoryStore, "exists", exists)
        add(self, other)
        return False

    monkeypatch.setattr(MemoryStore, "exists", race)
    with pytest.raises(TemporaryError, match="made version 2 meanwhile: run this one again"):
        add(photos, export)
    add(photos, export)
    assert list(Dataset.open(photos, "d").corrections()) == ["p1", "p2", "p3"]


def annotation(*boxes: tuple[str, list[float]], crowd: bool = False) -> Annotation:
    corners = np.array([box for _, box in boxes], np.float32).reshape(-1, 4)
    flags = (False,) * len(boxes)
    labels = tuple(label for label, _ in boxes)
    return Annotation(40, 30, corners, labels, flags, (crowd,) * len(boxes))


def test_labels_are_the_same_in_any_order_and_within_half_a_pixel() -> None:
    """Tools sort boxes, and formats round them."""
    cat, dog = ("cat", [1.0, 1.0, 9.0, 9.0]), ("dog", [1.0, 1.0, 9.0, 9.0])
    near, far = ("cat", [1.4, 0.6, 9.0, 9.0]), ("cat", [1.6, 1.0, 9.0, 9.0])
    assert is_same(annotation(cat, dog), annotation(dog, near))
    assert is_same(annotation(), annotation())
    assert not is_same(annotation(cat), annotation(far))
    assert not is_same(annotation(cat), annotation(dog))
    assert not is_same(annotation(cat), annotation(cat, cat))
    assert not is_same(annotation(cat, cat), annotation(cat))
    assert not is_same(annotation(cat), annotation(cat, crowd=True))
