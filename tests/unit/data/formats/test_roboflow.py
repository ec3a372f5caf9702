"""Reading Roboflow's exports."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from job.data.formats.roboflow import RoboflowSource
from job.data.ingest.ingest import ingest
from job.data.ingest.validate import validate
from job.errors import BadDataError, UsageError
from job.keys import Split
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Coco, Yolo

COPIES = ("dog_jpg.rf.0a", "dog_jpg.rf.0b", "cow_png.rf.0c", "plain")


@pytest.fixture
def yolo_export(empty_yolo: "Yolo") -> "Yolo":
    """An export in Ultralytics' layout; the paths of its data.yaml are not there."""
    for copy in COPIES:
        empty_yolo.add(f"train/images/{copy}.jpg", labels=f"train/labels/{copy}.txt")
    for folder in ("valid", "test"):
        copy = f"{folder}_jpg.rf.0d"
        empty_yolo.add(f"{folder}/images/{copy}.jpg", labels=f"{folder}/labels/{copy}.txt")
    empty_yolo.describe("train: ../train/images\nval: set/valid/images\ntest: ../test/images\n")
    return empty_yolo


@pytest.fixture
def coco_export(coco: "Coco", tmp_path: Path) -> Path:
    """An export in COCO's layout; its root category has the name of a class."""
    root = tmp_path / "export"
    root.mkdir()
    for copy in COPIES:
        coco.add("pool", f"{copy}.jpg")
    coco.write()
    for split, folder in (("pool", "train"), ("test", "valid")):
        (coco.root / split).rename(root / folder)
        content = coco.content[split]
        content["categories"] = [{"id": 0, "name": "zebra"}, {"id": 3, "name": "zebra"}]
        (root / folder / "_annotations.coco.json").write_text(json.dumps(content))
    return root


def groups(source: RoboflowSource, split: Split = "pool") -> dict[str, str | None]:
    """The group of each image of a split; all of them are good."""
    samples = list(source.samples(split))
    assert not [problem for sample in samples for problem in validate(sample).problems]
    return {sample.id: sample.group for sample in samples}


def test_copies_of_a_photograph_are_one_group(yolo_export: "Yolo") -> None:
    """Their names are equal before `.rf.`; a name without it is in no group."""
    source = RoboflowSource(root=str(yolo_export.root))
    found = groups(source)
    assert found == {
        "dog_jpg.rf.0a": "dog_jpg",
        "dog_jpg.rf.0b": "dog_jpg",
        "cow_png.rf.0c": "cow_png",
        "plain": None,
    }
    assert source.has_groups


def test_a_copy_of_a_photograph_without_a_name_is_in_no_group(coco_export: Path) -> None:
    """All copies of such photographs would be one."""
    train = coco_export / "train"
    (train / "plain.jpg").rename(train / ".rf.0d.jpg")
    annotations = train / "_annotations.coco.json"
    annotations.write_text(annotations.read_text().replace("plain.jpg", ".rf.0d.jpg"))
    assert groups(RoboflowSource(root=str(coco_export)))[".rf.0d"] is None


def test_copies_of_a_photograph_can_be_taken_apart(yolo_export: "Yolo") -> None:
    """Frames of several videos may have the same names."""
    grouped = RoboflowSource(root=str(yolo_export.root))
    source = RoboflowSource(root=str(yolo_export.root), ungrouped=True)
    assert set(groups(source).values()) == {None}
    assert not source.has_groups
    assert source.identity() == grouped.identity() | {"ungrouped": 1}


def test_valid_is_the_test_set_unless_another_folder_is_named(yolo_export: "Yolo") -> None:
    """The folders are those of the export, whatever its data.yaml says."""
    root = str(yolo_export.root)
    assert list(groups(RoboflowSource(root=root), "test")) == ["valid_jpg.rf.0d"]
    assert list(groups(RoboflowSource(root=root, test="test"), "test")) == ["test_jpg.rf.0d"]
    assert RoboflowSource(root=root).classes == ("ant", "bee")


def test_nothing_is_noted_of_paths_that_roboflow_always_writes(yolo_export: "Yolo") -> None:
    """`../train/images` stands in every data.yaml of it."""
    samples = RoboflowSource(root=str(yolo_export.root)).samples("pool")
    images = [validate(sample).image for sample in samples]
    assert [image.remarks for image in images if image] == [()] * 4


def test_an_export_in_cocos_layout_is_read(coco_export: Path) -> None:
    """The root category is left out, also if it has the name of a class."""
    source = RoboflowSource(root=str(coco_export))
    assert groups(source)["dog_jpg.rf.0b"] == "dog_jpg"
    assert list(groups(source, "test")) == ["other"]
    assert source.classes == ("zebra",)
    assert source.num_images("pool") == 5


def test_a_copy_in_pool_and_test_is_refused_with_the_way_out(yolo_export: "Yolo") -> None:
    """The test set would show a photograph that the detector was trained on."""
    image = "valid/images/dog_jpg.rf.0e.jpg"
    yolo_export.add(image, labels="valid/labels/dog_jpg.rf.0e.txt")
    store = MemoryStore()
    with pytest.raises(BadDataError, match=r"'dog_jpg' \(2\); --ungrouped takes the images of a"):
        ingest(store, RoboflowSource(root=str(yolo_export.root)), "r")
    assert list(store.list("")) == []


def test_another_folder_is_not_an_export(tmp_path: Path) -> None:
    """The message says what was looked for, and which formats to choose there."""
    with pytest.raises(UsageError, match=r"has neither train/_annotations.coco.json nor data.yaml"):
        RoboflowSource(root=str(tmp_path)).identity()


@pytest.mark.parametrize("layout", ["yolo", "coco"])
def test_an_export_may_give_no_test_set(
    layout: str, yolo_export: "Yolo", coco_export: Path
) -> None:
    """Labels that come along have none."""
    root = {"yolo": yolo_export.root, "coco": coco_export}[layout]
    source = RoboflowSource(root=str(root), test="none")
    assert not source.has_test
    assert (source.num_images("test"), groups(source, "test")) == (0, {})
    assert len(groups(source)) >= 4
