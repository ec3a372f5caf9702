# ruff: noqa: N815 - shape suffixes
"""What is known before the next labels are paid for. Nothing is read here.

B = boxes of all labelled images together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from job.acquisition.features.situation import Situation
from job.records.annotation import Annotation, class_counts
from job.records.arrays import Float64s

CELL = 16
"""Pixels of the network's input: a cell of the feature map from which small objects are found."""
HELD = 0.9
"""The share of boxes that a sufficient input size shows at least as large as a cell."""
_STEP = 32
"""Input sizes are multiples of this many pixels."""


@dataclass(frozen=True)
class Labels:
    """What the labels of at least one image say."""

    num_images: int
    num_empty: int
    """Images without a box."""
    class_counts: Mapping[str, int]
    """The number of boxes of each class."""
    side_B: Float64s
    """The side of a square of each box's area, as a share of the image's, which is square to the
    network."""
    image_side: float
    """The median side of the images, in pixels: of a square of an image's area."""

    @property
    def empty_share(self) -> float:
        """The share of these images that have no box."""
        return self.num_empty / self.num_images


def labels_of(annotations: Sequence[Annotation], classes: Sequence[str]) -> Labels | None:
    """Return what labels say; None without a labelled image. Crowd regions do not count."""
    if not annotations:
        return None
    counts = class_counts(annotations, classes)
    sides = [_sides(each) for each in annotations]
    return Labels(
        num_images=len(annotations),
        num_empty=sum(not len(each) for each in sides),
        class_counts=counts,
        side_B=np.concatenate(sides),
        image_side=float(np.median([(each.width * each.height) ** 0.5 for each in annotations])),
    )


def _sides(annotation: Annotation) -> Float64s:
    is_object = ~np.array(annotation.crowd, bool)
    corners = annotation.boxes_xyxy[is_object].astype(np.float64)
    areas = np.maximum(corners[:, 2:] - corners[:, :2], 0).prod(axis=1)
    return np.asarray(np.sqrt(areas / (annotation.width * annotation.height)))


@dataclass(frozen=True)
class Resolution:
    """How large the boxes are to the network."""

    are_of_test_images: bool
    model: str
    size: int
    """The side of the network's input, in pixels."""
    below_default_box: float | None
    """The share of boxes below the smallest default box; None: the detector has none."""
    below_cell: float
    """The share of boxes below `CELL` pixels."""
    size_needed: int
    """The input size at which nine of ten boxes have `CELL` pixels."""
    image_side: float
    """The side of the images themselves, in pixels."""


def resolution_of(
    labels: Labels | None,
    model: str,
    size: int,
    smallest_box: float | None,
    *,
    are_of_test_images: bool = False,
) -> Resolution | None:
    """Return how large the boxes are to a network; None without a box.

    Args:
        labels: What labels say.
        model: The detector's name.
        size: The side of its input, in pixels.
        smallest_box: The side of its smallest default box, as a share of that.
        are_of_test_images: Whether the labels are.
    """
    if labels is None or not len(labels.side_B):
        return None
    small = max(float(np.quantile(labels.side_B, 1 - HELD)), 1e-3)
    return Resolution(
        are_of_test_images=are_of_test_images,
        model=model,
        size=size,
        below_default_box=None if smallest_box is None else _below(labels, smallest_box),
        below_cell=_below(labels, CELL / size),
        size_needed=_STEP * ceil(CELL / small / _STEP),
        image_side=labels.image_side,
    )


def _below(labels: Labels, share: float) -> float:
    return float(np.mean(labels.side_B < share))


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a data set, of an experiment on it, and of its budget."""

    dataset: str
    next_round: int
    """The round that would select next."""
    num_unlabelled: int
    seen_by: str
    """Whose embeddings and scores they are, in words."""
    is_pretrained: bool
    """Whether the network that sees the images has learned anything."""
    situation: Situation
    labels: Labels | None
    """What labels of the pool say. Those of test images say nothing of it: rare classes of a pool
    are often frequent in a test set."""
    resolution: Resolution | None
    """By labels of the pool or, if there are none, of test images."""
    num_planned: int | None
    """Labelled images at the end of the experiment; None if no experiment is planned."""
    pays_for_looking: bool
    """Whether an image costs something whatever it shows."""

    @property
    def empty_share(self) -> float | None:
        """The share of images without an object: of unlabelled ones, or else of labelled ones."""
        if self.situation.empty_share is not None:
            return self.situation.empty_share
        return self.labels.empty_share if self.labels else None

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        return len(self.situation.class_counts)
