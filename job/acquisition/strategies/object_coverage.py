# ruff: noqa: N806, N815 - shape suffixes
"""Object coverage: images with typical objects that are unlike the labelled ones, for each class.

After OFDS: Object-Focused Data Selection for Dense Prediction Tasks, arXiv 2412.10032. There, the
objects come from a foundation model; here they are the boxes of the previous round's detector.

D = boxes of some images together, C = classes, K = centres of a class, F = length of a feature.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from job.acquisition.features import objects
from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.objects import ObjectBoxes
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.true_positives import is_true_positive
from job.acquisition.numerics.class_quotas import class_weights, largest_remainder
from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.k_means import k_means, squared_distances
from job.acquisition.strategies.random import draw
from job.acquisition.strategy import Images, Pick, Selection, Strategy, Task
from job.records.arrays import Float32s, Float64s, Integers
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

MIN_IOU = 0.5


@dataclass(frozen=True)
class _Boxes:
    """Boxes of some images."""

    ids_D: NDArray[np.str_]
    """The images."""
    label_D: Integers
    unit_DF: Float32s
    """Their features, of length 1."""

    @classmethod
    def of_part(cls, part: RecordPart) -> Self:
        """Return the boxes of a part of a score record."""
        return cls(part.ids[part.image_of_detection], part.predicted, unit(part.box_features))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the boxes of all parts, in ascending order of the images' ids."""
        ids, label, features = (
            np.concatenate([getattr(each, field.name) for each in parts]) for field in fields(cls)
        )
        return cls(ids, label, features).at(np.argsort(ids, kind="stable"))

    def at(self, rows: NDArray[Any]) -> Self:
        """Return the boxes of some rows."""
        return replace(
            self, ids_D=self.ids_D[rows], label_D=self.label_D[rows], unit_DF=self.unit_DF[rows]
        )

    def of_class(self, label: int) -> Self:
        """Return the boxes of one class."""
        return self.at(self.label_D == label)

    def drawn(self, count: int, rng: np.random.Generator) -> Self:
        """Return so many of the boxes, drawn at random, or all."""
        if len(self.ids_D) <= count:
            return self
        return self.at(np.sort(rng.choice(len(self.ids_D), count, replace=False)))


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
        counts_C = np.array([task.class_counts[name] for name in task.classes])
        images_C = np.array(
            [len(set(boxes.of_class(label).ids_D.tolist())) for label in range(len(task.classes))]
        )
        quotas_C = largest_remainder(task.budget, class_weights(counts_C), images_C)
        picks: dict[str, Pick] = {}
        for label in np.argsort(-quotas_C, kind="stable").tolist():
            mine = boxes.of_class(label).drawn(self.max_boxes, task.rng)
            for size, ids in _centres(mine, known.of_class(label), quotas_C[label], task.rng):
                if image_id := next((each for each in ids if each not in picks), None):
                    why = f"stands for {size} boxes of {task.classes[label]}, unlike labelled ones"
                    picks[image_id] = Pick(image_id, float(size), why)
        left = set(task.unlabelled.ids).difference(picks)
        filled = draw(left, replace(task, budget=task.budget - len(picks)))
        return Selection((*picks.values(), *filled.picks))

    def _read(self, images: Images, task: Task, columns: frozenset[str]) -> _Boxes:
        """Return the boxes of images that count; of labelled images, the true positives."""
        found: list[_Boxes] = []

        def collect(part: RecordPart) -> Float64s:
            check_classes(part, task.classes)
            check_finite(part, part.box_features.sum(axis=1, dtype=np.float64), "features")
            kept = self.objects(part)
            if "truth_box" in columns:
                kept = kept.keep(is_true_positive(kept, MIN_IOU))
            found.append(_Boxes.of_part(kept))
            return kept.num_detections.astype(np.float64)

        ids, _ = read_rows(images, columns, collect)
        boxes = _Boxes.joined(found)
        return boxes.at(np.isin(boxes.ids_D, ids))


def _centres(
    boxes: _Boxes, known: _Boxes, num_centres: int, rng: np.random.Generator
) -> Iterator[tuple[int, list[str]]]:
    """Yield for each free centre its number of boxes, and all images, the nearest first.

    The centre of the most boxes comes first.
    """
    if not num_centres:
        return
    clusters = k_means(boxes.unit_DF, known.unit_DF, num_centres, rng)
    sizes_K = np.bincount(clusters.cluster_N[clusters.cluster_N >= 0], minlength=num_centres)
    for centre in np.argsort(-sizes_K, kind="stable").tolist():
        squared_D = squared_distances(boxes.unit_DF, clusters.centres_KE[centre : centre + 1])[:, 0]
        yield int(sizes_K[centre]), boxes.ids_D[np.argsort(squared_D, kind="stable")].tolist()
