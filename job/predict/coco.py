"""`predictions.json`: detections as COCO annotations with a `score`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from job.export import coco
from job.predict.found import Found


@dataclass
class Predictions:
    """A COCO data set that grows by an image at a time. Everything is numbered from 1."""

    classes: Sequence[str]
    description: str
    """Which model found them, in words."""
    _images: list[dict[str, Any]] = field(default_factory=list)
    _annotations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def num_images(self) -> int:
        """How many images there are so far."""
        return len(self._images)

    @property
    def num_boxes(self) -> int:
        """How many boxes there are so far."""
        return len(self._annotations)

    def add(self, found: Found, size_wh: tuple[int, int]) -> None:
        """Add an image of that width and height."""
        number = len(self._images) + 1
        width, height = size_wh
        self._images.append(
            {"id": number, "file_name": found.name, "width": width, "height": height}
        )
        rows = (each.tolist() for each in (found.boxes_xyxy, found.labels, found.scores))
        for box, label, score in zip(*rows, strict=True):
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": number,
                    **coco.box(box, label + 1),
                    "score": score,
                }
            )

    def to_json(self) -> bytes:
        """Return the file."""
        content = {
            "info": {"description": self.description},
            "licenses": [],
            "categories": coco.categories(self.classes),
            "images": self._images,
            "annotations": self._annotations,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
