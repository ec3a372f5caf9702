"""Answers as datumaro writes them. It needs older libraries than ours, so it is no dependency."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from job.annotation.imports.layouts import read_answers
from job.export.pick_formats import PICK_FORMATS
from job.export.target import all_or_nothing, open_target
from tests.unit.export.batches import batch, picked
from tests.unit.export.test_labels import encode

datumaro = pytest.importorskip("datumaro", reason="datumaro is not installed")

LAYOUTS = {
    "cvat": "CVAT 1.1",
    "coco_instances": "COCO",
    "voc_detection": "Pascal VOC",
    "yolo": "YOLO",
}


def written(folder: Path, layout: str) -> Path:
    """Proposals that a tool has taken, one of them moved, and written as an archive."""
    picks = PICK_FORMATS["cvat"](batch())
    with all_or_nothing(open_target(str(folder / "picks"))) as files:
        for image in picks.batch.images:
            files.write(picks.image_file(image), encode())
        for name, data in picks.files().items():
            files.write(name, data)
    dataset = datumaro.Dataset.import_from(str(folder / "picks"), "cvat")
    items = [item.wrap(annotations=[moved(box) for box in item.annotations]) for item in dataset]
    dataset = datumaro.Dataset.from_iterable(items, categories=dataset.categories())
    dataset.export(str(folder / "answers"), layout, save_media=False)
    return Path(shutil.make_archive(str(folder / "answers"), "zip", folder / "answers"))


def moved(box: Any) -> Any:
    """A box, or if it is the dog's one, one with its left edge elsewhere."""
    x, y, width, height = box.get_bbox()
    if x == 10:
        x, width = x - 1.25, width + 1.25
    return datumaro.Bbox(x, y, width, height, label=box.label)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.filterwarnings("ignore")
def test_boxes_come_back_as_they_were_drawn(layout: str, tmp_path: Path) -> None:
    """Also the one that was moved, in images of 100 x 200 pixels."""
    read = read_answers(written(tmp_path, layout), pixels_from=0)
    assert read.layout == LAYOUTS[layout]
    first = next(each for each in read.found if "0000_stem" in each.name)
    boxes = {box.label: box.corners_xyxy for box in first.of(picked(0, "a")).boxes}
    assert boxes["dog"] == pytest.approx((8.75, 20, 30, 60), abs=0.005)
    assert boxes["Eisbär"] == pytest.approx((0, 0, 50.5, 200), abs=0.005)
