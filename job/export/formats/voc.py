"""Pascal VOC: images, an XML file for each, and a list of them."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from job.data.shards import LabelledImage
from job.errors import BadDataError
from job.export.coco import plain
from job.export.formats.base import LabelFormat, Subset, boxes_of

LISTS: Mapping[Subset, str] = {"labelled": "trainval", "test": "test"}

LABEL_MAP = "# label:color_rgb:parts:actions\n"
"""The first line of the file without which datumaro and CVAT know Pascal VOC's own classes only."""


class VocFormat(LabelFormat):
    """`JPEGImages/<id>.jpg`, `Annotations/<id>.xml` and `ImageSets/Main/trainval.txt`."""

    crowd: ClassVar[str] = "are left out, since VOC has none"

    def __init__(self, classes: Sequence[str], title: str) -> None:
        super().__init__(classes, title)
        self._ids: dict[Subset, list[str]] = {}

    def image_file(self, subset: Subset, image: LabelledImage) -> str:  # noqa: ARG002 - as for all
        """Return the name of an image's file: VOC has one folder for all lists."""
        return f"JPEGImages/{image.id}{image.suffix}"

    def add(self, subset: Subset, image: LabelledImage) -> Mapping[str, bytes]:
        """Add an image, and return its XML file.

        Raises:
            BadDataError: The id cannot be a line of VOC's lists.
        """
        if image.id.strip().splitlines() != [image.id]:
            message = (
                f"{image.id!r} cannot be a line of VOC's lists, since it begins or ends in a blank "
                "or has a line break: use --format coco"
            )
            raise BadDataError(message)
        self._ids.setdefault(subset, []).append(image.id)
        return {f"Annotations/{image.id}.xml": self._xml(image)}

    def _xml(self, image: LabelledImage) -> bytes:
        folder, _, stem = f"JPEGImages/{image.id}".rpartition("/")
        root = Element("annotation")
        _text(root, folder=folder, filename=stem + image.suffix)
        _text(SubElement(root, "source"), database=self.title)
        size = SubElement(root, "size")
        _text(size, width=image.annotation.width, height=image.annotation.height, depth=3)
        _text(root, segmented=0)
        for box in boxes_of(image):
            if not box.crowd:
                element = SubElement(root, "object")
                _text(element, name=box.label, pose="Unspecified", truncated=0)
                _text(element, difficult=int(box.difficult))
                _corners(SubElement(element, "bndbox"), box.corners_xyxy)
        indent(root)
        data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return data

    def last_files(self) -> Mapping[str, bytes]:
        """Return the list of each subset, after the classes for datumaro and CVAT."""
        files = {}
        if not any(":" in name or name.startswith("#") for name in self.classes):
            lines = [LABEL_MAP, *(f"{name}:::\n" for name in self.classes)]
            files["labelmap.txt"] = "".join(lines).encode()
        for subset, ids in self._ids.items():
            lines = [f"{image_id}\n" for image_id in ids]
            files[f"ImageSets/Main/{LISTS[subset]}.txt"] = "".join(lines).encode()
        return files


def _corners(element: Element, corners_xyxy: Sequence[float]) -> None:
    """Write a box: VOC counts pixels from 1, and both corners belong to the box."""
    xmin, ymin, xmax, ymax = corners_xyxy
    _text(element, xmin=plain(xmin + 1), ymin=plain(ymin + 1), xmax=plain(xmax), ymax=plain(ymax))


def _text(parent: Element, **children: object) -> None:
    """Append elements that hold one text each."""
    for tag, value in children.items():
        SubElement(parent, tag).text = str(value)
