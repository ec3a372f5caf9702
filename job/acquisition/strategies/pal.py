# ruff: noqa: N803, N806 - shape suffixes
"""PAL: images whose boxes may be true or false positives, in a quota for each class.

Portable Active Learning for Object Detection, CVPR 2026, arXiv 2605.10349. The uncertainty of a box
is the entropy of P(it is a true positive | the boxes that overlapped it, its confidence), from a
logistic regression for each class on the detections in labelled images. Each class has a quota of
the budget by its rarity. Its candidates are the images most uncertain about it; among them, images
that are unlike others and show rare classes come first.

Where we differ by default, and why:

- Boxes count that are objects (`min_confidence` and the three settings after it). The published
  code has no such limit, but its detectors are trained on more images.
- The budget follows the class weights (`class_weights`). The published rarity, 1 - the mean share
  of labelled and of detected boxes, is nearly the same for all classes where there are many.

Where we differ from the published code in any case:

- Entropies are in nats, and there in bits.
- Each of the two terms of rarity is min-max scaled over the candidates.
- A class's share of labelled boxes is that of true boxes, and there of detections in labelled
  images.
- The candidates of a class are the most uncertain images that no class has picked yet. There, they
  are the most uncertain of all, whether they are picked or not.
- What classes cannot take is divided in proportion to their quotas, and there by the largest
  remainder.

Decided here, where our source is silent:

- An image's uncertainty about a class is the highest of its boxes' (`aggregation`).
- Classes pick in the order of their rarity, and each image is picked once.
- What a class cannot take, because too few images show it, is divided among the other classes.
- What is left after that, because classes want the same images, goes to the images that are most
  uncertain about any class.

N = unlabelled images, D = detections of some images together, C = classes.
"""

from collections.abc import Sequence
from functools import partial
from math import log
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import FiniteFloat, NonNegativeFloat, PositiveFloat, PositiveInt

from job.acquisition.features import rightness, true_positives
from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.embeddings import read_embeddings
from job.acquisition.features.objects import ObjectBoxes, confidences, empty_ties, score_empty
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.true_positives import Regressions
from job.acquisition.numerics.aggregation import Aggregation, aggregate
from job.acquisition.numerics.class_quotas import class_weights, largest_remainder, rarity
from job.acquisition.numerics.cosine import most_similar, unit
from job.acquisition.numerics.top_k import top_k
from job.acquisition.numerics.uncertainty import entropy
from job.acquisition.strategies.pal_scores import SCORINGS, ClassCandidates, Scoring, Weights
from job.acquisition.strategy import Images, Pick, Selection, Strategy, Task
from job.config.section import UnitInterval
from job.records.arrays import Float32s, Float64s, Integers, offsets
from job.records.halves import to_float64
from job.records.record_part import RecordPart

Picked = dict[int, tuple[float, int]]
"""Row of each pick -> its score, and the class that picked it."""


class Pal(ObjectBoxes, Strategy):
    """Selects for each class the images whose boxes are least certain to be true positives.

    The score is 0.9 * uncertainty + 0.02 * (1 - highest cosine) + 0.04 * (the sum of r * H over the
    boxes) + 0.04 * (the sum of r over the classes that the image shows), with the default weights.
    r is the rarity of a class, and H the entropy of a box's class distribution.
    """

    reads: ClassVar[frozenset[str]] = rightness.READS | {"embedding"}
    reads_labelled: ClassVar[frozenset[str]] = rightness.READS_LABELLED

    scoring: Scoring = "published"
    """`published`: an image is compared with the images that the class is more uncertain about, and
    its uncertainty is not scaled. `greedy`: images are picked one after the other, each compared
    with all picks so far, and all terms are min-max scaled."""
    aggregation: Aggregation = "max"
    """How the uncertainties of an image's boxes of a class are combined: `max`, `sum` or `mean`."""
    uncertainty_weight: NonNegativeFloat = 0.9
    """The weight of the uncertainty."""
    diversity_weight: NonNegativeFloat = 0.02
    """The weight of the diversity: 1 - the highest cosine to the images it is compared with."""
    rarity_weight: NonNegativeFloat = 0.04
    """The weight of each of two terms: the rarity of the classes that the image shows, and the
    entropy of its boxes multiplied by the rarity of their classes."""
    candidates_per_pick: PositiveInt = 2
    """The number of candidates of a class, as a multiple of its quota."""
    iou_threshold: UnitInterval = 0.5
    """The IoU with a ground-truth box from which a detection in a labelled image can be a true
    positive."""
    min_detections: PositiveInt = 6
    """A class with fewer detections in labelled images uses the regression of all classes
    together."""
    ridge: PositiveFloat = 1.0
    """The penalty on the regressions' squared weights, of standardised features."""
    class_weights: bool = True
    """Divide the budget among the classes by their weights: the mean number of labelled boxes a
    class, over that of the class, from 1/8 to 8. If it is false, by their rarity, as published."""
    empty_score: FiniteFloat | None = None
    """The uncertainty of an image without a box that counts, which only fills the budget; unset:
    the 0.1 quantile of the others', and such images are drawn at random among themselves."""

    def select(self, task: Task) -> Selection:
        """Let each class pick its quota, and fill what is left by uncertainty."""
        ids, images = self._read(task)
        wanted = min(task.budget, len(ids))
        boxes_NC = images["num_boxes"]
        counts_C = np.array([task.class_counts[name] for name in task.classes])
        rarity_C = rarity(counts_C, boxes_NC.sum(axis=0, dtype=np.int64))
        by_C = class_weights(counts_C) if self.class_weights else rarity_C
        quotas_C = largest_remainder(wanted, by_C, np.count_nonzero(boxes_NC, axis=0))
        picked = self._pick(task.unlabelled, ids, images, quotas_C, rarity_C)
        picks = []
        for row in sorted(picked, key=lambda row: (-picked[row][0], row)):
            score, label = picked[row]
            lead = f"for class {task.classes[label]} (rarity {rarity_C[label]:.2f})"
            picks.append(Pick(ids[row], score, f"{lead}: {self._shown(images[row], label)}"))
        filled = self._fill(ids, images, picked, wanted - len(picks), task.rng)
        return Selection((*picks, *filled))

    def fit(self, task: Task) -> Regressions:
        """Return the regressions on the labelled images' detections that count."""
        return true_positives.Fit(
            min_iou=self.iou_threshold,
            min_detections=self.min_detections,
            ridge=self.ridge,
            prepare=self.objects,
            columns=self.reads_labelled,
        ).fit(task)

    def _read(self, task: Task) -> tuple[list[str], NDArray[np.void]]:
        """Return for each image and class: the boxes, their uncertainty and their entropy."""
        rows_of = partial(self._score_part, known=self.fit(task), classes=task.classes)
        kind = _row_type(len(task.classes))
        return read_rows(task.unlabelled, rightness.READS, rows_of, kind)

    def _score_part(
        self, whole: RecordPart, known: Regressions, classes: Sequence[str]
    ) -> NDArray[np.void]:
        check_classes(whole, classes)
        part = self.objects(whole)
        predicted_D = part.predicted
        features_DK = true_positives.features(part)
        entropy_D = entropy(to_float64(part.probabilities))
        check_finite(part, entropy_D)
        p_true_D = known.probabilities(features_DK, predicted_D, confidences(part))
        doubt_D = entropy(np.stack([p_true_D, 1 - p_true_D], axis=1))
        # Boxes of one class in one image are a cell, a run of rows after sorting.
        shape = (len(part.ids), len(classes))
        cell_D = part.image_of_detection * len(classes) + predicted_D
        mine = np.argsort(cell_D, kind="stable")
        counts = np.bincount(cell_D, minlength=shape[0] * shape[1])
        cells = offsets(counts)
        rows = np.zeros(len(part.ids), _row_type(len(classes)))
        doubts = aggregate(doubt_D[mine], cells, self.aggregation, empty_score=0.0)
        entropies = aggregate(entropy_D[mine], cells, "sum", empty_score=0.0)
        rows["uncertainty"] = doubts.reshape(shape)
        rows["entropy"] = entropies.reshape(shape)
        rows["num_boxes"] = counts.reshape(shape)
        rows["score"] = rows["uncertainty"].max(axis=1)
        return rows

    def _pick(
        self,
        unlabelled: Images,
        ids: list[str],
        images: NDArray[np.void],
        quotas_C: Integers,
        rarity_C: Float64s,
    ) -> Picked:
        """Let the classes pick, the rarest first."""
        weights = Weights(self.uncertainty_weight, self.diversity_weight, self.rarity_weight)
        pools = self._pools(images, quotas_C)
        units = _unit_embeddings(unlabelled, ids, pools)
        picked: Picked = {}
        for label in np.argsort(-rarity_C, kind="stable").tolist():
            quota = int(quotas_C[label])
            rows = [row for row in pools[label] if row not in picked]
            rows = rows[: self.candidates_per_pick * quota]
            if not rows:
                continue
            units_ME = np.stack([units[row] for row in rows])
            cosine_M = None
            if picked and self.scoring == "greedy":
                cosines_M = most_similar(units_ME, np.stack([units[row] for row in picked]))[1]
                cosine_M = cosines_M.astype(np.float64)
            mine = ClassCandidates(
                uncertainty_M=images["uncertainty"][rows, label].astype(np.float64),
                units_ME=units_ME,
                rare_entropy_M=images["entropy"][rows] @ rarity_C,
                rare_classes_M=(images["num_boxes"][rows] > 0) @ rarity_C,
                cosine_to_picks_M=cosine_M,
            )
            places, scores = SCORINGS[self.scoring](mine, quota, weights)
            for place, score in zip(places.tolist(), scores.tolist(), strict=True):
                picked[rows[place]] = score, label
        return picked

    def _pools(self, images: NDArray[np.void], quotas_C: Integers) -> list[list[int]]:
        """Return the images of each class, the most uncertain first.

        They are enough, whatever other classes pick.
        """
        pools = []
        for label, quota in enumerate(quotas_C.tolist()):
            size = self.candidates_per_pick * quota + int(quotas_C.sum()) if quota else 0
            uncertainty_N = images["uncertainty"][:, label].astype(np.float64)
            order = top_k(np.where(images["num_boxes"][:, label], uncertainty_N, -1.0), size)
            pools.append([row for row in order.tolist() if images["num_boxes"][row, label]])
        return pools

    def _fill(
        self,
        ids: list[str],
        images: NDArray[np.void],
        picked: Picked,
        missing: int,
        rng: np.random.Generator,
    ) -> list[Pick]:
        """Return the most uncertain images that no class has picked.

        Their score is that uncertainty, which is on another scale than what classes pick by.
        """
        score_N, num_boxes_N = images["score"].astype(np.float64), images["num_boxes"].sum(axis=1)
        score_empty(score_N, num_boxes_N, self.empty_score)
        ties = empty_ties(num_boxes_N, self.empty_score, rng)
        order = top_k(score_N, len(picked) + missing, ties).tolist()
        picks = []
        for row in [row for row in order if row not in picked][:missing]:
            why = self._measure(score_N[row]) if num_boxes_N[row] else "no box that counts"
            picks.append(Pick(ids[row], max(float(score_N[row]), 0.0), f"fills the budget: {why}"))
        return picks

    def _shown(self, image: Any, label: int) -> str:
        boxes = int(image["num_boxes"][label])
        measure = self._measure(image["uncertainty"][label])
        return f"{boxes} {'box' if boxes == 1 else 'boxes'}, {measure}"

    def _measure(self, nats: float) -> str:
        if self.aggregation == "sum":
            return f"entropy of being right {nats:.2f} nats in all"
        return f"entropy of being right {nats:.2f} of at most {log(2):.2f} nats"


def _row_type(num_classes: int) -> np.dtype[np.void]:
    return np.dtype(
        [
            ("score", np.float32),  # the highest uncertainty about any class
            ("uncertainty", np.float32, (num_classes,)),
            ("entropy", np.float32, (num_classes,)),  # the sum over boxes of the class
            ("num_boxes", np.uint16, (num_classes,)),
        ]
    )


def _unit_embeddings(images: Images, ids: list[str], pools: list[list[int]]) -> dict[int, Float32s]:
    """Return by row the embeddings, of length 1, of all images that a class may pick."""
    rows = sorted({row for pool in pools for row in pool})
    _, found = read_embeddings(Images(tuple(ids[row] for row in rows), images.record))
    return dict(zip(rows, unit(found), strict=True))
