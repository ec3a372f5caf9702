# ruff: noqa: N803, N806, N815 - shape suffixes
"""ENMS and DivProto: entropy without repetition in an image, and prototypes that differ.

Wu, Chen and Huang: Entropy-based Active Learning for Object Detection with Progressive Diversity
Constraint, CVPR 2022. Decided here, because the paper leaves it open: an image with a class that no
pick shows yet is diverse; the prototype of a class is made from all of the image's boxes of that
class; the budget that the two tests leave over is filled by score alone.

Where we differ from public code of DivProto: it skips a class that no pick shows yet, and the quota
of a class is full when it is exceeded, and not when it is reached. And by default boxes count that
are objects (`objects_only`), because the sum over all of them ranks images by their number of
background boxes; and with a single class, entropies are those of being right (`rightness`).

N = unlabelled images, D = detections of some images together, C = classes, M = minority classes,
F = length of a box feature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import floor

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.best_rows import BestRows
from job.acquisition.features.checks import check_finite
from job.acquisition.features.objects import empty_ties, score_empty
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.uncertain_boxes import Reading, UncertainBoxes
from job.acquisition.numerics.aggregation import first_highest
from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.top_k import top_k
from job.acquisition.numerics.uncertainty import entropy
from job.acquisition.strategy import Pick, Selection, Task
from job.config.section import UnitInterval
from job.records.arrays import Float32s, Float64s, Floats, Integers
from job.records.record_part import RecordPart

Shown = NDArray[np.bool_]
Prototypes = dict[int, Float32s]
"""Class -> its prototype in one image, (F,), of length 1."""

_LOOKAHEAD = 4096
"""What prototypes are made of is held for this many images at once, and then for twice as many."""
_MOST_AHEAD = 16_384


class EnmsDivproto(UncertainBoxes):
    """Selects images of high entropy that show rare classes and look unlike each other.

    The score of an image is the sum of its boxes' entropies; each box that counts suppresses boxes
    of its class with similar features and lower entropy. The images are then visited in descending
    order of their scores. An image is taken if it shows a minority class whose quota is not full,
    and if one of its classes looks unlike that class in every image taken before. The rest of the
    budget goes to the images with the highest scores.
    """

    objects_only: bool = True
    """Whether only boxes count that are objects, by `min_confidence`, `min_side`, `max_aspect` and
    `top`."""
    duplicate_cosine: UnitInterval = 0.5
    """ENMS: boxes of one class in one image are duplicates if the cosine of their features is above
    this."""
    new_class_max_cosine: UnitInterval = 0.7
    """Intra-class diversity: a class of an image is new if its cosine to every prototype of that
    class taken before is below this."""
    min_confidence: UnitInterval = 0.3
    """Boxes below this confidence do not count, if `objects_only` is set. Inter-class diversity: an
    image shows a minority class above this probability."""
    minority_share: UnitInterval = 0.5
    """The share of classes that are minority classes: those with the fewest labelled boxes."""
    quota_share: UnitInterval = 0.75
    """The share of the budget that is divided among the minority classes."""

    @property
    def reads(self) -> frozenset[str]:
        """The boxes with their features, classes and confidences."""
        return super().reads | {"box_features"}

    def objects(self, part: RecordPart) -> RecordPart:
        """Return a part of a score record with only those detections that count."""
        return super().objects(part) if self.objects_only else part

    def cannot_rank(self, num_classes: int) -> str | None:
        """With one class, every entropy is 0, and only the tests of diversity choose."""
        if super().cannot_rank(num_classes) is None:
            return None
        return (
            "the entropy of a single class is 0, so images are visited in the order of their ids, "
            "and only the tests of diversity choose"
        )

    def select(self, task: Task) -> Selection:
        """Select diverse images first, then fill the budget by score."""
        minority, reading = self._minority(task), self.reading(task)
        best = BestRows(task.unlabelled.record, self.reads, _LOOKAHEAD)
        score_part = partial(self._score_part, reading=reading, minority=minority, best=best)
        ids, images = read_rows(task.unlabelled, self.reads, score_part, _row_type(len(minority)))
        score_empty(images["score"], images["num_boxes"], self.empty_score)
        ties = empty_ties(images["num_boxes"], self.empty_score, task.rng)
        order = top_k(images["score"], len(ids), ties).tolist()
        quota = self.quota_share * task.budget / len(minority)
        quotas = _Quotas(quota, task.budget, np.zeros(len(minority), np.int64))
        prototypes = partial(prototypes_of, best, reading)
        diverse = self._walk(prototypes, ids, order, images["shows"], quotas)
        rest = [row for row in order if row not in diverse]
        why = {
            row: f"for class {task.classes[minority[quota]]}: new of class {task.classes[label]}"
            for row, (quota, label) in diverse.items()
        }
        return Selection(
            tuple(
                Pick(
                    ids[row],
                    float(images["score"][row]),
                    f"{why.get(row, 'fills the budget by score')}; {images['num_boxes'][row]} "
                    f"distinct boxes, entropy {images['score'][row]:.2f}",
                )
                for row in [*diverse, *rest[: max(task.budget - len(diverse), 0)]]
            )
        )

    def _minority(self, task: Task) -> list[int]:
        """Return the classes with the fewest labelled boxes, at least one; ties go to the first."""
        counts = [task.class_counts[name] for name in task.classes]
        num_minority = max(floor(self.minority_share * len(counts) + 0.5), 1)
        rarest: list[int] = np.argsort(counts, kind="stable")[:num_minority].tolist()
        return rarest

    def _score_part(
        self, whole: RecordPart, reading: Reading, minority: list[int], best: BestRows
    ) -> NDArray[np.void]:
        part, p_DK = reading.read(whole)
        check_finite(part, part.box_features.sum(axis=1, dtype=np.float32), "features")
        check_finite(part, part.objectness, "objectness values")
        entropy_D = entropy(p_DK)
        check_finite(part, entropy_D)
        p_DM = part.probabilities[:, minority].astype(np.float64)
        rows = np.zeros(len(part.ids), _row_type(len(minority)))
        rows["score"], rows["num_boxes"] = enms(part, entropy_D, self.duplicate_cosine)
        is_shown_DM = p_DM * part.objectness[:, None] > self.min_confidence
        np.logical_or.at(rows["shows"], part.image_of_detection, is_shown_DM)
        best.add(whole, np.where(rows["shows"].any(axis=1), rows["score"], -np.inf))
        return rows

    def _walk(
        self,
        prototypes_of: Callable[[set[str]], dict[str, Callable[[], Prototypes]]],
        ids: list[str],
        order: list[int],
        shows_NC: Shown,
        quotas: "_Quotas",
    ) -> dict[int, tuple[int, int]]:
        """Return the rows of the images that pass both tests.

        The values are the minority class whose quota was open, and the class that was new.
        """
        taken: dict[int, tuple[int, int]] = {}
        before: dict[int, list[Float32s]] = {}
        is_able_N = np.asarray(shows_NC.any(axis=1))
        able = [row for row in order if is_able_N[row]]
        first, number = 0, _LOOKAHEAD
        while first < len(able):
            ahead = able[first : first + number]
            first, number = first + number, min(2 * number, _MOST_AHEAD)
            seen = prototypes_of({ids[row] for row in ahead})
            for row in ahead:
                if quotas.are_full:
                    return taken
                quota = quotas.for_one_of(shows_NC[row])
                if quota is None:
                    continue
                prototypes = seen[ids[row]]()
                label = self._new_class(prototypes, before)
                if label is not None:
                    quotas.count(shows_NC[row])
                    taken[row] = quota, label
                    for shown, prototype in prototypes.items():
                        before.setdefault(shown, []).append(prototype)
        return taken

    def _new_class(self, prototypes: Prototypes, before: dict[int, list[Float32s]]) -> int | None:
        """Return the first class of an image that is unlike all its prototypes taken before."""
        return next(
            (
                label
                for label, prototype in prototypes.items()
                if label not in before
                or max(np.stack(before[label]) @ prototype) < self.new_class_max_cosine
            ),
            None,
        )


@dataclass
class _Quotas:
    """How many images each minority class may have, and has."""

    size: float
    budget: int
    counts_M: NDArray[np.int64]
    num_taken: int = 0

    @property
    def are_full(self) -> bool:
        return self.num_taken >= self.budget or bool((self.counts_M >= self.size).all())

    def for_one_of(self, shows_M: Shown) -> int | None:
        """Return the first minority class that an image shows and whose quota is open."""
        open_M = shows_M & (self.counts_M < self.size)
        return int(open_M.argmax()) if open_M.any() else None

    def count(self, shows_M: Shown) -> None:
        """Count an image for every minority class that it shows."""
        self.counts_M += shows_M
        self.num_taken += 1


def _row_type(num_minority: int) -> np.dtype[np.void]:
    shows = ("shows", np.bool_, (num_minority,))
    return np.dtype([("score", np.float64), ("num_boxes", np.int32), shows])


def enms(
    part: RecordPart, entropy_D: Float64s, duplicate_cosine: float
) -> tuple[Float64s, NDArray[np.int64]]:
    """Return each image's sum of entropies without duplicates, and its number of boxes: (N,), (N,).

    The box with the highest entropy counts, and the boxes of its class whose cosine to it is above
    `duplicate_cosine` are dropped; then the same with the boxes that are left. Each step is done
    for all images at once.
    """
    unit_DF, predicted_D, image_D = unit(part.box_features), part.predicted, part.image_of_detection
    scores_N, num_kept_N = np.zeros(len(part.ids)), np.zeros(len(part.ids), np.int64)
    left = np.arange(len(entropy_D))
    while len(left):
        firsts = np.flatnonzero(np.diff(image_D[left], prepend=-1))
        offsets = np.append(firsts, len(left))
        top = first_highest(entropy_D[left], offsets)
        chosen = left[top]
        scores_N[image_D[chosen]] += entropy_D[chosen]
        num_kept_N[image_D[chosen]] += 1
        by = np.repeat(chosen, np.diff(offsets))
        cosine = np.einsum("df,df->d", unit_DF[left], unit_DF[by])
        is_same = (predicted_D[left] == predicted_D[by]) & (cosine > duplicate_cosine)
        is_same[top] = True
        left = left[~is_same]
    return scores_N, num_kept_N


def prototypes_of(
    best: BestRows, reading: Reading, ids: set[str]
) -> dict[str, Callable[[], Prototypes]]:
    """Return what makes the prototypes of some images: for each class the mean feature, by entropy.

    Most of the images will not be asked for theirs.
    """
    result: dict[str, Callable[[], Prototypes]] = {}
    for whole in best.parts_of(ids):
        part, p_DK = reading.read(whole)
        for row, image_id in enumerate(part.ids.tolist()):
            mine = slice(part.offsets[row], part.offsets[row + 1])
            its = part.predicted[mine], p_DK[mine], part.box_features[mine]
            result[image_id] = partial(_prototypes, *its)
    return result


def _prototypes(predicted_D: Integers, p_DK: Float64s, features_DF: Floats) -> Prototypes:
    entropy_D, wide_DF = entropy(p_DK), features_DF.astype(np.float64)
    result = {}
    for label in np.unique(predicted_D).tolist():
        mine = predicted_D == label
        weights = entropy_D[mine] if entropy_D[mine].any() else np.ones(mine.sum())
        result[label] = unit((weights @ wide_DF[mine])[None])[0]
    return result
