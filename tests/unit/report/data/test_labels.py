"""The labels of a split in columns."""

import pytest

from job.data.dataset import Dataset
from job.data.ingest.ingest import ingest
from job.records.annotation import Annotation
from job.report.data import labels
from job.report.data.labels import read_labels
from job.storage.memory import MemoryStore
from tests.growing import correct, drawn
from tests.unit.report.data.conftest import MakeDataset

COW, HORSE = ("cow", 1.0, 1.0, 40.0, 40.0), ("horse", 10.0, 0.0, 30.0, 60.0)


@pytest.mark.parametrize("at_a_time", [1, 10_000])
def test_both_splits_are_read(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    """The pool's are told by the oracle, some at a time; the test set's are in its shards."""
    monkeypatch.setattr(labels, "IMAGES_AT_A_TIME", at_a_time)
    dataset = make_dataset([(1, [COW]), (2, []), (3, [HORSE, COW])], [(4, [HORSE])])
    pool, test = read_labels(dataset, "pool"), read_labels(dataset, "test")
    assert pool.image_B.tolist() == [0, 2, 2]
    assert pool.class_counts_C.tolist() == [2, 1]
    assert pool.boxes_B4[1].tolist() == [10, 0, 30, 60]
    assert pool.counts_N.tolist() == [1, 0, 2]
    assert pool.boxes_of(2).tolist() == [1, 2]
    assert pool.is_labelled_N.all()
    assert pool.sizes_N2.tolist() == [[80, 60]] * 3
    assert (test.ids, test.class_counts_C.tolist()) == (("test-0",), [0, 1])


def test_without_ground_truth_known_labels_are_read(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other images have no label, and the oracle is not asked."""
    dataset = make_dataset([(1, [COW]), (2, [COW])], [(4, [HORSE])])
    known = {"pool-1": read_test(dataset)}
    monkeypatch.setattr(Dataset, "has_ground_truth", property(lambda _: False))
    monkeypatch.setattr(Dataset, "known_labels", lambda *_: known)
    found = read_labels(dataset, "pool")
    assert found.is_labelled_N.tolist() == [False, True]
    assert found.image_B.tolist() == [1]
    assert found.class_counts_C.tolist() == [0, 1]


def test_a_corrected_label_is_the_one_that_is_shown() -> None:
    """The page is looked at to see whether corrections are right: these are 3 pixels wider."""
    store = MemoryStore()
    ingest(store, drawn(range(3), num_test=1), "photos")
    before = read_labels(Dataset.open(store, "photos"), "pool")
    correct(store, [1])
    after = read_labels(Dataset.open(store, "photos"), "pool")
    expected = before.boxes_B4.copy()
    expected[before.image_B == 1, 0] = (expected[before.image_B == 1, 0] - 3).clip(min=0)
    assert (before.image_B == 1).any()
    assert after.boxes_B4.tolist() == expected.tolist()


def read_test(dataset: Dataset) -> Annotation:
    [image] = dataset.test_images()
    return image.annotation
