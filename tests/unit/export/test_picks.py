"""The images of picks, as files for people who draw boxes."""

import json
from pathlib import Path

import pytest

from job.acquisition.strategy import Pick
from job.annotation.batch import Batch, picked_images
from job.data.dataset import Dataset
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.errors import UsageError
from job.export.formats.voc import VocFormat
from job.export.labels import write_labels
from job.export.pick_formats.cvat import CvatPicks
from job.export.picks import waiting, write_batch, write_picks
from job.export.target import all_or_nothing, open_target
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import Photos, encode
from tests.unit.export.batches import DOG, REF
from tests.unit.export.images import annotated, on_disk
from tests.unit.export.test_labels import encode as turned_photo

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
    with pytest.raises(UsageError, match="all 2 picks have labels already"):
        waiting(dataset, PICKS)


def test_a_batch_is_images_files_of_the_tool_and_the_manifest(
    dataset: Dataset, tmp_path: Path
) -> None:
    """Images are as they are, under the names that the manifest has."""
    images = picked_images(dataset, REF, PICKS, {"p2": (DOG,)})
    layout = CvatPicks(Batch(REF, ("dog",), images, 2, 0.25))
    with all_or_nothing(open_target(str(tmp_path))) as files:
        lines = write_batch(files, dataset, layout, "cvat")
    (line,) = lines
    assert line.startswith("proposals: 1 boxes in 1 images, by mine/seed-3/brust/round-001, ")
    assert line.endswith(", confidence 0.25 or more")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "annotations.xml",
        "batch.json",
        "images",
        "labels.json",
    ]
    content = json.loads((tmp_path / "batch.json").read_text())
    assert (content["layout"], content["found_by"]) == ("cvat", "file")
    written = {image["id"]: tmp_path / "images" / image["file"] for image in content["images"]}
    assert {image_id: path.read_bytes() for image_id, path in written.items()} == {
        "p2": PHOTOS["p2"],
        "a/p0": PHOTOS["a/p0"],
    }


def test_images_that_are_turned_are_told(tmp_path: Path) -> None:
    """Boxes are those of the upright image, which not every tool shows."""
    store = MemoryStore()
    ingest(store, Photos(pool={"p0": encode(100), "p1": turned_photo(orientation=6)}), "d")
    dataset = Dataset.open(store, "d")
    images = picked_images(dataset, REF, [Pick("p1", 1, ""), Pick("p0", 0, "")], {})
    assert images[0].size_wh == (30, 40)
    layout = CvatPicks(Batch(REF, ("dog",), images, 2))
    with all_or_nothing(open_target(str(tmp_path))) as files:
        (line,) = write_batch(files, dataset, layout, "cvat")
    assert line.startswith("note: 1 images are turned by EXIF: ")
