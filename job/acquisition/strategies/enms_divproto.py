# ruff: noqa: N803, N806, N815 - shape suffixes
"""ENMS and DivProto: entropy without repetition in an image, and prototypes that differ.

Wu, Chen and Huang: Entropy-based Active Learning for Object Detection with Progressive Diversity
Constraint, CVPR 2022. What the paper leaves open is decided here: a class that no pick shows yet
makes an image different; of an image's boxes of a class, all make the prototype; the budget that
the two tests leave is filled by score alone.

N = candidates, D = detections of some images together, C = classes, F = length of a box feature.
"""

from dataclasses import dataclass
from functools import partial
from math import floor

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from job.acquisition.features.embeddings import Float32s, unit
from job.acquisition.features.reasons import check_classes, check_finite
from job.acquisition.features.record_pass import score_images
from job.acquisition.numerics.aggregation import first_highest
from job.acquisition.numerics.top_k import top_k
from job.acquisition.numerics.uncertainty import Float64s, entropy
from job.acquisition.strategy import Candidates, Labelled, Record, Selection, Strategy
from job.config.section import UnitInterval
from job.records.score_record import ScoreRecord

Shown = NDArray[np.bool_]
Prototypes = dict[int, Float32s]
"""Class -> its prototype in one image, (F,), of length 1."""


class EnmsDivproto(Strategy):
    """Images of high entropy that show rare classes and look unlike each other.

    An image is worth the sum of its boxes' entropies, of which the highest counts first and
    silences boxes of the same class that look like it. Images are then walked from the most
    worth: one is taken if it shows a minority class whose quota is not full, and if one of its
    classes looks unlike that class in every image taken before. What is left of the budget goes to
    the images of the most worth; so do images without detections, which are worth 0.
    """

    duplicate_cosine: UnitInterval = 0.5
    """ENMS: boxes of a class in one image are the same above this cosine of their features."""
    new_class_max_cosine: UnitInterval = 0.7
    """Intra-class diversity: the cosine to a prototype taken before, below which a class of an
    image is new."""
    min_confidence: UnitInterval = 0.3
    """Inter-class diversity: an image shows a minority class above this probability."""
    minority_share: UnitInterval = 0.5
    """The share of the classes, those with the fewest labelled boxes, that are minority classes."""
    quota_share: UnitInterval = 0.75
    """The share of the budget that is divided among the minority classes."""
    walk_ahead: PositiveInt = 4096
    """Images whose features are held at once; no pick depends on it."""

    @property
    def columns(self) -> frozenset[str]:
        """Classes, confidences and features of boxes."""
        return frozenset({"probabilities", "objectness", "box_features"})

    def select(
        self,
        candidates: Candidates,
        labelled: Labelled,
        budget: int,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is drawn
    ) -> Selection:
        """Take diverse images first, then fill the budget by score."""
        classes = list(labelled.class_counts)
        minority = self._minority(labelled)
        score = partial(self._score_part, classes=classes, minority=minority)
        ids, images = score_images(candidates, self.columns, score, _row_type(len(minority)))
        order = top_k(images["score"], len(ids)).tolist()
        quota = self.quota_share * budget / len(minority)
        quotas = _Quotas(quota, budget, np.zeros(len(minority), np.int64))
        diverse = self._walk(candidates.record, ids, order, images["shows"], quotas)
        rest = [row for row in order if row not in diverse]
        rows = [*diverse, *rest[: max(budget - len(diverse), 0)]]
        reasons = [
            f"for class {classes[minority[quota]]}: new of class {classes[label]}; "
            for quota, label in diverse.values()
        ]
        reasons += ["fills the budget by score; "] * (len(rows) - len(diverse))
        return Selection(
            ids=tuple(ids[row] for row in rows),
            scores=tuple(images["score"][rows].tolist()),
            reasons=tuple(
                f"{reason}{image['num_kept']} distinct boxes, entropy {image['score']:.2f}"
                for reason, image in zip(reasons, images[rows], strict=True)
            ),
        )

    def _minority(self, labelled: Labelled) -> list[int]:
        """Return the classes with the fewest labelled boxes, at least one; of equals the first."""
        counts = list(labelled.class_counts.values())
        most = max(floor(self.minority_share * len(counts) + 0.5), 1)
        rarest: list[int] = np.argsort(counts, kind="stable")[:most].tolist()
        return rarest

    def _score_part(
        self, part: ScoreRecord, classes: list[str], minority: list[int]
    ) -> NDArray[np.void]:
        check_classes(part, classes)
        p_DC = part.probabilities.astype(np.float64)
        check_finite(part, part.features.sum(axis=1, dtype=np.float32))
        check_finite(part, part.objectness)
        entropy_D = entropy(p_DC)
        check_finite(part, entropy_D)
        confident_DC = p_DC[:, minority] * part.objectness[:, None] > self.min_confidence
        rows = np.zeros(len(part.ids), _row_type(len(minority)))
        rows["score"], rows["num_kept"] = enms(part, entropy_D, self.duplicate_cosine)
        np.logical_or.at(rows["shows"], part.image_of_detection, confident_DC)
        return rows

    def _walk(
        self, record: Record, ids: list[str], order: list[int], shows_NC: Shown, quotas: "_Quotas"
    ) -> dict[int, tuple[int, int]]:
        """Return the rows of the images that pass both tests.

        Each with the quota that is open to it, and the class that is new of it.
        """
        taken: dict[int, tuple[int, int]] = {}
        before: dict[int, list[Float32s]] = {}
        able = [row for row in order if shows_NC[row].any()]
        for first in range(0, len(able), self.walk_ahead):
            ahead = able[first : first + self.walk_ahead]
            seen = prototypes_of(record, {ids[row] for row in ahead})
            for row in ahead:
                if quotas.are_full:
                    return taken
                prototypes = seen[ids[row]]
                quota = quotas.for_one_of(shows_NC[row])
                if quota is None:
                    continue
                label = self._new_class(prototypes, before)
                if label is not None:
                    quotas.count(shows_NC[row])
                    taken[row] = quota, label
                    for shown, prototype in prototypes.items():
                        before.setdefault(shown, []).append(prototype)
        return taken

    def _new_class(self, prototypes: Prototypes, before: dict[int, list[Float32s]]) -> int | None:
        """Return an image's first class that looks unlike all prototypes of it taken before."""
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
    """How many images each minority class may still have."""

    size: float
    budget: int
    counts_M: NDArray[np.int64]
    num_taken: int = 0

    @property
    def are_full(self) -> bool:
        return self.num_taken >= self.budget or bool((self.counts_M >= self.size).all())

    def for_one_of(self, shows_M: Shown) -> int | None:
        """Return the first minority class that an image shows and whose quota is not full."""
        open_M = shows_M & (self.counts_M < self.size)
        return int(open_M.argmax()) if open_M.any() else None

    def count(self, shows_M: Shown) -> None:
        """Count an image to every minority class that it shows."""
        self.counts_M += shows_M
        self.num_taken += 1


def _row_type(num_minority: int) -> np.dtype[np.void]:
    shows = ("shows", np.bool_, (num_minority,))
    return np.dtype([("score", np.float64), ("num_kept", np.int32), shows])


def enms(
    part: ScoreRecord, entropy_D: Float64s, duplicate_cosine: float
) -> tuple[Float64s, NDArray[np.int64]]:
    """Sum each image's entropies without repetition: (N,), and count the boxes that it took: (N,).

    The box of the highest entropy counts, those of its class above `duplicate_cosine` to it do not; and
    so on with what is left. All images take the same step at once.
    """
    unit_DF, predicted_D, image_D = unit(part.features), part.predicted, part.image_of_detection
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


def prototypes_of(record: Record, ids: set[str]) -> dict[str, Prototypes]:
    """Return some images' prototypes: for each class the mean feature, weighted by entropy."""
    result: dict[str, Prototypes] = {}
    for part in record.parts({"probabilities", "box_features"}):
        for row, image_id in enumerate(part.ids.tolist()):
            if image_id in ids:
                mine = slice(part.offsets[row], part.offsets[row + 1])
                p_DC = part.probabilities[mine].astype(np.float64)
                result[image_id] = _prototypes(p_DC, part.features[mine].astype(np.float64))
    return result


def _prototypes(p_DC: Float64s, features_DF: Float64s) -> Prototypes:
    entropy_D, predicted_D = entropy(p_DC), p_DC.argmax(axis=1)
    result = {}
    for label in np.unique(predicted_D).tolist():
        mine = predicted_D == label
        weights = entropy_D[mine] if entropy_D[mine].any() else np.ones(mine.sum())
        result[label] = unit((weights @ features_DF[mine])[None])[0]
    return result
