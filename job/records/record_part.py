# ruff: noqa: N803, N806 - shape suffixes
"""What strategies read: some columns of a score record, of some of its images.

Shapes are those of `job.records.score_record`: N = images, D = detections of all of them together,
C = foreground classes, F = length of a box feature, E = length of an image embedding.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from job.records import halves
from job.records.arrays import Floats, Integers, flat_values, matrix, offsets, offsets_of
from job.records.score_record import DETECTION_COLUMNS, GROUND_TRUTH_COLUMNS, GroundTruthMatches

_OF_DETECTIONS = frozenset({*DETECTION_COLUMNS, "truth_box", "truth_iou"})


@dataclass(frozen=True)
class RecordPart:
    """The score record of N images, with the columns that were asked for.

    Attributes are decoded when they are used. One whose column was not read is an `AttributeError`.
    """

    table: pa.Table
    """The column `id` and others of `ScoreRecord.to_table`, one row per image."""

    @cached_property
    def ids(self) -> NDArray[np.str_]:
        """The images' ids: (N,)."""
        return np.array(self._read("id").to_pylist(), dtype=np.str_)

    @cached_property
    def sizes_wh(self) -> Integers:
        """The images' width and height, in pixels: (N, 2)."""
        return np.stack([self._read("width"), self._read("height")], axis=1).astype(np.int64)

    @cached_property
    def offsets(self) -> Integers:
        """Image i has the detections from `offsets[i]` to below `offsets[i + 1]`: (N + 1,)."""
        given = set(self.table.column_names)
        names = [name for name in DETECTION_COLUMNS if name in given]
        return offsets_of(self._read(names[0] if names else "offsets"))

    @cached_property
    def boxes_xyxy(self) -> Floats:
        """The detections' boxes, in pixels: float32 (D, 4)."""
        return matrix(self._read("boxes_xyxy"))

    @cached_property
    def probabilities(self) -> Floats:
        """The detections' classes without background; each row sums to 1: float16 (D, C)."""
        return matrix(self._read("probabilities"))

    @cached_property
    def objectness(self) -> Floats:
        """1 - p(background) of each detection: float32 (D,)."""
        return flat_values(self._read("objectness"))

    @cached_property
    def num_overlaps(self) -> Integers:
        """The number of boxes that each detection stands for: (D,); see `ScoreRecord`."""
        return flat_values(self._read("num_overlaps")).astype(np.int64)

    @cached_property
    def box_features(self) -> Floats:
        """The detections' features: float16 (D, F); only if `score.box_features` is set."""
        return matrix(self._read("box_features"))

    @cached_property
    def embeddings(self) -> Floats:
        """The images' embeddings: float16 (N, E)."""
        return matrix(self._read("embedding"))

    @cached_property
    def ground_truth(self) -> GroundTruthMatches:
        """The ground truth of labelled images."""
        for name in sorted(GROUND_TRUTH_COLUMNS):
            self._read(name)
        return GroundTruthMatches.from_table(self.table)

    @property
    def num_detections(self) -> Integers:
        """The number of detections of each image: (N,)."""
        return np.diff(self.offsets)

    @property
    def image_of_detection(self) -> Integers:
        """The row of the image that each detection belongs to: (D,)."""
        return np.repeat(np.arange(len(self.ids)), self.num_detections)

    @cached_property
    def predicted(self) -> Integers:
        """The index of each detection's most probable class, the first one of equal ones: (D,)."""
        return halves.first_highest(self.probabilities)

    def keep(self, is_kept_D: NDArray[np.bool_]) -> "RecordPart":
        """Return the same images with some of their detections: those that are true in (D,)."""
        counts_N = np.bincount(self.image_of_detection[is_kept_D], minlength=len(self.ids))
        kept_offsets = pa.array(offsets(counts_N), pa.int32())
        rows = pa.array(np.flatnonzero(is_kept_D))
        table = self.table
        for number, name in enumerate(table.column_names):
            if name in _OF_DETECTIONS:
                flat = table[name].combine_chunks().flatten()
                column = pa.ListArray.from_arrays(kept_offsets, flat.take(rows))
                table = table.set_column(number, name, column)
        return RecordPart(table)

    def _read(self, name: str) -> Any:
        if name not in self.table.column_names:
            message = (
                f"the score record was read without {name}; it was read with "
                f"{', '.join(self.table.column_names)}: a strategy names its columns in `reads` "
                "and `reads_labelled`"
            )
            raise AttributeError(message)
        return self.table[name]
