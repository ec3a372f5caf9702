"""The images of picks, as files for people who draw boxes."""

from pathlib import Path

import pytest

from job.acquisition.strategy import Pick
from job.data.dataset import Dataset
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.errors import UsageError
from job.export.formats.voc import VocFormat
from job.export.labels import write_labels
from job.export.picks import waiting, write_picks
from job.export.target import all_or_nothing, open_target
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import Photos, encode
from tests.unit.export.images import annotated, on_disk

PHOTOS = {"a/p0": encode(100), "p1": encode(101), "p2": encode(102)}
PICKS = (Pick("p2", 0.5, "drawn"), Pick("a/p0", 0.25, "drawn, too"))


@pytest.fixture
def dataset() -> Dataset:
    """Three photographs, of which nobody knows anything."""
    store = MemoryStore()
    ingest(store, Photos(pool=PHOTOS), "d")
    return Dataset.open(store, "d")


def label(dataset: Dataset, image_id: str, folder: Path) -> None:
    """Ingest the label of one photograph, from a folder in VOC's layout."""
    (folder / "drawn").mkdir(parents=True)
    boxes = [("cat", (1.0, 2.0, 20.0, 20.0), "")]
    image = on_disk(folder / "drawn", image_id, PHOTOS[image_id], annotated(boxes))
    with all_or_nothing(open_target(str(folder / "voc"))) as files:
        write_labels(files, VocFormat(("cat",), ""), [image])
    ingest_labels(dataset.store, VocSource(root=str(folder / "voc"), pool="trainval"), "d")


def test_images_are_written_with_the_list(dataset: Dataset, tmp_path: Path) -> None:
    """Byte for byte under their ids; the list has all picks of the round with their reasons."""
    with all_or_nothing(open_target(str(tmp_path))) as files:
        write_picks(files, dataset, PICKS, ["a/p0"])
    assert (tmp_path / "images/a/p0.jpg").read_bytes() == PHOTOS["a/p0"]
    assert not (tmp_path / "images/p2.jpg").exists()
    expected = 'id,rank,score,reason\np2,0,0.5,drawn\na/p0,1,0.25,"drawn, too"\n'
    assert (tmp_path / "picks.csv").read_text() == expected


def test_labels_that_were_ingested_are_not_waited_for(dataset: Dataset, tmp_path: Path) -> None:
    """Whatever version of the data set the experiment is on; in the end, nothing is left to do."""
    assert waiting(dataset, PICKS) == ["p2", "a/p0"]
    label(dataset, "p2", tmp_path / "first")
    assert waiting(dataset, PICKS) == ["a/p0"]
    label(dataset, "a/p0", tmp_path / "second")
    with pytest.raises(UsageError, match="all 2 picks have labels that were ingested"):
        waiting(dataset, PICKS)
