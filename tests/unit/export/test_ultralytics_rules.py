"""Exports as Ultralytics reads them, by its published rules, in a reader that shares no code."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from job.export.formats.yolo import YoloFormat
from job.export.labels import write_labels
from job.export.target import all_or_nothing, open_target
from tests.unit.export.images import CLASSES, annotated, on_disk
from tests.unit.export.test_labels import encode

SUFFIXES = {"bmp", "jpeg", "jpg", "png", "webp"}


def read(description: Path, split: str) -> dict[str, list[tuple[str, list[float]]]]:
    """The boxes of each image of a split in pixels, by the image's name.

    The rules of docs.ultralytics.com/datasets/detect and of its check of a data set: train and val
    have to be there; paths begin at `path`, or else at the file's folder; images are all below a
    folder; labels lie below the last `labels` for `images`; rows have five columns in float32, all
    between 0 and 1; sizes are those after EXIF has turned a JPEG.
    """
    content = yaml.safe_load(description.read_text(encoding="utf-8"))
    assert {"train", "val", "names"} <= content.keys()
    folder = Path(content.get("path") or description.parent) / content[split]
    return {
        str(image.relative_to(folder)): list(rows(image, content["names"]))
        for image in sorted(folder.rglob("*"))
        if image.suffix[1:].lower() in SUFFIXES
    }


def rows(image: Path, names: dict[int, str]) -> Iterator[tuple[str, list[float]]]:
    before, after = str(image).rsplit(f"{os.sep}images{os.sep}", 1)
    labels = Path(f"{before}{os.sep}labels{os.sep}{after}").with_suffix(".txt")
    text = labels.read_text(encoding="utf-8").strip()
    table = np.array([line.split() for line in text.splitlines()], np.float32).reshape(-1, 5)
    assert table.min(initial=0) >= 0
    assert table[:, 1:].max(initial=0) <= 1
    assert len(np.unique(table, axis=0)) == len(table)
    with Image.open(image) as opened:
        is_turned = opened.format == "JPEG" and opened.getexif().get(0x0112) in {6, 8}
        width, height = opened.size[::-1] if is_turned else opened.size
    for number, x, y, w, h in table.tolist():
        corners = (
            (x - w / 2) * width,
            (y - h / 2) * height,
            (x + w / 2) * width,
            (y + h / 2) * height,
        )
        yield names[int(number)], [round(corner, 3) for corner in corners]


def test_ultralytics_would_read_the_same_boxes(tmp_path: Path) -> None:
    """Of images in folders, also one called `images`, turned by EXIF, or without a box."""
    boxes = [("dog", (0.0, 0.0, 30.0, 40.0), ""), ("Eisbär", (2.5, 3.25, 7.5, 8.0), "")]
    annotations = {
        "images/a": (encode(), annotated(boxes[1:])),
        "b/ü.v1": (encode(orientation=6), annotated(boxes, (30, 40))),
        "empty": (encode(), annotated()),
    }
    source = tmp_path / "source"
    source.mkdir()
    images = [on_disk(source, image_id, *of) for image_id, of in annotations.items()]
    with all_or_nothing(open_target(str(tmp_path / "out"))) as files:
        write_labels(files, YoloFormat(CLASSES, "tiny"), images, images[2:])
    expected = {
        "b/ü.v1.jpg": [(name, [*corners]) for name, corners, _ in boxes],
        "images/a.jpg": [(name, [*corners]) for name, corners, _ in boxes[1:]],
        "empty.jpg": [],
    }
    assert read(tmp_path / "out/data.yaml", "train") == expected
    assert read(tmp_path / "out/data.yaml", "val") == {"empty.jpg": []}
