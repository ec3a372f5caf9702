"""What a detector found in a set of images."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from job.records.arrays import Floats, Integers, flat_values, matrix, offsets, offsets_of
from job.records.schemas import DETECTIONS_SCHEMA


@dataclass(frozen=True)
class Detections:
    """The D detections of N images; image i owns rows `offsets[i]:offsets[i + 1]`."""

    ids: tuple[str, ...]
    """(N,)"""
    offsets: Integers = field(repr=False)
    """(N + 1,)"""
    boxes_xyxy: Floats = field(repr=False)
    """float32 (D, 4), in pixels of the original image."""
    labels: Integers = field(repr=False)
    """(D,): the class's index."""
    scores: Floats = field(repr=False)
    """float32 (D,): the class's probability."""

    @classmethod
    def joined(cls, parts: "Sequence[Detections]") -> "Detections":
        """Return the detections of several sets, one after the other; of no sets, no detections."""
        lengths = [np.diff(each.offsets) for each in parts]
        return cls(
            ids=tuple(image_id for each in parts for image_id in each.ids),
            offsets=offsets(np.concatenate([np.empty(0, np.int64), *lengths])),
            boxes_xyxy=np.concatenate(
                [np.empty((0, 4), np.float32), *(p.boxes_xyxy for p in parts)]
            ),
            labels=np.concatenate([np.empty(0, np.int64), *(p.labels for p in parts)]),
            scores=np.concatenate([np.empty(0, np.float32), *(p.scores for p in parts)]),
        )

    @classmethod
    def from_table(cls, table: pa.Table, classes: Sequence[str]) -> "Detections":
        """Return the detections of a table as `to_table` makes it."""
        number_of = {name: number for number, name in enumerate(classes)}
        names = table["labels"].combine_chunks().flatten().to_pylist()
        return cls(
            ids=tuple(table["id"].to_pylist()),
            offsets=offsets_of(table["scores"]),
            boxes_xyxy=matrix(table["boxes_xyxy"]),
            labels=np.array([number_of[name] for name in names], np.int64),
            scores=flat_values(table["scores"]),
        )

    @property
    def image_of_detection(self) -> Integers:
        """(D,): the row of the image that each detection belongs to."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.offsets))

    def to_table(self, classes: Sequence[str]) -> pa.Table:
        """Return `evaluate/detections.parquet`, one row an image."""
        names = np.asarray(classes, dtype=object)[self.labels]
        rows = pa.FixedSizeListArray.from_arrays(pa.array(self.boxes_xyxy.ravel(), pa.float32()), 4)
        values = rows, pa.array(names, pa.string()), pa.array(self.scores, pa.float32())
        offsets = pa.array(self.offsets, pa.int32())
        columns = [pa.ListArray.from_arrays(offsets, value) for value in values]
        return pa.Table.from_arrays(
            [pa.array(self.ids, pa.string()), *columns], schema=DETECTIONS_SCHEMA
        )
