# ruff: noqa: N802, N806, N815 - shape suffixes
"""Object coverage: images with typical objects that are unlike the labelled ones, for each class.

After OFDS: Object-Focused Data Selection for Dense Prediction Tasks, arXiv 2412.10032. There, the
objects come from a foundation model; here they are the boxes of the previous round's detector.

D = boxes of some images together, C = classes, K = centres of a class, F = length of a feature.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from job.acquisition.features import objects
from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.objects import ObjectBoxes, confidences
from job.acquisition.features.record_pass import read_rows, rows_among
from job.acquisition.features.true_positives import is_true_positive
from job.acquisition.numerics.class_quotas import class_weights, largest_remainder
from job.acquisition.numerics.cosine import most_similar, unit
from job.acquisition.numerics.k_means import k_means, squared_distances
from job.acquisition.strategies.random import draw
from job.acquisition.strategy import Images, Pick, Selection, Strategy, Task
from job.records.arrays import Float32s, Float64s, Floats, Integers
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

MIN_IOU = 0.5


@dataclass(frozen=True)
class _Boxes:
    """Boxes of some images."""

    ids_D: NDArray[np.object_]
    """The images; the boxes of one image share a string."""
    label_D: Integers
    confidence_D: Float64s
    features_DF: Floats
    """As in the record: float16, since there may be millions."""

    @classmethod
    def of_part(cls, part: RecordPart) -> Self:
        """Return the boxes of a part of a score record."""
        ids_D = part.ids.astype(np.object_)[part.image_of_detection]
        return cls(ids_D, part.predicted, confidences(part), part.box_features)

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return the boxes of all parts, in ascending order of the images' ids.

        The list is emptied before the last column is joined: features are most of the memory.
        """
        *names, last = [field.name for field in fields(cls)]
        columns = [np.concatenate([getattr(each, name) for each in parts]) for name in names]
        features = [getattr(each, last) for each in parts]
        parts.clear()
        columns.append(np.concatenate(features))
        features.clear()
        order = np.argsort(columns[0], kind="stable")
        is_in_order = (np.diff(order) == 1).all()
        return cls(*columns) if is_in_order else cls(*columns).at(order)

    def at(self, rows: NDArray[Any]) -> Self:
        """Return the boxes of some rows."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    def of_class(self, label: int) -> Self:
        """Return the boxes of one class."""
        return self.at(self.label_D == label)

    def drawn(self, count: int, rng: np.random.Generator) -> Self:
        """Return so many of the boxes, drawn at random, or all."""
        if len(self.ids_D) <= count:
            return self
        return self.at(np.sort(rng.choice(len(self.ids_D), count, replace=False)))

    @cached_property
    def unit_DF(self) -> Float32s:
        """Their features, of length 1."""
        return unit(self.features_DF)


class ObjectCoverage(ObjectBoxes, Strategy):
    """Selects for each class the images of boxes that stand for many others, by their features.

    The boxes of a class are clustered by k-means, in which the labelled boxes that the detector
    found are centres that stay. Each free centre picks the image of the box nearest to it, those of
    the largest clusters first. Rare classes have more centres. If the classes show too few images,
    random ones fill the budget. It needs `score.box_features`.
    """

    reads: ClassVar[frozenset[str]] = objects.READS | {"box_features"}
    reads_labelled: ClassVar[frozenset[str]] = reads | GROUND_TRUTH_COLUMNS

    max_boxes: PositiveInt = 20_000
    """At most this many boxes of a class are clustered, drawn at random."""

    def select(self, task: Task) -> Selection:
        """Let the classes pick, those of the most centres first, and fill what is left."""
        if not task.unlabelled.ids:
            return Selection(())
        boxes = self._read(task.unlabelled, task, self.reads)
        known = boxes.at(np.empty(0, np.intp))
        if task.labelled.ids:
            known = self._read(task.labelled, task, self.reads_labelled)
        quotas_C = _quotas(task, boxes)
        picks: dict[str, Pick] = {}
        for label in np.argsort(-quotas_C, kind="stable").tolist():
            mine = boxes.of_class(label).drawn(self.max_boxes, task.rng)
            like = known.of_class(label)
            for size, rows in _clusters(mine, like, quotas_C[label], task.rng):
                row = next((each for each in rows if mine.ids_D[each] not in picks), None)
                if row is not None:
                    why = _told(mine.at(np.array([row])), size, task.classes[label], like)
                    picks[mine.ids_D[row]] = Pick(mine.ids_D[row], float(size), why)
        left = set(task.unlabelled.ids).difference(picks)
        filled = draw(left, replace(task, budget=task.budget - len(picks)))
        return Selection((*picks.values(), *filled.picks))

    def _read(self, images: Images, task: Task, columns: frozenset[str]) -> _Boxes:
        """Return the boxes of images that count; of labelled images, the true positives."""
        found: list[_Boxes] = []
        ids = sorted(images.ids)

        def collect(part: RecordPart) -> Float64s:
            check_classes(part, task.classes)
            check_finite(part, part.box_features.sum(axis=1, dtype=np.float64), "features")
            kept = self.objects(part)
            if "truth_box" in columns:
                kept = kept.keep(is_true_positive(kept, MIN_IOU))
            is_ours_N = rows_among(ids, part.ids.tolist()) >= 0
            found.append(_Boxes.of_part(kept).at(is_ours_N[kept.image_of_detection]))
            return kept.num_detections.astype(np.float64)

        read_rows(images, columns, collect)
        return _Boxes.joined(found)


def _quotas(task: Task, boxes: _Boxes) -> Integers:
    """Return how many centres each class has: (C,); at most as many as images show it."""
    counts_C = np.array([task.class_counts[name] for name in task.classes])
    images_C = [len(set(boxes.of_class(label).ids_D)) for label in range(len(task.classes))]
    return largest_remainder(task.budget, class_weights(counts_C), np.array(images_C))


def _clusters(
    boxes: _Boxes, known: _Boxes, num_centres: int, rng: np.random.Generator
) -> Iterator[tuple[int, list[int]]]:
    """Yield for each free centre its number of boxes, and the rows of all boxes, the nearest first.

    The centre of the most boxes comes first; one of no boxes, such as that of a copy, is left out.
    """
    if not num_centres:
        return
    clusters = k_means(boxes.unit_DF, known.unit_DF, num_centres, rng)
    sizes_K = np.bincount(clusters.cluster_N[clusters.cluster_N >= 0], minlength=num_centres)
    for centre in np.argsort(-sizes_K, kind="stable")[: np.count_nonzero(sizes_K)].tolist():
        squared_D = squared_distances(boxes.unit_DF, clusters.centres_KE[centre : centre + 1])[:, 0]
        yield int(sizes_K[centre]), np.argsort(squared_D, kind="stable").tolist()


def _told(box: _Boxes, size: int, name: str, known: _Boxes) -> str:
    """Return in words what the image of a box adds."""
    boxes = f"1 box of {name}" if size == 1 else f"{size:,} boxes of {name}"
    lead = f"{name} (confidence {box.confidence_D[0]:.2f}) that stands for {boxes}"
    if not len(known.ids_D):
        return f"{lead}; the detector finds no labelled {name}"
    (row,), (cosine,) = most_similar(box.unit_DF, known.unit_DF)
    nearest = f"the labelled one in {known.ids_D[row]} (cosine {cosine:.2f})"
    return f"{lead}, unlike labelled ones; most like {nearest}"
