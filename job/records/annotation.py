"""The ground truth of one image.

B = boxes. Boxes are (xmin, ymin, xmax, ymax) in pixels of the original image, with EXIF orientation
applied.
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
    """The class name of each box."""
    difficult: tuple[bool, ...]
    """VOC's flag: evaluation ignores the box, whether it is found or not."""
    crowd: tuple[bool, ...]
    """COCO's flag: a region of many objects. It is not a training target, so the region counts as
    background. In evaluation, detections inside it are ignored."""

    def to_json(self) -> bytes:
        """Return the content of `<id>.json`, which follows its image in a shard."""
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
        """Return the annotation that `to_json` has written."""
        return cls.from_mapping(json.loads(data))

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> "Annotation":
        """Return the annotation of a mapping with its fields' names: JSON, or a row of Parquet."""
        return cls(
            width=content["width"],
            height=content["height"],
            boxes_xyxy=np.asarray(content["boxes_xyxy"], dtype=np.float32).reshape(-1, 4),
            labels=tuple(content["labels"]),
            difficult=tuple(content["difficult"]),
            crowd=tuple(content["crowd"]),
        )


def class_counts(annotations: Sequence[Annotation], classes: Sequence[str]) -> dict[str, int]:
    """Return the number of boxes of each class, without crowd regions."""
    counts = dict.fromkeys(classes, 0)
    for annotation in annotations:
        for label, crowd in zip(annotation.labels, annotation.crowd, strict=True):
            if not crowd:
                counts[label] += 1
    return counts
