# ruff: noqa: N806 - shape suffixes
"""Pictures of the worst errors: what the model says, and what is there.

D = detections, best first, B = boxes of the ground truth.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from job.data.shards import LabelledImage
from job.detection.metrics.detections import Detections
from job.detection.metrics.error_gains import best_confidence
from job.detection.metrics.error_kinds import KINDS, NO_BOX, Explained, Kind
from job.detection.metrics.matching import rank_within
from job.records.arrays import Integers
from job.report.drawing.outlines import Outline, OutlinedImage, small_jpeg, view_around
from job.report.markup import render

NUM_EXAMPLES = 4
"""Pictures of each kind of error."""
SIDE = 256
"""The longest side of a picture, in pixels."""
CONTEXT = 3
"""A picture shows this many times the boxes that it is about, each way."""
MIN_ZOOM = 160
"""And at least this many pixels of the image."""
MAX_BOXES = 30
"""So many detections, and so many boxes of the ground truth, are drawn in a picture."""

_CAPTION = "<strong>{{ id }}</strong>: {{ told }}"


@dataclass(frozen=True)
class Example:
    """An error to be shown: a detection, the box that explains it, or both."""

    image: int
    row: int | None = None
    """Of the detection; None if a box is missed."""
    box: int | None = None
    """None if no box explains the detection."""


@dataclass(frozen=True)
class Gallery:
    """The worst errors of a model.

    They are the detections of the highest scores, and the boxes that are missed which cover most of
    their images. A kind shows an image once, and as many classes as it can.
    """

    images: Mapping[str, LabelledImage]
    """Of the test set."""
    found: Detections
    """In each of them."""
    explained: Explained
    classes: tuple[str, ...]

    @cached_property
    def confidence(self) -> float:
        """Detections with a lower score are left out."""
        return best_confidence(self.explained)

    def pictures(self) -> dict[Kind, list[OutlinedImage]]:
        """Return the worst errors of each kind.

        Raises:
            BadDataError: An image of the data set is damaged.
        """
        return {kind: [self._picture(each, kind) for each in self.worst(kind)] for kind in KINDS}

    def worst(self, kind: Kind) -> list[Example]:
        """Return the worst errors of a kind: of each class first its worst, then its second."""
        explained, boxes = self.explained, self.explained.boxes
        if kind == "missed":
            missed = np.flatnonzero(explained.missed(self.confidence))
            shares = [self._share(box) for box in missed.tolist()]
            missed = missed[np.argsort(np.negative(shares), kind="stable")]
            missed = missed[_shown(boxes.image_B[missed], boxes.label_B[missed])]
            return [Example(int(boxes.image_B[box]), box=box) for box in missed.tolist()]
        rows = np.flatnonzero(explained.is_of(kind) & self._is_told_D)
        rows = rows[_shown(self._image_D[rows], explained.label_D[rows])]
        found = zip(self._image_D[rows].tolist(), rows.tolist(), strict=True)
        boxes_of = explained.box_D[rows].tolist()
        return [
            Example(image, row, None if box == NO_BOX else box)
            for (image, row), box in zip(found, boxes_of, strict=True)
        ]

    @cached_property
    def _image_D(self) -> Integers:  # noqa: N802 - shape suffix
        return self.found.image_of_detection[self.explained.order_D]

    @cached_property
    def _is_told_D(self) -> np.ndarray:  # noqa: N802 - shape suffix
        return np.asarray(self.explained.score_D >= self.confidence)

    def _share(self, box: int) -> float:
        """Return the share of its image that a box covers."""
        annotation = self._image(int(self.explained.boxes.image_B[box])).annotation
        left, top, right, bottom = self._corners_of_box(box)
        return (right - left) * (bottom - top) / (annotation.width * annotation.height)

    def _image(self, number: int) -> LabelledImage:
        return self.images[self.found.ids[number]]

    def _corners_of_box(self, box: int) -> tuple[float, float, float, float]:
        boxes = self.explained.boxes
        annotation = self._image(int(boxes.image_B[box])).annotation
        return _corners(annotation.boxes_xyxy[boxes.position_B[box]])

    def _corners_of_detection(self, row: int) -> tuple[float, float, float, float]:
        return _corners(self.found.boxes_xyxy[self.explained.order_D[row]])

    def _told(self, row: int) -> str:
        """Return a detection in words: `cow 0.93`."""
        name = self.classes[self.explained.label_D[row]]
        return f"{name} {self.explained.score_D[row]:.2f}"

    def _picture(self, example: Example, kind: Kind) -> OutlinedImage:
        image = self._image(example.image)
        about = [self._corners_of_detection(each) for each in (example.row,) if each is not None]
        about += [self._corners_of_box(each) for each in (example.box,) if each is not None]
        size_wh = image.annotation.width, image.annotation.height
        view = view_around(about, size_wh, CONTEXT, MIN_ZOOM)
        jpeg = small_jpeg(image.read().data, image.id, SIDE, view, is_whole=False)
        told = self._caption(example, kind)
        return OutlinedImage(
            href=f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}",
            view=view,
            alt=f"{kind}: {told}",
            caption=render(_CAPTION, id=image.id, told=told),
            outlines=[*self._boxes(example), *self._detections(example, kind)],
        )

    def _caption(self, example: Example, kind: Kind) -> str:
        if example.row is None:
            return self._name_of_box(example.box)
        told = self._told(example.row)
        if kind == "classification":
            return f"{told} in place of {self._name_of_box(example.box)}"
        others = [self._told(row) for row in self._rows_beside(example, kind)]
        return f"{told}, beside {others[0]}" if others else told

    def _name_of_box(self, box: int | None) -> str:
        return "" if box is None else self.classes[self.explained.boxes.label_B[box]]

    def _boxes(self, example: Example) -> Iterator[Outline]:
        """Yield the ground truth, dashed; the box that the picture is about comes last."""
        boxes = self.explained.boxes
        mine = np.flatnonzero(boxes.image_B == example.image)[:MAX_BOXES].tolist()
        last = [] if example.box is None else [example.box]
        for box in [*(each for each in mine if each not in last), *last]:
            name = self._name_of_box(box)
            yield Outline(
                corners_xyxy=self._corners_of_box(box),
                label=int(boxes.label_B[box]),
                title=f"{name}, ground truth{'' if boxes.counts_B[box] else ', not counted'}",
                name=name,
                is_dashed=True,
                is_named_below=True,
            )

    def _detections(self, example: Example, kind: Kind) -> Iterator[Outline]:
        rows = self._rows_beside(example, kind)
        for row in [*rows, *([] if example.row is None else [example.row])]:
            told = self._told(row)
            corners, label = self._corners_of_detection(row), int(self.explained.label_D[row])
            yield Outline(corners_xyxy=corners, label=label, title=told, name=told)

    def _rows_beside(self, example: Example, kind: Kind) -> list[int]:
        """Return other detections: the one that found a box first, or all, if a box is missed."""
        beside_D = np.zeros(len(self.explained.hit_D), bool)
        if kind == "missed":
            beside_D = (self._image_D == example.image) & self._is_told_D
        elif kind == "duplicate":
            beside_D = self.explained.hit_D & (self.explained.box_D == example.box)
        return [int(row) for row in np.flatnonzero(beside_D)[:MAX_BOXES]]


def _corners(box_4: np.ndarray) -> tuple[float, float, float, float]:
    left, top, right, bottom = box_4.tolist()
    return left, top, right, bottom


def _shown(images: Integers, labels: Integers) -> Integers:
    """Return which of some errors are shown, from the images and classes of all, worst first.

    No two are of one image. The worst errors of all classes come before the second worst of any.
    """
    _, first = np.unique(images, return_index=True)
    first = np.sort(first)
    rank = rank_within(labels[first])
    return first[np.argsort(rank, kind="stable")][:NUM_EXAMPLES]
