"""Sources made for tests: tiny VOC and COCO folders, and images to put there."""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from job.data.formats.base import LoadedSample, Sample, Source, fingerprint
from job.data.formats.coco import CocoSource
from job.data.formats.yolo import YoloSource
from job.keys import Split
from job.storage.memory import MemoryStore

VocBox = tuple[str, float | str, float | str, float | str, float | str]
CocoBox = tuple[str, list[Any]]


def encode(seed: int, width: int = 40, height: int = 30, suffix: str = ".jpg") -> bytes:
    """An image file that no other seed has."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, {".jpg": "JPEG", ".png": "PNG"}[suffix.lower()])
    return file.getvalue()


class Voc:
    """A VOC folder that grows; in the end each split has an image with a box."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.num_images = 0

    def add(  # noqa: PLR0913 - each test sets another one of these
        self,
        split: str,
        image_id: str,
        boxes: Sequence[VocBox] = (("cat", 1, 1, 20, 20),),
        *,
        data: bytes | None = None,
        suffix: str = ".jpg",
        xml: str | None = None,
    ) -> None:
        """Add an image to a list; `2012/train` is a list of a year."""
        year, _, name = split.rpartition("/")
        folder = self.root / f"VOC{year}" if year else self.root
        image = folder / "JPEGImages" / f"{image_id}{suffix}"
        annotation = folder / "Annotations" / f"{image_id}.xml"
        listed = folder / "ImageSets" / "Main" / f"{name}.txt"
        for path in (image, annotation, listed):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.num_images += 1
        image.write_bytes(encode(self.num_images) if data is None else data)
        annotation.write_text(self.xml(boxes) if xml is None else xml, encoding="utf-8")
        with listed.open("a", encoding="utf-8") as file:
            file.write(f"{image_id}\n")

    @staticmethod
    def xml(boxes: Sequence[VocBox], more: str = "") -> str:
        """An annotation; `more` goes into each object."""
        objects = "".join(
            f"<object><name>{name}</name>{more}<bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin>"
            f"<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
            for name, x0, y0, x1, y1 in boxes
        )
        return (
            "<annotation><size><width>40</width><height>30</height><depth>3</depth></size>"
            f"{objects}</annotation>"
        )


class Coco:
    """A folder of images and a JSON file for each of the splits `pool` and `test`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.num_images = 0
        self.content: dict[str, dict[str, list[dict[str, Any]]]] = {
            split: {
                "images": [],
                "annotations": [],
                "categories": [{"id": 9, "name": "ant"}, {"id": 3, "name": "zebra"}],
            }
            for split in ("pool", "test")
        }

    def add(
        self,
        split: str,
        file_name: str,
        boxes: Sequence[tuple[int, Any]] = ((3, [0, 0, 20, 20]),),
        *,
        data: bytes | None = None,
    ) -> None:
        """Add an image with boxes, each a category's id and its bbox."""
        self.num_images += 1
        path = self.root / split / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(self.num_images) if data is None else data)
        content = self.content[split]
        image = {"id": self.num_images, "file_name": file_name, "width": 40, "height": 30}
        content["images"].append(image)
        for category, bbox in boxes:
            content["annotations"].append(
                {
                    "id": len(content["annotations"]) + 1,
                    "image_id": self.num_images,
                    "category_id": category,
                    "bbox": copy(bbox),  # the default is one list for all tests
                    "iscrowd": 0,
                    "segmentation": [[0, 0, 1, 1, 2, 2]],
                }
            )

    def source(self) -> CocoSource:
        """Write the JSON files, and return the source that they make."""
        return CocoSource.model_validate(self.write())

    def write(self) -> dict[str, Path]:
        """Write the JSON files, and return the options of `CocoSource`."""
        options = {}
        for split, content in self.content.items():
            (self.root / split).mkdir(parents=True, exist_ok=True)
            path = self.root / f"{split}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            options[f"{split}_images"] = self.root / split
            options[f"{split}_annotations"] = path
        return options


class Yolo:
    """A folder in Ultralytics' layout that grows."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data.yaml"
        self.num_images = 0

    def add(
        self, image: str, rows: str | None = "0 .5 .5 .5 .5\n", labels: str | None = None
    ) -> None:
        """Add `images/train/a.jpg`, say, and its `labels/train/a.txt`; None: it has no labels."""
        path = self.root / image
        path.parent.mkdir(parents=True, exist_ok=True)
        self.num_images += 1
        path.write_bytes(encode(self.num_images, suffix=path.suffix))
        if rows is not None:
            label = labels or image.replace("images/", "labels/").replace(path.suffix, ".txt")
            (self.root / label).parent.mkdir(parents=True, exist_ok=True)
            (self.root / label).write_text(rows, encoding="utf-8")

    def describe(self, text: str = "train: images/train\nval: images/val\n") -> None:
        """Write the data.yaml; two classes stand before `text`."""
        self.data.write_text(f"names: [ant, bee]\n{text}", encoding="utf-8")

    def source(self, **options: Any) -> YoloSource:
        """Return the source."""
        return YoloSource.model_validate({"data": self.data, **options})


@pytest.fixture
def voc(tmp_path: Path) -> Voc:
    """A VOC folder with one image in each of the lists `train` and `test`."""
    made = Voc(tmp_path / "voc")
    made.add("train", "good")
    made.add("test", "other")
    return made


@pytest.fixture
def empty_voc(tmp_path: Path) -> Voc:
    """A VOC folder with nothing in it."""
    return Voc(tmp_path / "voc")


@pytest.fixture
def coco(tmp_path: Path) -> Coco:
    """COCO folders with one image each; of the categories, the second has the lower id."""
    made = Coco(tmp_path / "coco")
    made.add("pool", "good.jpg")
    made.add("test", "other.jpg")
    return made


@pytest.fixture
def yolo(tmp_path: Path) -> Yolo:
    """A folder in Ultralytics' layout with one image in each of `train` and `val`."""
    made = Yolo(tmp_path / "yolo")
    made.add("images/train/good.jpg")
    made.add("images/val/other.jpg", "1 .5 .5 1 1")
    made.describe()
    return made


@pytest.fixture
def empty_yolo(tmp_path: Path) -> Yolo:
    """A folder with nothing in it."""
    made = Yolo(tmp_path / "yolo")
    made.root.mkdir()
    return made


@pytest.fixture
def encoded() -> Callable[..., bytes]:
    """Makes image files: (seed, width, height, suffix)."""
    return encode


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


class Photos(Source):
    """Images without annotations, as a folder of photographs has them."""

    kind: ClassVar[str] = "photos"

    pool: dict[str, bytes]
    names: tuple[str, ...] | None = ("cat", "dog")

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes that somebody has named."""
        return self.names

    @property
    def has_test(self) -> bool:
        """There is none."""
        return False

    @property
    def annotates_pool(self) -> bool:
        """Nobody has labelled anything."""
        return False

    def identity(self) -> dict[str, str | int]:
        """The ids and bytes."""
        parts = [part for each in self.pool.items() for part in each]
        return {"pool_digest": fingerprint(parts)}

    def num_images(self, split: Split) -> int:
        """How many there are."""
        return len(self.pool) if split == "pool" else 0

    def samples(self, split: Split) -> Iterator[Sample]:
        """Each image."""
        for image_id, data in self.pool.items() if split == "pool" else ():
            loaded = LoadedSample(data, ".jpg", f"{image_id}.jpg", "", ())
            yield Sample(image_id, partial(lambda content: content, loaded))


class PhotosWithTest(Photos):
    """Images without annotations, and the test set of another source."""

    other: Source

    @property
    def has_test(self) -> bool:
        """The other source's."""
        return True

    def num_images(self, split: Split) -> int:
        """How many there are."""
        return self.other.num_images(split) if split == "test" else super().num_images(split)

    def samples(self, split: Split) -> Iterator[Sample]:
        """Each image."""
        return self.other.samples(split) if split == "test" else super().samples(split)
