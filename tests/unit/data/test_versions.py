"""Versions of a data set: which one is opened, and what each consists of."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from job.annotators import labels_of
from job.annotators.oracle import Oracle
from job.data.dataset import Dataset
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.data.manifest import DatasetManifest, LabelsInfo
from job.data.versions import each_version
from job.errors import BadDataError, ConfigError, MissingLabelsError, UsageError
from job.keys import DatasetKeys
from job.records.schemas import LABELS_SCHEMA
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Voc

NAMES = ("good", "a", "b")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def ingested(voc: "Voc", store: MemoryStore) -> MemoryStore:
    """A store with version 1 of a data set: three images of cats in the pool."""
    for name in NAMES[1:]:
        voc.add("train", name)
    ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    return store


def row(image_id: str, labels: list[str], *, given: bool, corrected: bool) -> dict[str, Any]:
    flags = [False] * len(labels)
    boxes = [[0.0, 0.0, 9.0, 9.0]] * len(labels)
    return {
        "id": image_id,
        "width": 40,
        "height": 30,
        "boxes_xyxy": boxes,
        "labels": labels,
        "difficult": flags,
        "crowd": flags,
        "given": given,
        "corrected": corrected,
    }


def write_labels(store: MemoryStore, name: str, rows: list[dict[str, Any]]) -> LabelsInfo:
    """Write a table of labels, and return what a manifest says of it."""
    file = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, LABELS_SCHEMA), file)
    store.write(f"datasets/d/{name}", file.getvalue())
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    return LabelsInfo(
        name=name,
        sha256=digest,
        num_given=0,
        num_added=0,
        num_corrected=0,
        num_boxes=0,
        class_counts={},
    )


def write_version(store: MemoryStore, number: int, **changes: object) -> DatasetManifest:
    """Write a manifest made from that of version 1, and return it."""
    manifest = Dataset.open(store, "d", 1).manifest.model_copy(
        update={"version": number, **changes}
    )
    store.write(DatasetKeys("d", number).manifest, manifest.to_json())
    return manifest


def test_the_latest_version_is_opened(ingested: MemoryStore) -> None:
    """Version 1 lies where data sets always have; a version without a manifest does not count."""
    assert Dataset.open(ingested, "d").version == 1
    write_version(ingested, 2)
    write_version(ingested, 10)
    ingested.write("datasets/d/versions/0011/pool/00000.tar", b"killed")
    ingested.write("datasets/d/versions/notes/a.txt", b"of somebody else")
    dataset = Dataset.open(ingested, "d")
    assert (dataset.version, dataset.keys.manifest) == (10, "datasets/d/versions/0010/dataset.json")
    assert [manifest.version for _, manifest, _ in each_version(ingested, "d")] == [1, 2, 10]


def test_a_version_is_opened_by_number_and_by_digest(ingested: MemoryStore) -> None:
    """An experiment stays on the one that it began with, whatever came later."""
    first = Dataset.open(ingested, "d")
    write_version(ingested, 2)
    second = Dataset.open(ingested, "d")
    assert Dataset.open(ingested, "d", 1).digest == first.digest
    for digest, version in ((first.digest, 1), (second.digest, 2)):
        opened = Dataset.open_digest(ingested, "d", digest)
        assert (opened.version, opened.digest) == (version, digest)


def test_an_unknown_version_is_answered_with_the_known_ones(ingested: MemoryStore) -> None:
    """By its number or digest; an unknown data set is answered with the known data sets."""
    write_version(ingested, 2)
    with pytest.raises(UsageError, match=r"data set 'd' has no version 3; it has: 1, 2$"):
        Dataset.open(ingested, "d", 3)
    with pytest.raises(UsageError, match=r"no data set 'e' \(known: d\)"):
        Dataset.open(ingested, "e", 1)
    with pytest.raises(ConfigError, match=r"no version has the digest abc: version 1 has \w{64}, "):
        Dataset.open_digest(ingested, "d", "abc")
    with pytest.raises(UsageError, match=r"no data set 'e' \(known: d\)"):
        Dataset.open_digest(ingested, "e", "abc")


def test_a_manifest_without_the_new_fields_has_the_bytes_that_it_always_had(
    ingested: MemoryStore,
) -> None:
    """A data set of one version, without labels of its own, is as earlier releases wrote it."""
    text = ingested.read("datasets/d/dataset.json").decode()
    assert not [name for name in ("version", "previous", "labels", '"index"') if name in text]
    assert '"annotations_sha256": null' in text


def test_a_version_names_where_each_object_lies(ingested: MemoryStore) -> None:
    """Its own index and annotations, and shards of version 1, which it shares."""
    pool = Dataset.open(ingested, "d").info("pool")
    for kind in ("pool/index", "oracle/annotations"):
        data = ingested.read(f"datasets/d/{kind}.parquet")
        ingested.write(f"datasets/d/versions/0002/{kind}.parquet", data)
        ingested.delete(f"datasets/d/{kind}.parquet")
    places = {
        "index": "versions/0002/pool/index.parquet",
        "annotations": "versions/0002/oracle/annotations.parquet",
    }
    write_version(ingested, 2, pool=pool.model_copy(update=places))
    dataset = Dataset.open(ingested, "d")
    assert [image.id for image in dataset.iter_images("pool")] == list(NAMES)
    assert dataset.read_image("pool", "a").id == "a"
    assert Oracle(dataset).annotate(["b"])["b"].labels == ("cat",)
    assert dataset.ids("test") == ("other",)


def test_labels_that_came_later_win(ingested: MemoryStore) -> None:
    """Over those that came along with the images, and over the oracle's."""
    rows = [
        row("good", ["cat"], given=True, corrected=False),
        row("good", ["dog"], given=False, corrected=True),
        row("b", ["dog", "dog"], given=False, corrected=True),
    ]
    labels = write_labels(ingested, "labels/annotations.parquet", rows)
    write_version(ingested, 2, labels=labels)
    dataset = Dataset.open(ingested, "d")
    assert dataset.given_ids() == ("good",)
    known = dataset.known_labels(["b", "a", "good"])
    assert [(image_id, each.labels) for image_id, each in known.items()] == [
        ("b", ("dog", "dog")),
        ("good", ("dog",)),
    ]
    assert known["b"].boxes_xyxy.tolist() == [[0, 0, 9, 9]] * 2
    assert list(dataset.corrections()) == ["good", "b"]
    found = labels_of(dataset, ["a", "b"], "oracle", lambda: dataset)
    assert [(image_id, each.labels) for image_id, each in found.items()] == [
        ("a", ("cat",)),
        ("b", ("dog", "dog")),
    ]


def test_a_data_set_without_such_labels_has_none(ingested: MemoryStore) -> None:
    """All labels are the oracle's."""
    dataset = Dataset.open(ingested, "d")
    assert dataset.has_ground_truth
    assert (dataset.given_ids(), dataset.known_labels(NAMES), dataset.corrections()) == ((), {}, {})


def test_a_pool_without_ground_truth_has_the_labels_that_are_there(ingested: MemoryStore) -> None:
    """The oracle has nothing to say about the others."""
    pool = Dataset.open(ingested, "d").info("pool")
    rows = [row("good", ["dog"], given=False, corrected=False)]
    write_version(
        ingested,
        2,
        pool=pool.model_copy(update={"annotations_sha256": None}),
        labels=write_labels(ingested, "labels/annotations.parquet", rows),
    )
    dataset = Dataset.open(ingested, "d")
    assert not dataset.has_ground_truth
    assert labels_of(dataset, ["good"], "oracle", lambda: dataset)["good"].labels == ("dog",)
    with pytest.raises(MissingLabelsError, match="2 images of data set 'd' have no label yet"):
        labels_of(dataset, ["b", "good", "a"], "oracle", lambda: dataset)


def test_labels_that_were_changed_are_noticed(ingested: MemoryStore) -> None:
    """A table with other bytes than the manifest says is not read."""
    rows = [row("good", ["cat"], given=True, corrected=False)]
    write_version(ingested, 2, labels=write_labels(ingested, "labels/annotations.parquet", rows))
    ingested.write("datasets/d/labels/annotations.parquet", b"PAR1")
    with pytest.raises(BadDataError, match=r"labels/annotations\.parquet"):
        Dataset.open(ingested, "d").given_ids()
