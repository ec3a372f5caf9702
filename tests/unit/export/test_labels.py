"""Writing labelled images as a data set."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from job.errors import BadDataError
from job.export.formats import FORMATS, FormatName
from job.export.labels import write_labels
from job.export.target import all_or_nothing, open_target
from tests.unit.export.images import CLASSES, annotated, on_disk


def encode(mode: str = "RGB", kind: str = "JPEG", orientation: int = 1) -> bytes:
    """An image of 40 x 30 pixels before EXIF turns it."""
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
    file = BytesIO()
    Image.new(mode, (40, 30)).save(file, kind, exif=exif)
    return file.getvalue()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder for images that are exported."""
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_images_are_written_as_they_are(name: FormatName, source: Path, tmp_path: Path) -> None:
    """Byte for byte, also with 16 bits or turned by EXIF, under names with folders and dots."""
    files = {
        "b/ü.v1": (".png", encode("I;16", "PNG")),
        "turned": (".jpg", encode(orientation=6)),
        "c": (".bmp", encode(kind="BMP")),
    }
    images = [
        on_disk(source, image_id, data, annotated(), suffix)
        for image_id, (suffix, data) in files.items()
    ]
    layout = FORMATS[name](CLASSES, "tiny")
    with all_or_nothing(open_target(str(tmp_path / "out"))) as out:
        write_labels(out, layout, images[:2], images[2:])
    for number, image in enumerate(images):
        path = tmp_path / "out" / layout.image_file("labelled" if number < 2 else "test", image)
        assert path.read_bytes() == files[image.id][1]


def test_what_a_layout_cannot_say_is_told(source: Path, tmp_path: Path) -> None:
    """Difficult boxes and crowd regions where they have no place, and images that EXIF turns."""
    boxes = [
        ("cat", (0, 0, 9, 9), "difficult"),
        ("cat", (0, 0, 8, 8), ""),
        ("dog", (0, 0, 7, 7), "crowd"),
    ]
    images = [
        on_disk(source, "a", encode(orientation=6), annotated(boxes, (30, 40))),
        on_disk(source, "b", encode(), annotated(boxes[:1])),
    ]
    told: dict[str, list[str]] = {}
    for each, make in FORMATS.items():
        with all_or_nothing(open_target(str(tmp_path / each))) as out:
            told[each] = write_labels(out, make(CLASSES, ""), images)
    difficult = "note: 2 boxes that are marked difficult"
    crowd = "note: 1 crowd regions are left out"
    turned = "note: 1 images are turned by EXIF"
    expected = {"coco": (difficult,), "voc": (crowd,), "yolo": (difficult, crowd)}
    for layout, (first, *notes) in told.items():
        assert first == "labelled: 2 images, 3 boxes"
        starts = (*expected[layout], turned)
        assert all(note.startswith(start) for note, start in zip(notes, starts, strict=True))


def test_what_completes_a_data_set_is_written_last(source: Path, tmp_path: Path) -> None:
    """An image that cannot be read ends the export, and nothing is left."""
    images = [
        on_disk(source, "a", encode(), annotated()),
        on_disk(source, " ", encode(), annotated()),  # VOC cannot name it
    ]
    with pytest.raises(BadDataError), all_or_nothing(open_target(str(tmp_path / "out"))) as out:
        write_labels(out, FORMATS["voc"](CLASSES, ""), images)
    assert list((tmp_path / "out").iterdir()) == []
