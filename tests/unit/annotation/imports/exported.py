"""What tools export, written by hand as they write it."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task><id>7</id><name>round 1</name><size>3</size><mode>annotation</mode></task>
    <dumped>2026-11-30 09:12:41.123456+00:00</dumped>
  </meta>
  <image id="0" name="0000_stem.jpg" width="100" height="200">
    <box label="dog" source="manual" occluded="0" xtl="10.00" ytl="20.00" xbr="30.00" ybr="60.00"
         z_order="0">
      <attribute name="confidence">0</attribute>
    </box>
    <box label="cat" source="auto" occluded="1" xtl="2.50" ytl="3.25" xbr="50.50" ybr="103.25"
         z_order="0"/>
  </image>
  <image id="1" name="0002_stem.png" width="100" height="200">
  </image>
</annotations>
"""


def zipped(files: Mapping[str, str | bytes], path: Path) -> Path:
    """An archive of files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unzipped(files: Mapping[str, str | bytes], folder: Path) -> Path:
    """A folder of files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def object_of(name: str, corners: tuple[float, float, float, float]) -> str:
    """An object of a file of Pascal VOC."""
    told = "".join(
        f"<{tag}>{number}</{tag}>"
        for tag, number in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    )
    return f"<object><name>{name}</name><bndbox>{told}</bndbox></object>"


def voc_of(*objects: str) -> str:
    """A file of Pascal VOC, of an image of 100 x 200 pixels."""
    size = "<size><width>100</width><height>200</height><depth>3</depth></size>"
    return f"<annotation><filename>x.jpg</filename>{size}{''.join(objects)}</annotation>"


VOC = {
    "Annotations/0000_stem.xml": voc_of(
        object_of("dog", (10.0, 20.0, 30.0, 60.0)), object_of("cat", (2.5, 3.25, 50.5, 103.25))
    ),
    "ImageSets/Main/default.txt": "0000_stem\n0002_stem\n",
    "labelmap.txt": "cat:::\ndog:::\n",
}
DARKNET = {
    "obj.data": "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n",
    "obj.names": "cat\ndog\n",
    "train.txt": "data/obj_train_data/0000_stem.jpg\ndata/obj_train_data/0002_stem.png\n",
    "obj_train_data/0000_stem.txt": "1 0.200000 0.200000 0.200000 0.200000\n"
    "0 0.265000 0.266250 0.480000 0.500000\n",
    "obj_train_data/0002_stem.txt": "",
}
ULTRALYTICS = {
    "data.yaml": "path: .\nnames:\n  0: cat\n  1: dog\ntrain: train.txt\n",
    "train.txt": "data/images/train/0000_stem.jpg\ndata/images/train/0002_stem.png\n",
    "labels/train/0000_stem.txt": DARKNET["obj_train_data/0000_stem.txt"],
    "labels/train/0002_stem.txt": "",
}
COCO = json.dumps(
    {
        "licenses": [],
        "info": {"description": ""},
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "images": [
            {"id": 1, "width": 100, "height": 200, "file_name": "0000_stem.jpg"},
            {"id": 2, "width": 100, "height": 200, "file_name": "0002_stem.png"},
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 2,
                "segmentation": [],
                "area": 800.0,
                "bbox": [10.0, 20.0, 20.0, 40.0],
                "iscrowd": 0,
                "attributes": {"occluded": False, "rotation": 0.0},
            },
            {
                "id": 2,
                "image_id": 1,
                "category_id": 1,
                "segmentation": [],
                "area": 4800.0,
                "bbox": [2.5, 3.25, 48.0, 100.0],
                "iscrowd": 0,
            },
        ],
    }
)
