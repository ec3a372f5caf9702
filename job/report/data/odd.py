# ruff: noqa: N806 - shape suffixes
"""Which images to look at: a sample of each class, and the oddest.

B = boxes, M = boxes of one image.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import takewhile

import numpy as np

from job.records.arrays import Float64s
from job.records.boxes import iou_of
from job.report.data.labels import EDGES, SplitLabels
from job.report.wording import counted, listing

MAX_COMPARED = 1_000
"""So many boxes of one image are compared with each other."""
MIN_OVERLAP = 0.5
"""IoU from which on two boxes are worth a look."""


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
    """Return the smallest boxes, with their surroundings."""
    return _apart(
        (replace(each, is_zoomed=True) for each in _sized(splits, [-of.side_B for of in splits])),
        most,
    )


def largest(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the boxes that cover most of their image."""
    return _apart(_sized(splits, [of.side_B for of in splits]), most)


def narrowest(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the boxes whose sides differ most."""
    return _apart(_sized(splits, [np.abs(_log_aspect(of)) for of in splits]), most)


def touching(splits: Sequence[SplitLabels], most: int, rng: np.random.Generator) -> list[Shown]:
    """Return boxes that touch an edge of their image, drawn at random."""
    values = [of.touches_B4.any(axis=1) * (1 - rng.random(len(of.class_B))) for of in splits]
    ranked = takewhile(lambda each: each[0] > 0, _ranked(splits, values))
    return _apart((_of_box(of, box, f"touches {_touched(of, box)}") for _, of, box in ranked), most)


def most_boxes(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the images with the most boxes."""
    ranked = _ranked(splits, [of.counts_N for of in splits])
    shown = (
        Shown(of, row, counted(int(number), "box", "boxes"))
        for number, of, row in takewhile(lambda each: each[0] > 0, ranked)
    )
    return _apart(shown, most)


def overlapping(splits: Sequence[SplitLabels], most: int) -> list[Shown]:
    """Return the pairs of boxes that overlap most."""
    pairs = [(of, pair) for of in splits for pair in overlaps(of)]
    pairs.sort(key=lambda each: -each[1].iou)
    return _apart((_of_pair(of, pair) for of, pair in pairs), most)


def _of_pair(labels: SplitLabels, pair: "Overlap") -> Shown:
    names = [labels.classes[labels.class_B[box]] for box in pair.boxes]
    return Shown(labels, pair.row, f"{names[0]} and {names[1]}: IoU {pair.iou:.2f}", pair.boxes)


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
        boxes_M4 = labels.boxes_B4[boxes]
        iou_MM = np.triu(iou_of(boxes_M4, boxes_M4), 1)
        if len(boxes) and iou_MM.max() >= MIN_OVERLAP:
            first, second = np.unravel_index(int(iou_MM.argmax()), iou_MM.shape)
            pair = int(boxes[first]), int(boxes[second])
            yield Overlap(int(row), pair, float(iou_MM.max()))


def _touched(labels: SplitLabels, box: int) -> str:
    """Return the edges of its image that a box touches, in words."""
    touches = labels.touches_B4[box].tolist()
    return listing([name for name, is_touched in zip(EDGES, touches, strict=True) if is_touched])


def _ranked(
    splits: Sequence[SplitLabels], values: Sequence[np.ndarray]
) -> Iterator[tuple[float, SplitLabels, int]]:
    """Yield the values of all splits, the highest first, each with its split and its place."""
    ranked = (_ranked_of(*each) for each in zip(splits, values, strict=True))
    return merge(*ranked, key=lambda each: -each[0])


def _ranked_of(labels: SplitLabels, values: np.ndarray) -> Iterator[tuple[float, SplitLabels, int]]:
    for place in np.argsort(-values, kind="stable"):
        yield float(values[place]), labels, int(place)


def _sized(splits: Sequence[SplitLabels], values: Sequence[np.ndarray]) -> Iterator[Shown]:
    """Yield the boxes with the highest values first, each with its size."""
    for _, labels, box in _ranked(splits, values):
        yield _of_box(labels, box, _size(labels, box))


def _of_box(labels: SplitLabels, box: int, caption: str) -> Shown:
    return Shown(labels, int(labels.image_B[box]), caption, (box,))


def _apart(shown: Iterable[Shown], most: int) -> list[Shown]:
    """Return the first ones of different images and, as far as images have groups, of those."""
    chosen: dict[object, Shown] = {}
    for each in shown:
        chosen.setdefault(each.labels.groups.get(each.id, (each.labels.split, each.row)), each)
        if len(chosen) == most:
            break
    return list(chosen.values())


def _log_aspect(labels: SplitLabels) -> Float64s:
    sides_B2 = (labels.boxes_B4[:, 2:] - labels.boxes_B4[:, :2]).astype(np.float64)
    return np.asarray(np.log(sides_B2[:, 0] / sides_B2[:, 1]))


def _size(labels: SplitLabels, box: int) -> str:
    """Return the size of a box in words."""
    left, top, right, bottom = labels.boxes_B4[box].tolist()
    width, height = labels.sizes_N2[labels.image_B[box]].tolist()
    return f"{right - left:.0f} x {bottom - top:.0f} of {width} x {height} pixels"
