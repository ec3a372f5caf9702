"""What a model finds in images is written for other tools."""

import json
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from structlog.testing import capture_logs

from job.data.shards import EncodedImage
from job.detection.exported.models import Wrap
from job.detection.inference.network_input import resized
from job.detection.input_size import Square
from job.detection.metrics.detections import Detections
from job.export.target import all_or_nothing
from job.predict.images import find_images
from job.predict.predict import Summary, predict
from job.records.arrays import offsets
from job.storage.local import LocalStore

ORANGE, GREEN = (230, 159, 0), (0, 158, 115)
"""The colours of the first and the third class."""


class Seeing:
    """Finds an upright box of the first class and a lower one of the third in every image."""

    classes = ("person", "car", "dög")
    input_size = Square(32)
    fill = torch.zeros(3, dtype=torch.uint8)

    def detections(self, images: Iterable[EncodedImage], wrap: Wrap) -> Generator[Detections]:
        transform = wrap(resized(self))
        for image in images:
            transform(image)
            yield Detections(
                ids=(image.id,),
                offsets=offsets([3]),
                boxes_xyxy=np.array(
                    [[5, 5, 10, 10], [20, 4, 40, 44], [2, 50, 42, 70]], dtype=np.float32
                ),
                labels=np.array([1, 0, 2]),
                scores=np.array([0.25, 0.5, 0.75], dtype=np.float32),
            )


def save(path: Path, size_wh: tuple[int, int] = (60, 80), orientation: int = 1) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size_wh, "#204060").save(path, exif=exif)


def run(source: Path, out: Path, *, with_pictures: bool = True) -> Summary:
    with all_or_nothing(LocalStore(out)) as files:
        return predict(
            Seeing(),
            find_images([source]),
            files,
            description="detections of a test",
            min_confidence=0.5,
            with_pictures=with_pictures,
        )


def content(out: Path) -> Any:
    return json.loads((out / "predictions.json").read_text(encoding="utf-8"))


def test_pycocotools_reads_the_file(tmp_path: Path) -> None:
    """Images by their names and sizes, boxes by corner and size, and the classes by name."""
    coco = pytest.importorskip("pycocotools.coco")
    save(tmp_path / "in/a.jpg")
    save(tmp_path / "in/b/ü.png", (64, 96))
    assert run(tmp_path / "in", tmp_path / "out") == Summary(2, 4, {})
    read = coco.COCO(tmp_path / "out/predictions.json")
    assert [each["name"] for each in read.loadCats(read.getCatIds())] == ["person", "car", "dög"]
    first, second = read.loadImgs(read.getImgIds())
    assert first == {"id": 1, "file_name": "a.jpg", "width": 60, "height": 80}
    assert second == {"id": 2, "file_name": "b/ü.png", "width": 64, "height": 96}
    best, other = read.loadAnns(read.getAnnIds(imgIds=[2]))
    assert (best["bbox"], best["category_id"], best["score"]) == ([2, 50, 40, 20], 3, 0.75)
    assert (other["bbox"], other["category_id"], other["area"]) == ([20, 4, 20, 40], 1, 800)
    results = read.loadRes(read.dataset["annotations"])
    assert len(results.getAnnIds()) == 4


def test_a_picture_has_the_boxes_and_the_name_of_its_image(tmp_path: Path) -> None:
    """It has the image's format, too; each class has a colour of its own."""
    save(tmp_path / "in/a.png", (60, 80))
    run(tmp_path / "in", tmp_path / "out")
    with Image.open(tmp_path / "out/pictures/a.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (60, 80))
        assert picture.getpixel((40, 30)) == ORANGE
        assert picture.getpixel((42, 66)) == GREEN
        assert picture.getpixel((55, 78)) == (0x20, 0x40, 0x60)


def test_an_image_that_exif_turns_is_upright(tmp_path: Path) -> None:
    """Sizes, boxes and the picture are those of what people see."""
    save(tmp_path / "in/a.png", (80, 60), orientation=6)
    run(tmp_path / "in", tmp_path / "out")
    assert content(tmp_path / "out")["images"][0]["width"] == 60
    with Image.open(tmp_path / "out/pictures/a.png") as picture:
        assert picture.size == (60, 80)
        assert not picture.getexif()
        assert picture.getpixel((40, 30)) == ORANGE


def test_a_broken_image_is_left_out_and_told(tmp_path: Path) -> None:
    """A line says why; all other images are done, and are numbered without it."""
    save(tmp_path / "in/a.jpg")
    (tmp_path / "in/b.jpg").write_bytes((tmp_path / "in/a.jpg").read_bytes()[:400])
    save(tmp_path / "in/c.jpg")
    (tmp_path / "in/d.png").write_text("hello")
    with capture_logs() as lines:
        summary = run(tmp_path / "in", tmp_path / "out")
    assert summary.num_images == 2
    assert summary.broken.keys() == {"b.jpg", "d.png"}
    assert [line["event"] for line in lines] == ["image.broken"] * 2
    assert lines[1]["reason"].startswith("d.png: not an image: 5 bytes")
    images = content(tmp_path / "out")["images"]
    assert [(each["id"], each["file_name"]) for each in images] == [(1, "a.jpg"), (2, "c.jpg")]
    assert {each.name for each in (tmp_path / "out/pictures").iterdir()} == {"a.jpg", "c.jpg"}


def test_an_image_that_cannot_be_opened_is_broken(tmp_path: Path) -> None:
    """It was there when the folder was listed."""
    save(tmp_path / "in/a.jpg")
    images = find_images([tmp_path / "in"])
    (tmp_path / "in/a.jpg").unlink()
    with all_or_nothing(LocalStore(tmp_path / "out")) as files:
        summary = predict(
            Seeing(), images, files, description="", min_confidence=0, with_pictures=True
        )
    assert summary.broken == {"a.jpg": "a.jpg: No such file or directory"}


def test_pictures_can_be_left_out(tmp_path: Path) -> None:
    """Then there is the JSON file alone."""
    save(tmp_path / "in/a.jpg")
    run(tmp_path / "in", tmp_path / "out", with_pictures=False)
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["predictions.json"]


def test_nothing_is_left_if_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that were drawn already are removed."""
    save(tmp_path / "in/a.jpg")

    def fail(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("job.predict.coco.Predictions.to_json", fail)
    with pytest.raises(MemoryError):
        run(tmp_path / "in", tmp_path / "out")
    assert not [each for each in (tmp_path / "out").rglob("*") if each.is_file()]
