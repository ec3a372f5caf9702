"""COCO: images, and a JSON file of instances."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from job.data.shards import LabelledImage
from job.export import coco
from job.export.formats.base import FOLDERS, Box, LabelFormat, Subset, boxes_of


class CocoFormat(LabelFormat):
    """`images/train/<id>.jpg` and `annotations/instances_train.json`."""

    difficult: ClassVar[str] = (
        "are ordinary boxes in COCO, with a key `attributes: {difficult: true}` that most tools "
        "do not read"
    )

    def __init__(self, classes: Sequence[str], title: str) -> None:
        super().__init__(classes, title)
        self._numbers = {name: number for number, name in enumerate(self.classes, start=1)}
        self._images: dict[Subset, list[dict[str, Any]]] = {}
        self._annotations: dict[Subset, list[dict[str, Any]]] = {}

    def add(self, subset: Subset, image: LabelledImage) -> Mapping[str, bytes]:
        """Add an image: its rows are kept until the end."""
        images = self._images.setdefault(subset, [])
        annotations = self._annotations.setdefault(subset, [])
        images.append(
            {
                "id": len(images) + 1,
                "file_name": f"{image.id}{image.suffix}",
                "width": image.annotation.width,
                "height": image.annotation.height,
            }
        )
        for box in boxes_of(image):
            row = {"id": len(annotations) + 1, "image_id": len(images), **self._row(box)}
            annotations.append(row)
        return {}

    def _row(self, box: Box) -> dict[str, Any]:
        """Return the keys of a box that do not depend on other boxes."""
        number = self._numbers[box.label]
        row = coco.box(box.corners_xyxy, number) | {"iscrowd": int(box.crowd)}
        return row | ({"attributes": {"difficult": True}} if box.difficult else {})

    def last_files(self) -> Mapping[str, bytes]:
        """Return the JSON file of each subset."""
        return {
            f"annotations/instances_{FOLDERS[subset]}.json": self._json(subset)
            for subset in self._images
        }

    def _json(self, subset: Subset) -> bytes:
        content = {
            "info": {"description": self.title},
            "licenses": [],
            "categories": coco.categories(self.classes),
            "images": self._images[subset],
            "annotations": self._annotations[subset],
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
