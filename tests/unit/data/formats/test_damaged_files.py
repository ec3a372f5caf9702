"""Damaged files: each reader reads what an independent one reads, or refuses the whole."""

import json
from collections.abc import Callable, Collection
from functools import partial
from io import BytesIO
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from job.data.formats import json_stream
from job.data.formats.base import Source
from job.data.formats.coco import CocoSource
from job.data.formats.images import ImagesSource
from job.data.formats.roboflow import RoboflowSource
from job.data.formats.voc import VocSource
from job.data.formats.yolo import YoloSource
from tests.unit.data.conftest import Coco, Voc, Yolo, encode
from tests.unit.data.formats.damage import (
    Boxes,
    Damage,
    box,
    check,
    damaged,
    damages,
    some_examples,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a valid data set in each layout."""
    root = tmp_path_factory.mktemp("sets")
    make_images(root / "images")
    make_voc(root / "voc")
    make_coco(root / "coco")
    make_yolo(root / "yolo")
    make_darknet(root / "darknet")
    make_roboflow(root / "robo-coco", root / "robo-yolo")
    return root


def make_images(root: Path) -> None:
    root.mkdir()
    names = ["a.png", "b.webp", "c.bmp", "d.jpg"]
    for number, name in enumerate(names):
        with Image.open(BytesIO(encode(number))) as image:
            image.save(root / name)
    (root / "list.txt").write_text("\n".join(names))


def make_voc(root: Path) -> None:
    voc = Voc(root)
    voc.add("train", "a", [("cat", 1, 1, 20.5, 20), ("dog", 7, 8, 40, 30)])
    hard = voc.xml([("cat", 2, 2, 9, 9)], "<difficult>1</difficult><pose>Left</pose>")
    voc.add("train", "b", xml=hard)
    voc.add("test", "t", [("cat", 1, 1, 9, 9), ("dog", 1, 1, 9, 9)])


def make_coco(root: Path) -> None:
    coco = Coco(root)
    coco.add("pool", "a.jpg", [(3, [0, 0, 20, 20]), (9, [1.5, 2.25, 10, 1e1])])
    coco.add("pool", "b.jpg", [(9, [0, 0, 40, 30])])
    coco.content["pool"]["annotations"][1]["iscrowd"] = 1
    coco.add("test", "t.jpg", [(3, [0, 0, 9, 9]), (9, [0, 0, 9, 9])])
    coco.write()


def make_yolo(root: Path) -> None:
    yolo = Yolo(root)
    yolo.add("images/train/a.jpg", "0 0.5 0.5 0.25 0.5\n1 .25 .25 .5 .5\n")
    yolo.add("images/train/b.jpg", "1 0.1 0.2 0.3 0.4 0.5 0.6\n0 .5 .5 1 1")
    yolo.add("images/val/t.jpg", "0 .5 .5 1 1\n1 .5 .5 1 1")
    yolo.describe("nc: 2\npath: .\ntrain: images/train\nval: images/val\n")


def make_darknet(root: Path) -> None:
    yolo = Yolo(root)
    for name in ("a", "b", "t"):
        yolo.add(f"obj/{name}.jpg", "0 .5 .5 .5 .5\n1 .5 .5 1 1\n", labels=f"obj/{name}.txt")
    (root / "obj.names").write_text("ant\nbee\n")
    (root / "train.txt").write_text("data/obj/a.jpg\ndata/obj/b.jpg\n")
    (root / "valid.txt").write_text("data/obj/t.jpg\n")
    (root / "obj.data").write_text(
        "classes = 2\nnames = obj.names\ntrain = train.txt\nvalid = valid.txt\n"
    )


def make_roboflow(coco_root: Path, yolo_root: Path) -> None:
    coco, yolo = Coco(coco_root), Yolo(yolo_root)
    for split, folder, copies in (("pool", "train", "12"), ("test", "valid", "3")):
        for copy in copies:
            name = f"{folder}_jpg.rf.{copy}"
            coco.add(split, f"{name}.jpg")
            yolo.add(f"{folder}/images/{name}.jpg", labels=f"{folder}/labels/{name}.txt")
        (coco_root / split).rename(coco_root / folder)
        path = coco_root / folder / "_annotations.coco.json"
        path.write_text(json.dumps(coco.content[split]))
    yolo.describe("train: ../train/images\nval: ../valid/images\n")


def voc_boxes(root: Path, ids: Collection[str]) -> Boxes:
    """What the standard library's reader of XML finds."""
    return {each: set(voc_objects(root / "Annotations" / f"{each}.xml")) for each in ids}


def voc_objects(path: Path) -> list[tuple[object, ...]]:
    found = []
    for item in ET.fromstring(path.read_bytes()).iter("object"):  # noqa: S314 - our own
        texts = [item.findtext(f"bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax")]
        xmin, ymin, xmax, ymax = (float(text or "") for text in texts)
        is_hard = (item.findtext("difficult") or "0").strip().lower() in {"1", "1.0", "true", "yes"}
        corners = (xmin - 1, ymin - 1, xmax, ymax)
        found.append(box((item.findtext("name") or "").strip(), corners, difficult=is_hard))
    return found


def coco_boxes(path: Path, ids: Collection[str]) -> Boxes:
    """What the standard library's reader of JSON finds."""
    content = json.loads(path.read_bytes())
    names = {each["id"]: each["name"].strip() for each in content["categories"]}
    images = {each["id"]: each["file_name"].rpartition(".")[0] for each in content["images"]}
    found: Boxes = {image_id: set() for image_id in images.values()}
    for each in content["annotations"]:
        x, y, width, height = each["bbox"]
        label, crowd = names[each["category_id"]], bool(each.get("iscrowd", 0))
        corners = (x, y, x + width, y + height)
        found[images[each["image_id"]]].add(box(label, corners, crowd=crowd))
    assert found.keys() == set(ids)
    return found


def yolo_boxes(root: Path, names: Callable[[], list[str]], ids: Collection[str]) -> Boxes:
    """What splitting the lines of label files finds."""
    return {each: set(yolo_rows(next(root.rglob(f"{each}.txt")), names())) for each in ids}


def yolo_rows(path: Path, names: list[str]) -> list[tuple[object, ...]]:
    found = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if values := [float(word) for word in line.split()]:
            label, shares = names[int(values[0])], values[1:]
            if len(shares) == 4:
                x, y, width, height = shares
                corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            else:
                xs, ys = shares[::2], shares[1::2]
                corners = (min(xs), min(ys), max(xs), max(ys))
            x0, y0, x1, y1 = (round(each, 15) for each in corners)
            found.append(box(label, (x0 * 40, y0 * 30, x1 * 40, y1 * 30)))
    return found


def listed_images(path: Path, _: Collection[str]) -> Boxes:
    """What splitting the lines of a list finds."""
    lines = filter(None, map(str.strip, path.read_text(encoding="utf-8-sig").splitlines()))
    return {Path(line).with_suffix("").as_posix(): set() for line in lines}


def names_in_yaml(path: Path) -> list[str]:
    names = yaml.load(path.read_bytes(), yaml.BaseLoader)["names"]  # noqa: S506 - texts only
    return [names[key] for key in sorted(names)] if isinstance(names, dict) else names


def names_in_lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]


def voc(root: Path) -> tuple[Source, Callable[[Collection[str]], Boxes]]:
    return VocSource(root=str(root), pool="train", test="test"), partial(voc_boxes, root)


def coco(root: Path) -> tuple[Source, Callable[[Collection[str]], Boxes]]:
    places = {
        f"{split}_{what}": root / f"{split}{end}"
        for split in ("pool", "test")
        for what, end in (("images", ""), ("annotations", ".json"))
    }
    return CocoSource.model_validate(places), partial(coco_boxes, root / "pool.json")


def yolo(root: Path) -> tuple[Source, Callable[[Collection[str]], Boxes]]:
    data = root / "data.yaml"
    return YoloSource(data=str(data)), partial(yolo_boxes, root, partial(names_in_yaml, data))


def darknet(root: Path) -> tuple[Source, Callable[[Collection[str]], Boxes]]:
    names = partial(names_in_lines, root / "obj.names")
    return YoloSource(data=str(root / "obj.data")), partial(yolo_boxes, root, names)


def roboflow_coco(root: Path) -> tuple[Source, Callable[[Collection[str]], Boxes]]:
    path = root / "train/_annotations.coco.json"
    return RoboflowSource(root=str(root)), partial(coco_boxes, path)


def roboflow_yolo(root: Path) -> tuple[Source, Callable[[Collection[str]], Boxes]]:
    names = partial(names_in_yaml, root / "data.yaml")
    return RoboflowSource(root=str(root)), partial(yolo_boxes, root, names)


def images(root: Path) -> tuple[Source, Callable[[Collection[str]], Boxes]]:
    path = root / "list.txt"
    return ImagesSource(pool=str(path), classes="ant"), partial(listed_images, path)


READERS = {
    "images": (images, ["list.txt", "a.png", "b.webp", "c.bmp", "d.jpg"]),
    "voc": (voc, ["Annotations/a.xml", "Annotations/b.xml", "ImageSets/Main/train.txt"]),
    "coco": (coco, ["pool.json", "pool.json", "test.json", "pool/a.jpg"]),
    "yolo": (yolo, ["labels/train/a.txt", "labels/train/b.txt", "data.yaml"]),
    "darknet": (darknet, ["obj/a.txt", "obj.data", "obj.names", "train.txt"]),
    "robo-coco": (roboflow_coco, ["train/_annotations.coco.json"]),
    "robo-yolo": (roboflow_yolo, ["train/labels/train_jpg.rf.1.txt", "data.yaml"]),
}


@pytest.mark.parametrize("reader", READERS)
def test_what_is_whole_is_read_as_by_an_independent_reader(root: Path, reader: str) -> None:
    """Without damage, nothing is refused."""
    make, _ = READERS[reader]
    source, expected = make(root / reader)
    check(source, expected)
    boxes = [sample.load().boxes for sample in source.samples("pool")]
    assert all(boxes) == source.annotates_pool


@pytest.mark.parametrize("reader", READERS)
@some_examples
@given(damage=damages, data=st.data())
def test_a_damaged_file_is_read_as_it_is_or_refused_whole(
    root: Path, reader: str, damage: Damage, data: st.DataObject
) -> None:
    """There is one line and exit code 64 or 65, and nothing in the store; never a traceback."""
    make, files = READERS[reader]
    path = root / reader / data.draw(st.sampled_from(files))
    chunk = data.draw(st.sampled_from([7, json_stream.CHUNK_BYTES]))
    with damaged(path, damage), patch.object(json_stream, "CHUNK_BYTES", chunk):
        check(*make(root / reader))
