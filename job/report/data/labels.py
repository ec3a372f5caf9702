# ruff: noqa: N802, N806, N815 - shape suffixes
"""The labels of a split in columns, so that those of a large data set fit into memory.

N = images, B = boxes of all of them together, C = classes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from job.annotators import labels_of
from job.data.dataset import Dataset
from job.data.shards import read_labelled
from job.keys import Split
from job.records.annotation import Annotation
from job.records.arrays import Float32s, Float64s, Integers

Flags = NDArray[np.bool_]

EDGES = ("left", "top", "right", "bottom")
TOUCHING = 0.5
"""A box touches an edge of its image if it is within this many pixels of it."""
IMAGES_AT_A_TIME = 10_000
"""So many annotations are in memory at a time."""


@dataclass(frozen=True)
class SplitLabels:
    """The images of a split, and the boxes of those that are labelled."""

    split: Split
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    sizes_N2: Integers
    """(N, 2): width and height, in pixels."""
    is_labelled_N: Flags
    image_B: Integers
    """The row of each box's image."""
    boxes_B4: Float32s
    """Their corners, xyxy, in pixels of the image."""
    class_B: Integers
    """The index of each box's class."""
    difficult_B: Flags
    crowd_B: Flags
    groups: Mapping[str, str] = field(default_factory=dict)
    """The group of each image that is in one."""

    @cached_property
    def counts_N(self) -> Integers:
        """The number of boxes of each image, with difficult ones and crowd regions."""
        return np.bincount(self.image_B, minlength=len(self.ids)).astype(np.int64)

    @property
    def num_labelled(self) -> int:
        """The number of labelled images."""
        return int(self.is_labelled_N.sum())

    @property
    def num_empty(self) -> int:
        """The number of labelled images without a box."""
        return int(np.sum(self.is_labelled_N & (self.counts_N == 0)))

    @property
    def class_counts_C(self) -> Integers:
        """The number of boxes of each class, without crowd regions."""
        counts = np.bincount(self.class_B[~self.crowd_B], minlength=len(self.classes))
        return counts.astype(np.int64)

    @cached_property
    def shares_B2(self) -> Float64s:
        """Each box's width and height as shares of its image's."""
        sides_B2 = (self.boxes_B4[:, 2:] - self.boxes_B4[:, :2]).astype(np.float64)
        return sides_B2 / self.sizes_N2[self.image_B]

    @cached_property
    def side_B(self) -> Float64s:
        """The side of a square of each box's area, as a share of the side of a square image.

        The network sees every image as a square, so this is what a default box is compared with.
        """
        return np.asarray(np.sqrt(self.shares_B2.prod(axis=1)))

    @cached_property
    def touches_B4(self) -> Flags:
        """Which of the `EDGES` of its image each box touches."""
        at_start_B2 = self.boxes_B4[:, :2] <= TOUCHING
        at_end_B2 = self.boxes_B4[:, 2:] >= self.sizes_N2[self.image_B] - TOUCHING
        return np.concatenate([at_start_B2, at_end_B2], axis=1)

    def boxes_of(self, row: int) -> Integers:
        """Return the numbers of an image's boxes; boxes lie in the order of their images."""
        first, last = np.searchsorted(self.image_B, [row, row + 1])
        return np.arange(first, last)


def read_labels(dataset: Dataset, split: Split) -> SplitLabels:
    """Read the labels of a split.

    Those of the pool are the ones that people gave or corrected, and otherwise the oracle's.

    Raises:
        BadDataError: An object of the data set is damaged or missing.
    """
    ids, index = dataset.ids(split), dataset.index(split)
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    is_labelled_N = np.zeros(len(ids), bool)
    columns = _Columns(dataset.classes)
    labels = _pool_labels(dataset) if split == "pool" else _test_labels(dataset)
    for image_id, annotation in labels:
        row = row_of[image_id]
        is_labelled_N[row] = True
        columns.add(row, annotation)
    sizes = [index[name].to_numpy() for name in ("width", "height")]
    return SplitLabels(
        split=split,
        classes=dataset.classes,
        ids=ids,
        sizes_N2=np.stack(sizes, axis=1).astype(np.int64),
        is_labelled_N=is_labelled_N,
        groups=dataset.groups(split),
        **columns.arrays(),
    )


def _pool_labels(dataset: Dataset) -> Iterator[tuple[str, Annotation]]:
    ids = dataset.ids("pool")
    for first in range(0, len(ids), IMAGES_AT_A_TIME):
        some = ids[first : first + IMAGES_AT_A_TIME]
        if dataset.has_ground_truth:
            yield from labels_of(dataset, some, "oracle", lambda: dataset).items()
        else:
            yield from dataset.known_labels(some).items()


def _test_labels(dataset: Dataset) -> Iterator[tuple[str, Annotation]]:
    for number in range(len(dataset.shards("test"))):
        for image in read_labelled(dataset.fetch_shard("test", number)):
            yield image.id, image.annotation


class _Columns:
    """Columns that grow, image by image, in the order of the rows."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self._index_of = {name: index for index, name in enumerate(classes)}
        self._parts: dict[str, list[np.ndarray]] = {
            "image_B": [np.empty(0, np.int64)],
            "boxes_B4": [np.empty((0, 4), np.float32)],
            "class_B": [np.empty(0, np.int64)],
            "difficult_B": [np.empty(0, bool)],
            "crowd_B": [np.empty(0, bool)],
        }

    def add(self, row: int, annotation: Annotation) -> None:
        """Append the boxes of an image."""
        labels = [self._index_of[label] for label in annotation.labels]
        for name, values in (
            ("image_B", np.full(len(labels), row)),
            ("boxes_B4", annotation.boxes_xyxy),
            ("class_B", np.array(labels, np.int64)),
            ("difficult_B", np.array(annotation.difficult, bool)),
            ("crowd_B", np.array(annotation.crowd, bool)),
        ):
            self._parts[name].append(values)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the columns by their names."""
        return {name: np.concatenate(parts) for name, parts in self._parts.items()}
