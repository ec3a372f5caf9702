# ruff: noqa: N803, N806 - shape suffixes
"""Which images to look at: a sample of each class, and the oddest.

B = boxes, M = boxes of one image.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from job.records.arrays import Float32s, Float64s
from job.report.data.labels import SplitLabels
from job.report.wording import counted, listing

MAX_COMPARED = 1_000
"""So many boxes of one image are compared with each other."""
MIN_OVERLAP = 0.5
"""IoU from which on two boxes are worth a look."""
EDGES = ("left", "top", "right", "bottom")
TOUCHING = 0.5
"""A box touches an edge of its image if it is within this many pixels of it."""


@dataclass(frozen=True)
class Shown:
    """An image that the page shows."""

    labels: SplitLabels
    row: int
    """Of the image."""
    caption: str
    boxes: tuple[int, ...] = ()
    """The boxes that it is shown for, of all the split's."""
    is_zoomed: bool = False
    """Whether only the surroundings of these boxes are shown."""

    @property
    def id(self) -> str:
        """The image's id."""
        return self.labels.ids[self.row]


def of_class(labels: SplitLabels, number: int, most: int, rng: np.random.Generator) -> list[Shown]:
    """Return images of a class, drawn at random."""
    rows = np.unique(labels.image_B[labels.class_B == number])
    chosen = np.sort(rng.choice(rows, min(most, len(rows)), replace=False))
    return [_of_class(labels, number, int(row)) for row in chosen]


def _of_class(labels: SplitLabels, number: int, row: int) -> Shown:
    boxes = labels.boxes_of(row)
    mine = boxes[labels.class_B[boxes] == number]
    others = f" and {len(boxes) - len(mine)} of other classes" if len(mine) < len(boxes) else ""
    caption = f"{counted(len(mine), 'box', 'boxes')}{others}"
    return Shown(labels, row, caption, tuple(mine.tolist()))


def without_boxes(labels: SplitLabels, most: int, rng: np.random.Generator) -> list[Shown]:
    """Return labelled images that have no box, drawn at random."""
    rows = np.flatnonzero(labels.is_labelled_N & (labels.counts_N == 0))
    chosen = np.sort(rng.choice(rows, min(most, len(rows)), replace=False))
    return [Shown(labels, int(row), "no box") for row in chosen]


def unlabelled(labels: SplitLabels, most: int, rng: np.random.Generator) -> list[Shown]:
    """Return images without a label, drawn at random."""
    rows = np.flatnonzero(~labels.is_labelled_N)
    chosen = np.sort(rng.choice(rows, min(most, len(rows)), replace=False))
    return [Shown(labels, int(row), "not labelled") for row in chosen]


def smallest(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the smallest boxes, one of an image, with their surroundings."""
    return [
        Shown(labels, int(labels.image_B[box]), _size(labels, box), (box,), is_zoomed=True)
        for labels, box in _first([(each, each.side_B) for each in splits], most)
    ]


def largest(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the boxes that cover most of their image, one of an image."""
    return [
        Shown(labels, int(labels.image_B[box]), _size(labels, box), (box,))
        for labels, box in _first([(each, -each.side_B) for each in splits], most)
    ]


def narrowest(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the boxes whose sides differ most, one of an image."""
    return [
        Shown(labels, int(labels.image_B[box]), _size(labels, box), (box,))
        for labels, box in _first([(each, -np.abs(_log_aspect(each))) for each in splits], most)
    ]


def touching(splits: Sequence[SplitLabels], most: int, rng: np.random.Generator) -> list[Shown]:
    """Return boxes that touch an edge of their image, drawn at random, one of an image."""
    values = [
        (each, np.where(edges(each).any(axis=1), rng.random(len(each.class_B)), np.inf))
        for each in splits
    ]
    return [
        Shown(labels, int(labels.image_B[box]), f"touches {_touched(labels, box)}", (box,))
        for labels, box in _first(values, most)
    ]


def most_boxes(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the images with the most boxes."""
    ranked = sorted(
        (-int(each.counts_N[row]), number, int(row))
        for number, each in enumerate(splits)
        for row in np.argsort(-each.counts_N, kind="stable")[:most]
    )
    return [
        Shown(splits[of], row, counted(-less, "box", "boxes"))
        for less, of, row in ranked[:most]
        if less
    ]


def overlapping(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the pairs of boxes that overlap most, one of an image."""
    pairs = sorted(
        (-pair.iou, number, pair.row, pair.boxes)
        for number, each in enumerate(splits)
        for pair in overlaps(each)
    )
    result = []
    for iou, number, row, boxes in pairs[:most]:
        labels = splits[number]
        names = [labels.classes[labels.class_B[box]] for box in boxes]
        caption = f"{names[0]} and {names[1]}: IoU {-iou:.2f}"
        result.append(Shown(labels, row, caption, boxes))
    return result


@dataclass(frozen=True)
class Overlap:
    """The two boxes of an image that overlap most."""

    row: int
    boxes: tuple[int, int]
    iou: float


def overlaps(labels: SplitLabels) -> Iterator[Overlap]:
    """Yield the two most overlapping boxes of each image, if they overlap by `MIN_OVERLAP`.

    Crowd regions are left out: they are meant to lie over other boxes.
    """
    for row in np.flatnonzero(labels.counts_N > 1):
        boxes = labels.boxes_of(int(row))
        boxes = boxes[~labels.crowd_B[boxes]][:MAX_COMPARED]
        iou_MM = np.triu(_iou(labels.boxes_B4[boxes]), 1)
        if len(boxes) and iou_MM.max() >= MIN_OVERLAP:
            first, second = np.unravel_index(int(iou_MM.argmax()), iou_MM.shape)
            pair = int(boxes[first]), int(boxes[second])
            yield Overlap(int(row), pair, float(iou_MM.max()))


def edges(labels: SplitLabels) -> np.ndarray:
    """Return which of the `EDGES` each box touches: (B, 4)."""
    sizes_B2 = labels.sizes_N2[labels.image_B]
    return np.concatenate(
        [labels.boxes_B4[:, :2] <= TOUCHING, labels.boxes_B4[:, 2:] >= sizes_B2 - TOUCHING], axis=1
    )


def _touched(labels: SplitLabels, box: int) -> str:
    touches = edges(labels)[box].tolist()
    return listing([name for name, is_touched in zip(EDGES, touches, strict=True) if is_touched])


def _first(
    values: Iterable[tuple[SplitLabels, Float64s]], most: int
) -> list[tuple[SplitLabels, int]]:
    """Return the boxes with the lowest values, one of an image; those of infinity are left out."""
    ranked = []
    for number, (labels, values_B) in enumerate(values):
        seen: set[int] = set()
        for box in np.argsort(values_B, kind="stable"):
            row = int(labels.image_B[box])
            if len(seen) == most or values_B[box] == np.inf:
                break
            if row not in seen:
                seen.add(row)
                ranked.append((float(values_B[box]), number, int(box), labels))
    return [(labels, box) for _, _, box, labels in sorted(ranked, key=lambda each: each[:3])[:most]]


def _log_aspect(labels: SplitLabels) -> Float64s:
    sides_B2 = (labels.boxes_B4[:, 2:] - labels.boxes_B4[:, :2]).astype(np.float64)
    return np.asarray(np.log(sides_B2[:, 0] / sides_B2[:, 1]))


def _size(labels: SplitLabels, box: int) -> str:
    """Return the size of a box in words."""
    left, top, right, bottom = labels.boxes_B4[box].tolist()
    width, height = labels.sizes_N2[labels.image_B[box]].tolist()
    return f"{right - left:.0f} x {bottom - top:.0f} of {width} x {height} pixels"


def _iou(boxes_M4: Float32s) -> Float64s:
    """Return the IoU of each pair of boxes: (M, M)."""
    boxes = boxes_M4.astype(np.float64)
    low_MM2 = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high_MM2 = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared_MM = (high_MM2 - low_MM2).clip(min=0).prod(axis=2)
    area_M = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.asarray(shared_MM / (area_M[:, None] + area_M - shared_MM))
