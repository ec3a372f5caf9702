"""A data set that grows in a bucket, whether its server honours conditional writes or not."""

from pathlib import Path

import pytest

from job.data.dataset import Dataset
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.errors import TemporaryError
from job.storage import Store, open_store
from tests.unit.data.conftest import Photos, Voc, encode

pytestmark = pytest.mark.integration


@pytest.fixture(params=["s3_url", "moto_url"])
def bucket(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """An empty store on one of two S3 servers."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    return open_store(request.getfixturevalue(request.param))


def labels_of(folder: Path, image_id: str, seed: int) -> VocSource:
    """A VOC folder with one image of a cat."""
    made = Voc(folder)
    made.add("train", image_id, data=encode(seed))
    return VocSource(root=str(folder), pool="train")


def test_a_data_set_grows_in_a_bucket(bucket: Store, tmp_path: Path) -> None:
    """Labelled images along, an append and a label later: every version is there to be read."""
    photos = Photos(pool={"p0": encode(100)})
    ingest(bucket, photos, "d", labelled=labels_of(tmp_path / "along", "l", 200))
    photos.pool["p1"] = encode(101)
    ingest(bucket, photos, "d", append=True)
    ingest_labels(bucket, labels_of(tmp_path / "later", "p1", 101), "d")
    dataset = Dataset.open(bucket, "d")
    assert dataset.version == 3
    assert [image.id for image in dataset.iter_images("pool")] == ["l", "p0", "p1"]
    assert dataset.known_labels(["p1"])["p1"].labels == ("cat",)
    assert Dataset.open(bucket, "d", 1).ids("pool") == ("l", "p0")


def test_of_two_versions_at_once_one_is_made(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other command, which has begun before, sees it, and deletes what it has written."""
    photos = Photos(pool={f"p{number}": encode(100 + number) for number in range(2)})
    ingest(bucket, photos, "d")
    base = Dataset.open(bucket, "d")
    ingest_labels(bucket, labels_of(tmp_path / "one", "p0", 100), "d")
    before = list(bucket.list(""))
    monkeypatch.setattr(Dataset, "open", lambda *_: base)
    with pytest.raises(TemporaryError, match="another command has made version 2 meanwhile"):
        ingest_labels(bucket, labels_of(tmp_path / "two", "p1", 101), "d")
    assert list(bucket.list("")) == before
