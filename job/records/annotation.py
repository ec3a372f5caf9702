"""The ground truth of one image.

B = boxes. Boxes are (xmin, ymin, xmax, ymax) in pixels of the original image, EXIF orientation applied.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from job.records.arrays import Floats


@dataclass(frozen=True)
class Annotation:
    """The ground truth of one image."""

    width: int
    height: int
    boxes_xyxy: Floats = field(repr=False)
    """float32 (B, 4), in pixels."""
    labels: tuple[str, ...]
    """Class names, one a box."""
    difficult: tuple[bool, ...]
    """VOC's flag: neither a hit nor a miss counts in evaluation."""
    crowd: tuple[bool, ...]
    """COCO's flag: a region of many objects. It is left out as a training target, so what lies
    there counts as background; in evaluation a detection inside one is not counted."""

    def to_json(self) -> bytes:
        """The `<id>.json` beside an image in a shard."""
        content = {
            "width": self.width,
            "height": self.height,
            "boxes_xyxy": [[float(x) for x in box] for box in self.boxes_xyxy],
            "labels": self.labels,
            "difficult": self.difficult,
            "crowd": self.crowd,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Annotation":
        """The inverse of `to_json`."""
        return cls.from_mapping(json.loads(data))

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> "Annotation":
        """Return what a mapping by the names of the fields says, from JSON or a Parquet row."""
        return cls(
            width=content["width"],
            height=content["height"],
            boxes_xyxy=np.asarray(content["boxes_xyxy"], dtype=np.float32).reshape(-1, 4),
            labels=tuple(content["labels"]),
            difficult=tuple(content["difficult"]),
            crowd=tuple(content["crowd"]),
        )


def class_counts(annotations: Sequence[Annotation], classes: Sequence[str]) -> dict[str, int]:
    """Return the number of boxes of each class; crowd regions are no boxes."""
    counts = dict.fromkeys(classes, 0)
    for annotation in annotations:
        for label, crowd in zip(annotation.labels, annotation.crowd, strict=True):
            if not crowd:
                counts[label] += 1
    return counts
