"""Layouts of answers that other tools export: each is known by what is in it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from job.annotation.answers import DrawnBox
from job.annotation.imports.layouts import read_answers
from job.errors import BadDataError, UsageError
from job.export.pick_formats import PICK_FORMATS
from tests.unit.annotation.imports.exported import (
    COCO,
    CVAT,
    DARKNET,
    ULTRALYTICS,
    VOC,
    unzipped,
    voc_of,
    zipped,
)
from tests.unit.export.batches import batch, picked

BOXES = (
    DrawnBox("dog", (10.0, 20.0, 30.0, 60.0)),
    DrawnBox("cat", (2.5, 3.25, 50.5, 103.25)),
)
Pack = Callable[[Mapping[str, str | bytes], Path], Path]
LAYOUTS: Mapping[str, Mapping[str, str | bytes]] = {
    "CVAT 1.1": {"annotations.xml": CVAT, "images/0000_stem.jpg": b"x"},
    "COCO": {"annotations/instances_default.json": COCO},
    "Pascal VOC": VOC,
    "YOLO": DARKNET,
    "YOLO: Ultralytics": ULTRALYTICS,
    "YOLO: Label Studio": {
        "classes.txt": "cat\ndog\n",
        "notes.json": "{}",
        "labels/0000_stem.txt": DARKNET["obj_train_data/0000_stem.txt"],
        "labels/0002_stem.txt": "",
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("pack", [zipped, unzipped])
def test_a_layout_is_known_by_its_files(layout: str, pack: Pack, tmp_path: Path) -> None:
    """An archive or a folder, also one below another folder, has the boxes that were drawn."""
    files = LAYOUTS[layout]
    inner = {f"export/{name}": content for name, content in files.items()}
    hidden = {"__MACOSX/._a.xml": b"\0", ".DS_Store": b"\0"}
    for number, content in enumerate((files, {**inner, **hidden})):
        read = read_answers(pack(content, tmp_path / f"{number}.zip"), pixels_from=0)
        assert read.layout == layout.partition(":")[0]
        drawn, empty = read.found
        image = picked(0, "a")
        assert drawn.of(image).boxes == BOXES
        assert drawn.name.rpartition("/")[2].startswith("0000_stem")
        assert empty.name.rpartition("/")[2].startswith("0002_stem")
        assert (drawn.is_silent, empty.is_silent) == (False, True)


def test_a_file_alone_is_read(tmp_path: Path) -> None:
    """An XML or JSON file that was taken out of its archive."""
    for name, content in {"a.xml": CVAT, "b.json": COCO}.items():
        (tmp_path / name).write_text(content)
        assert read_answers(tmp_path / name).found[0].of(picked(0, "a")).boxes == BOXES


def test_pascal_voc_asks_how_pixels_are_counted(tmp_path: Path) -> None:
    """Counted from 1, the first pixel begins at 0."""
    place = zipped(VOC, tmp_path / "voc.zip")
    with pytest.raises(UsageError, match="give --pixels-from 0 if CVAT, Label Studio, Kili or dat"):
        read_answers(place)
    first = read_answers(place, pixels_from=1).found[0].answer.boxes[0]
    assert first.corners_xyxy == (9.0, 19.0, 30.0, 60.0)


@pytest.mark.parametrize("tool", ["cvat", "coco", "labelstudio", "kili"])
def test_what_was_exported_for_a_tool_is_no_answer(tool: str, tmp_path: Path) -> None:
    """Its boxes are those of a model, and nobody has looked at them."""
    unzipped(PICK_FORMATS[tool](batch()).files(), tmp_path)  # type: ignore[index]
    with pytest.raises(UsageError, match=r"export picks` wrote it|no answers in a known layout"):
        read_answers(tmp_path)


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"readme.txt": "hello"}, "no answers in a known layout: CVAT for images 1.1, COCO, "),
        ({"a.json": "{"}, "a.json: malformed JSON: "),
        ({"a.json": "[]"}, "a.zip: no answers in a known layout"),
        (
            {"a.json": COCO.replace("200", '"x"', 1)},
            r"images\[0\] .*: the height of the image, 'x'",
        ),
        ({"a.xml": "<annotations><track/></annotations>"}, "export the task as CVAT for images"),
        ({"a.xml": "<annotations>"}, "a.xml: malformed XML: "),
        ({"data.yaml": "train: x"}, "data.yaml: names: expected a list of classes"),
    ],
)
def test_what_cannot_be_read_is_refused(
    files: Mapping[str, str], error: str, tmp_path: Path
) -> None:
    """In one line, with the file."""
    with pytest.raises((BadDataError, UsageError), match=error):
        read_answers(zipped(files, tmp_path / "a.zip"), pixels_from=0)
    with pytest.raises(UsageError, match="no such file or folder"):
        read_answers(tmp_path / "none")


def test_json_of_label_studio_and_of_kili_is_told_apart(tmp_path: Path) -> None:
    """Tasks in a list, and assets in a list or in files of their own."""
    task = {"id": 1, "data": {"al_key": "k"}, "annotations": [{"result": []}]}
    label = {"labelType": "DEFAULT", "jsonResponse": {}, "createdAt": "2026-11-30T09:00:00.000Z"}
    asset = {"externalId": "k", "labels": [label]}
    for number, (files, layout) in enumerate(
        [
            ({"project-1.json": json.dumps([task])}, "Label Studio"),
            ({"p/data.json": json.dumps([asset]), "p/README.kili.txt": "hello"}, "Kili"),
            ({"p/labels/mine/seed-3/k.json": json.dumps(asset)}, "Kili"),
        ]
    ):
        read = read_answers(zipped(files, tmp_path / f"{number}.zip"))
        assert (read.layout, read.measures_time) == (layout, True)
        assert [(each.name, each.is_silent) for each in read.found] == [("k", False)]


def test_a_download_that_went_wrong_is_refused(tmp_path: Path) -> None:
    """Such as a page that asks to log in, under the name of an archive."""
    (tmp_path / "a.zip").write_text("<html>log in</html>")
    with pytest.raises(BadDataError, match=r"a.zip: not a zip archive, or not all of it"):
        read_answers(tmp_path / "a.zip")


def test_only_the_instances_of_coco_are_read(tmp_path: Path) -> None:
    """Some tools write other files of the same images beside them."""
    other = json.dumps({**json.loads(COCO), "annotations": []})
    files = {"annotations/image_info_default.json": other, "annotations/instances_a.json": COCO}
    assert len(read_answers(unzipped(files, tmp_path)).found) == 2


def test_an_image_in_pascal_voc_is_read_once(tmp_path: Path) -> None:
    """Lists and images beside the XML files tell what else there is."""
    images = {"JPEGImages/b/1.jpg": b"x", "JPEGImages/2.jpg": b"x"}
    files: Mapping[str, str | bytes] = {"Annotations/b/1.xml": voc_of(), **images}
    found = read_answers(unzipped(files, tmp_path), pixels_from=1).found
    assert [(each.name, each.is_silent) for each in found] == [
        ("b/1", True),
        ("2", True),
    ]


def test_images_in_pascal_voc_with_one_name_are_both_read(tmp_path: Path) -> None:
    """Of two folders: whether they contradict each other is seen when they are matched."""
    files = {f"{part}/Annotations/1.xml": voc_of() for part in ("train", "val")}
    found = read_answers(unzipped(files, tmp_path), pixels_from=1).found
    assert [each.where.removeprefix(f"{tmp_path}/") for each in found] == [*files]


def test_what_is_not_a_number_is_not_known(tmp_path: Path) -> None:
    """Some tools write `NaN`, which JSON does not have: it is kept as nothing."""
    path = tmp_path / "a.json"
    path.write_text(COCO.replace('"images"', '"info": {"year": NaN}, "images"', 1))
    assert "NaN" in path.read_text()
    assert read_answers(path).layout == "COCO"
    task = {"id": 1, "data": {"al_key": "a"}, "predictions": [], "drafts": []}
    skipped = {"id": 2, "completed_by": 1, "result": [], "was_cancelled": True}
    told = {**skipped, "lead_time": float("nan"), "updated_at": "2026-11-30T10:00:00Z"}
    path.write_text(json.dumps([{**task, "annotations": [told]}]))
    (found,) = read_answers(path).found
    assert json.loads(json.dumps(found.answer.raw, allow_nan=False))["lead_time"] is None
    path.write_text(path.read_text().replace("NaN", "1e999"))
    assert read_answers(path).found[0].answer.raw["lead_time"] is None
