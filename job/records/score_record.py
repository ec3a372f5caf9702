"""What one image's annotation, detections and score record look like, in memory and in Parquet.

Shapes: N = images, D = detections of all images together, C = foreground classes,
F = length of a box feature, E = length of an image embedding, B = boxes in one image.
Ragged data is flat_values: image i owns rows `offsets[i]:offsets[i + 1]` of every per-detection array.
Boxes are (xmin, ymin, xmax, ymax) in pixels of the original image, EXIF orientation applied.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from job.records.arrays import Floats, Integers, flat_values, matrix, offsets_of, rows


@dataclass(frozen=True)
class ScoreRecord:
    """The detector's view of N images, all that any strategy needs."""

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
    """float32 (D,): 1 - p(background), so p(class) in the full softmax is their product."""
    num_overlaps: Integers
    """(D,): the boxes before non-maximum suppression with IoU >= 0.5, itself among them; of the
    at most 400 boxes an image with at least `score.score_threshold`, whatever their class."""
    embeddings: Floats
    """float16 (N, E)"""
    box_features: Floats | None = None
    """float16 (D, F), where the configuration asks for them."""
    truth: "GroundTruthMatches | None" = None
    """Of labelled images only: what they really show."""

    @property
    def num_detections(self) -> Integers:
        """How many detections each image has: (N,)."""
        return np.diff(self.offsets)

    @property
    def image_of_detection(self) -> Integers:
        """(D,): the row of the image that each detection belongs to."""
        return np.repeat(np.arange(len(self.ids)), self.num_detections)

    @property
    def features(self) -> Floats:
        """`box_features`, by who has asked for them: (D, F)."""
        if self.box_features is None:
            message = "the record was read without box_features"
            raise AttributeError(message)
        return self.box_features

    @property
    def predicted(self) -> Integers:
        """(D,): the index of each detection's most probable class; of equal ones, the first."""
        return np.asarray(self.probabilities.argmax(axis=1))

    def to_table(self) -> pa.Table:
        """The record as Parquet holds it, one row an image."""
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
        if self.truth is not None:
            columns |= self.truth.to_columns(offsets)
        return pa.table(columns)

    @classmethod
    def from_table(cls, table: pa.Table) -> "ScoreRecord":
        """The inverse of `to_table`, also for a table of `id` and only some of the other columns.

        What the table has no columns for is left unset, so that asking for it is an AttributeError
        and never a wrong answer; `offsets` need one of the per-detection columns.
        """
        record = cls.__new__(cls)
        given = set(table.column_names)
        found: dict[str, NDArray[Any]] = {"ids": np.array(table["id"].to_pylist(), dtype=np.str_)}
        if {"width", "height"} <= given:
            found["sizes_wh"] = np.stack([table["width"], table["height"]], axis=1).astype(np.int64)
        if ragged := [name for name in _PER_DETECTION if name in given]:
            found["offsets"] = offsets_of(table[ragged[0]])
        for name in _PER_DETECTION:
            if name in given:
                read = matrix if name in _MATRICES else flat_values
                found[name] = read(table[name])
        if "num_overlaps" in found:
            found["num_overlaps"] = found["num_overlaps"].astype(np.int64)
        if "embedding" in given:
            found["embeddings"] = matrix(table["embedding"])
        if given >= TRUTH_COLUMNS:
            object.__setattr__(record, "truth", GroundTruthMatches.from_table(table))
        for name, values in found.items():
            object.__setattr__(record, name, values)  # the class is frozen
        return record


@dataclass(frozen=True)
class GroundTruthMatches:
    """The ground truth of N labelled images, and which of it their detections are of.

    T = boxes of the ground truth of all images together, without crowd regions.
    """

    offsets: Integers
    """(N + 1,): image i owns boxes `offsets[i]:offsets[i + 1]`."""
    classes: Integers
    """(T,): the index of each box's class."""
    box: Integers
    """(D,): for each detection, which of its image's boxes it overlaps most, from 0; of equal ones
    the first; -1 where it overlaps none."""
    iou: Floats
    """float32 (D,): how much, as intersection over union; 0 where it overlaps none."""

    def rows(self, image_of_detection: Integers) -> Integers:
        """Return the row in `classes` of the box that each detection overlaps most: (D,), or -1."""
        return np.where(self.box >= 0, self.offsets[image_of_detection] + self.box, -1)

    def to_columns(self, detection_offsets: pa.Array) -> dict[str, pa.Array]:
        """The truth as columns of the score record."""

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
        """The inverse of `to_columns`."""
        return cls(
            offsets=offsets_of(table["truth_classes"]),
            classes=flat_values(table["truth_classes"]).astype(np.int64),
            box=flat_values(table["truth_box"]).astype(np.int64),
            iou=flat_values(table["truth_iou"]),
        )


TRUTH_COLUMNS = frozenset({"truth_box", "truth_iou", "truth_classes"})
"""What the record of labelled images has beside the columns of every score record."""


_MATRICES = ("boxes_xyxy", "probabilities", "box_features")
_PER_DETECTION = (*_MATRICES, "objectness", "num_overlaps")
