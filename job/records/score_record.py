"""The score record of images, as the detector makes it: in memory and in Parquet.

Shapes: N = images, D = detections of all images together, C = foreground classes,
F = length of a box feature, E = length of an image embedding, T = boxes of the ground truth.
Ragged data is flat: image i owns rows `offsets[i]:offsets[i + 1]` of every array of detections.
Boxes are (xmin, ymin, xmax, ymax) in pixels of the original image, with EXIF orientation applied.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from job.records.arrays import Floats, Integers, flat_values, offsets_of, rows

DETECTION_COLUMNS = (
    "boxes_xyxy",
    "probabilities",
    "box_features",
    "objectness",
    "num_overlaps",
)
"""The columns that have a list of detections in each row."""

GROUND_TRUTH_COLUMNS = frozenset({"truth_box", "truth_iou", "truth_classes"})
"""The columns that only the record of labelled images has."""


@dataclass(frozen=True)
class GroundTruthMatches:
    """The ground truth of N labelled images, and which box of it each detection overlaps most.

    Crowd regions are not among its boxes.
    """

    offsets: Integers
    """(N + 1,): image i owns boxes `offsets[i]:offsets[i + 1]`."""
    classes: Integers
    """(T,): the index of each box's class."""
    box: Integers
    """(D,): for each detection, the box of its image that it overlaps most, counted from 0. If two
    are equal, it is the first one; if it overlaps none, it is -1."""
    iou: Floats
    """float32 (D,): the intersection over union with that box; 0 if it overlaps none."""

    def rows(self, image_of_detection: Integers) -> Integers:
        """Return the row in `classes` of the box that each detection overlaps most: (D,), or -1."""
        return np.where(self.box >= 0, self.offsets[image_of_detection] + self.box, -1)

    def to_columns(self, detection_offsets: pa.Array) -> dict[str, pa.Array]:
        """Return the ground truth as columns of the score record."""

        def ragged(values: Any, kind: pa.DataType) -> pa.Array:
            return pa.ListArray.from_arrays(detection_offsets, pa.array(values, kind))

        return {
            "truth_box": ragged(self.box, pa.int32()),
            "truth_iou": ragged(self.iou, pa.float32()),
            "truth_classes": pa.ListArray.from_arrays(
                pa.array(self.offsets, pa.int32()), pa.array(self.classes, pa.int32())
            ),
        }

    @classmethod
    def from_table(cls, table: pa.Table) -> "GroundTruthMatches":
        """Return the ground truth from a table with the columns of `to_columns`."""
        return cls(
            offsets=offsets_of(table["truth_classes"]),
            classes=flat_values(table["truth_classes"]).astype(np.int64),
            box=flat_values(table["truth_box"]).astype(np.int64),
            iou=flat_values(table["truth_iou"]),
        )


@dataclass(frozen=True)
class ScoreRecord:
    """What the detector sees in N images: everything that a strategy may need.

    Strategies read it, or some columns of it, as `job.records.record_part.RecordPart`.
    """

    ids: NDArray[np.str_]
    """(N,)"""
    sizes_wh: Integers
    """(N, 2), in pixels."""
    offsets: Integers
    """(N + 1,)"""
    boxes_xyxy: Floats
    """float32 (D, 4), in pixels."""
    probabilities: Floats
    """float16 (D, C), without background: each row sums to 1."""
    objectness: Floats
    """float32 (D,): 1 - p(background). The full softmax's p(class) is the product of the two."""
    num_overlaps: Integers
    """(D,): the number of boxes before non-maximum suppression with IoU >= 0.5, including the
    detection itself. At most 400 boxes of an image count, of any class, whose score is at least
    `score.score_threshold`."""
    embeddings: Floats
    """float16 (N, E)"""
    box_features: Floats | None = None
    """float16 (D, F), if the configuration asks for them."""
    ground_truth: GroundTruthMatches | None = None
    """For labelled images only."""

    def to_table(self) -> pa.Table:
        """Return the record as it is stored in Parquet, one row per image."""
        offsets = pa.array(self.offsets, pa.int32())

        def ragged(values: pa.Array) -> pa.Array:
            return pa.ListArray.from_arrays(offsets, values)

        columns = {
            "id": pa.array(self.ids.tolist(), pa.string()),
            "width": pa.array(self.sizes_wh[:, 0], pa.int32()),
            "height": pa.array(self.sizes_wh[:, 1], pa.int32()),
            "boxes_xyxy": ragged(rows(self.boxes_xyxy, np.float32)),
            "probabilities": ragged(rows(self.probabilities, np.float16)),
            "objectness": ragged(pa.array(self.objectness, pa.float32())),
            "num_overlaps": ragged(pa.array(self.num_overlaps, pa.int32())),
            "embedding": rows(self.embeddings, np.float16),
        }
        if self.box_features is not None:
            columns["box_features"] = ragged(rows(self.box_features, np.float16))
        if self.ground_truth is not None:
            columns |= self.ground_truth.to_columns(offsets)
        return pa.table(columns)
