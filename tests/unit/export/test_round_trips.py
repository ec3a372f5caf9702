"""Labels that go from layout to layout, read by ingest in between."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from job.data.formats.base import Source
from job.data.formats.coco import CocoSource
from job.data.formats.voc import VocSource
from job.data.formats.yolo import YoloSource
from job.data.ingest.validate import validate
from job.data.shards import LabelledImage
from job.export.formats import FORMATS, FormatName
from job.export.labels import write_labels
from job.export.target import all_or_nothing, open_target
from tests.unit.export.images import CLASSES, Marked, annotated, on_disk

NAMES = {
    "a": ".jpg",
    "b/ü & <c>.v1": ".png",
    "images/a": ".webp",
    "日本/a 1": ".jpeg",
    "turned": ".jpg",
    "%2E": ".bmp",
    "empty": ".jpg",
    "test": ".jpg",
}
"""The ids of images, with their suffixes."""

KINDS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".bmp": "BMP"}
SIZE = (317, 211)


def encode(number: int, suffix: str, *, is_turned: bool) -> bytes:
    """An image that no other number has: gray with 16 bits as PNG, and else in colour."""
    exif = Image.Exif()
    exif[0x0112] = 6 if is_turned else 1
    file = BytesIO()
    Image.new("I;16" if suffix == ".png" else "RGB", SIZE, number * 9).save(
        file, KINDS[suffix], exif=exif
    )
    return file.getvalue()


def drawn(rng: np.random.Generator, size: tuple[int, int]) -> list[Marked]:
    """A box over the whole image, and boxes with fractions of a pixel, of any class."""
    corners = rng.uniform(0, 1, (20, 2, 2))
    low, high = corners.min(axis=1) * size, corners.max(axis=1) * size
    boxes = [(0, 0, *size), *np.concatenate([low, high], axis=1).tolist()]
    return [(CLASSES[number % 3], (a, b, c, d), "") for number, (a, b, c, d) in enumerate(boxes)]


def made(folder: Path) -> list[LabelledImage]:
    """Labelled images, of which the last one is for the test set."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    images = []
    for number, (image_id, suffix) in enumerate(NAMES.items()):
        is_turned = image_id == "turned"
        size = SIZE[::-1] if is_turned else SIZE
        boxes = [] if image_id == "empty" else drawn(rng, size)
        data = encode(number, suffix, is_turned=is_turned)
        images.append(on_disk(folder, image_id, data, annotated(boxes, size), suffix))
    return images


def export(name: FormatName, images: Sequence[LabelledImage], out: Path) -> Source:
    """Write labels, and return them as a source; its pool is all but the last image."""
    with all_or_nothing(open_target(str(out))) as files:
        write_labels(files, FORMATS[name](CLASSES, "tiny"), images[:-1], images[-1:])
    if name == "voc":
        return VocSource(root=str(out), pool="trainval", test="test")
    if name == "yolo":
        return YoloSource(data=str(out / "data.yaml"))
    return CocoSource(
        pool_images=str(out / "images/train"),
        pool_annotations=str(out / "annotations/instances_train.json"),
        test_images=str(out / "images/val"),
        test_annotations=str(out / "annotations/instances_val.json"),
    )


def read(source: Source, folder: Path) -> list[LabelledImage]:
    """What ingest takes of a source, of which it refuses nothing."""
    folder.mkdir()
    found = []
    for sample in (*source.samples("pool"), *source.samples("test")):
        result = validate(sample, source.classes)
        assert not result.problems
        assert result.image
        image = result.image
        found.append(
            on_disk(folder, image.id, image.encoded.data, image.annotation, image.encoded.suffix)
        )
    return found


def told(images: Sequence[LabelledImage]) -> dict[str, tuple[object, ...]]:
    """All that is known of images, by their ids."""
    return {
        image.id: (
            image.read().data,
            image.suffix,
            (image.annotation.width, image.annotation.height),
            image.annotation.boxes_xyxy.tolist(),
            image.annotation.labels,
            image.annotation.difficult,
            image.annotation.crowd,
        )
        for image in images
    }


def test_what_all_layouts_can_say_survives_all_of_them(tmp_path: Path) -> None:
    """VOC, YOLO, COCO and VOC again: bytes, sizes, exact boxes and classes, also of odd names."""
    images = made(tmp_path / "made")
    expected = told(images)
    names: tuple[FormatName, ...] = ("voc", "yolo", "coco", "voc")
    for number, name in enumerate(names):
        source = export(name, images, tmp_path / f"out-{number}")
        images = read(source, tmp_path / f"read-{number}")
        assert told(images) == expected
