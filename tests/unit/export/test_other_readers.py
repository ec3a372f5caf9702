"""Exports as datumaro reads them; it is no dependency, since it needs older libraries than ours."""

from pathlib import Path
from typing import Any

import pytest

from job.export.formats import FORMATS, FormatName
from job.export.labels import write_labels
from job.export.pick_formats import PICK_FORMATS, ToolName
from job.export.target import all_or_nothing, open_target
from tests.unit.export.batches import batch
from tests.unit.export.images import CLASSES, annotated, on_disk
from tests.unit.export.test_labels import encode

datumaro = pytest.importorskip("datumaro.components.dataset", reason="datumaro is not installed")

READERS: dict[FormatName, tuple[str, dict[str, str]]] = {
    "coco": ("coco_instances", {}),
    "voc": ("voc_detection", {"coordinate_mode": "voc-one-based"}),
    "yolo": ("yolo", {}),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.filterwarnings("ignore")
def test_datumaro_reads_the_same_boxes(name: FormatName, tmp_path: Path) -> None:
    """Of each image, with its classes, also one that EXIF turns and one without a box."""
    boxes = [("dog", (0, 0, 30, 29), ""), ("Eisbär", (2.5, 3.25, 7.5, 8), "difficult")]
    deep = "ü.v1" if name == "yolo" else "b/ü.v1"  # of YOLO, it reads no folders
    (tmp_path / "source").mkdir()
    images = [
        on_disk(tmp_path / "source", deep, encode(), annotated(boxes[:1])),
        on_disk(tmp_path / "source", "a", encode(orientation=6), annotated(boxes, (30, 40))),
        on_disk(tmp_path / "source", "empty", encode(), annotated()),
    ]
    with all_or_nothing(open_target(str(tmp_path / "out"))) as files:
        write_labels(files, FORMATS[name](CLASSES, "tiny"), images)
    layout, options = READERS[name]
    read = datumaro.Dataset.import_from(str(tmp_path / "out"), layout, **options)
    classes = [each.name for each in next(iter(read.categories().values()))]
    found = {item.id: boxes_of(item, classes) for item in read}
    assert found == {
        deep: [("dog", 0, 0, 30, 29)],
        "a": [("Eisbär", 2.5, 3.25, 7.5, 8), ("dog", 0, 0, 30, 29)],
        "empty": [],
    }


def boxes_of(item: Any, classes: list[str]) -> list[tuple[object, ...]]:
    """The class and the corners of each box, sorted."""
    return sorted(
        (classes[each.label], *(round(x, 6) for x in each.points)) for each in item.annotations
    )


@pytest.mark.parametrize(("name", "layout"), [("cvat", "cvat"), ("coco", "coco_instances")])
@pytest.mark.filterwarnings("ignore")
def test_datumaro_reads_the_same_proposals(name: ToolName, layout: str, tmp_path: Path) -> None:
    """Of each pick by the name of its file, also one without a proposal."""
    picks = PICK_FORMATS[name](batch())
    with all_or_nothing(open_target(str(tmp_path))) as files:
        for image in picks.batch.images:
            files.write(picks.image_file(image), encode())
        for each, data in picks.files().items():
            files.write(each, data)
    read = datumaro.Dataset.import_from(str(tmp_path), layout)
    classes = [each.name for each in next(iter(read.categories().values()))]
    assert classes == list(CLASSES)
    assert {item.id: boxes_of(item, classes) for item in read} == {
        "0000_stem": [("Eisbär", 0, 0, 50.5, 200), ("dog", 10, 20, 30, 60)],
        "0002_stem": [],
    }
