"""YOLO in Ultralytics' layout: images, a text file for each, and `data.yaml`."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from job.data.shards import LabelledImage
from job.export.formats.base import FOLDERS, LabelFormat, Subset, boxes_of
from job.runtime.yaml_text import write_yaml


class YoloFormat(LabelFormat):
    """`images/train/<id>.jpg`, `labels/train/<id>.txt` and `data.yaml`."""

    difficult: ClassVar[str] = "are ordinary boxes in YOLO, which has no such mark"
    crowd: ClassVar[str] = "are left out, since YOLO has none"

    def __init__(self, classes: Sequence[str], title: str) -> None:
        super().__init__(classes, title)
        self._numbers = {name: number for number, name in enumerate(self.classes)}
        self._subsets: dict[Subset, None] = {}

    def add(self, subset: Subset, image: LabelledImage) -> Mapping[str, bytes]:
        """Add an image, and return its text file, which is empty if there are no boxes."""
        self._subsets[subset] = None
        size = (image.annotation.width, image.annotation.height)
        lines = [
            f"{self._numbers[box.label]} {' '.join(map(repr, shares(box.corners_xyxy, size)))}\n"
            for box in boxes_of(image)
            if not box.crowd
        ]
        return {label_file(self.image_file(subset, image)): "".join(lines).encode()}

    def last_files(self) -> Mapping[str, bytes]:
        """Return `data.yaml`.

        It has no `path`, so that its folders are found beside it wherever it lies. Ultralytics
        requires `val`: without a test set it is the labelled images.
        """
        folders = [f"images/{FOLDERS[subset]}" for subset in self._subsets]
        content = {"train": folders[0], "val": folders[-1], "names": dict(enumerate(self.classes))}
        return {"data.yaml": f"# {self.title}\n{write_yaml(content)}".encode()}


def shares(corners_xyxy: Sequence[float], size_wh: tuple[int, int]) -> tuple[float, ...]:
    """Return a box's centre, width and height as shares of the image's width and height.

    They are as exact as a double is, so that the same pixels come back.
    """
    xmin, ymin, xmax, ymax = corners_xyxy
    width, height = size_wh
    centre = ((xmin + xmax) / 2 / width, (ymin + ymax) / 2 / height)
    return (*centre, (xmax - xmin) / width, (ymax - ymin) / height)


def label_file(image_file: str) -> str:
    """Return where Ultralytics looks for an image's boxes.

    The last folder `images` of the whole path is replaced by `labels`, and the suffix by `.txt`.
    """
    stem = image_file.rpartition(".")[0]
    return "/labels/".join(f"/{stem}.txt".rsplit("/images/", 1))[1:]
