# ruff: noqa: N803, N806 - shape suffixes
"""PAL: images whose boxes may be right or wrong, for each class as many as it lacks (CVPR 2026).

A box is worth the entropy of P(it is right | the boxes that overlapped it, its confidence), a
logistic regression for each class on the detections in labelled images. Each class has a share of
the budget by its rarity; its candidates are the images most uncertain about it, and among these
images that are unlike earlier picks and show rare classes come first.

Decided here, where our source is silent: an image's uncertainty about a class is its boxes'
highest (`aggregation`); classes choose in the order of their rarity, and all picks before count for
the likeness; min-max scales are over a class's candidates that are left; what a class cannot fill
goes to the images most uncertain about any class.

N = candidates, D = detections of some images together, C = classes, E = length of an embedding.
"""

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from job.acquisition.aggregation import Aggregation, aggregate
from job.acquisition.batches import best_images
from job.acquisition.embeddings import Float32s, read_embeddings, unit
from job.acquisition.evidence import check_classes, check_finite
from job.acquisition.logistic import Logistic, fit
from job.acquisition.pal_walk import Terms, Walk
from job.acquisition.scoring import score_images
from job.acquisition.strategy import Candidates, Labelled, Selection, Strategy
from job.acquisition.uncertainty import Float64s, entropy
from job.config import UnitInterval
from job.records import TRUTH_COLUMNS, ScoreRecord

HIT_IOU = 0.5
_BOXES = frozenset({"probabilities", "objectness", "num_overlaps"})


class Pal(Strategy):
    """For each class the images that it most depends on whether its boxes are right."""

    aggregation: Aggregation = "max"
    """How an image's boxes of a class are combined: `max`, `sum` or `mean`."""
    uncertainty_weight: NonNegativeFloat = 0.9
    """How much the uncertainty counts."""
    diversity_weight: NonNegativeFloat = 0.02
    """How much it counts that an image is unlike the picks before: 1 - the highest cosine."""
    rarity_weight: NonNegativeFloat = 0.04
    """How much it counts that an image shows rare classes, and is unsure between classes there."""
    candidates_per_pick: PositiveInt = 2
    """How many times a class's budget its candidates are."""
    least_detections: PositiveInt = 6
    """With fewer labelled detections, a class takes the regression of all classes together."""
    ridge: PositiveFloat = 1.0
    """Penalty on the regressions' squared weights, of standardised features."""
    min_confidence: UnitInterval = 0.0
    """Boxes below this probability of their class do not count."""

    @property
    def columns(self) -> frozenset[str]:
        """Boxes, and the embeddings of those images that a class may pick."""
        return _BOXES | {"embedding"}

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Boxes and what they really are."""
        return _BOXES | TRUTH_COLUMNS

    def select(
        self,
        candidates: Candidates,
        labelled: Labelled,
        budget: int,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is drawn
    ) -> Selection:
        """Let each class pick its share, and fill what is left by uncertainty."""
        classes = list(labelled.class_counts)
        ids, images = self._read(candidates, labelled, classes)
        rarity_C = rarity(labelled, images["num_boxes"])
        shares_C = divide(min(budget, len(ids)), rarity_C)
        rare_N = images["entropy"] @ rarity_C + (images["num_boxes"] > 0) @ rarity_C
        order = np.argsort(-rarity_C, kind="stable").tolist()
        pools = self._pools(images, shares_C)
        terms = Terms(self.uncertainty_weight, self.diversity_weight, self.rarity_weight)
        walk = Walk(terms, unit_embeddings(candidates, ids, pools), rare_N)
        for label in order:
            share = int(shares_C[label])
            rows = [row for row in pools[label] if row not in walk.taken]
            rows = rows[: self.candidates_per_pick * share]
            walk.pick(label, rows, images["uncertainty"][:, label], share)
        picks = [
            (row, score, _reason(images[row], label, classes, rarity_C))
            for row, (score, label) in walk.taken.items()
        ]
        picks += _fill(images, walk.taken, min(budget, len(ids)) - len(picks))
        return Selection(
            ids=tuple(ids[row] for row, _, _ in picks),
            scores=tuple(score for _, score, _ in picks),
            reasons=tuple(reason for _, _, reason in picks),
        )

    def _read(
        self, candidates: Candidates, labelled: Labelled, classes: list[str]
    ) -> tuple[list[str], NDArray[np.void]]:
        """Return for each image and class the boxes, their uncertainty and their entropy."""
        models = self.fit(labelled, classes)
        num_classes = len(classes)
        kind = np.dtype(
            [
                ("score", np.float32),  # the highest uncertainty about any class
                ("uncertainty", np.float32, (num_classes,)),
                ("entropy", np.float32, (num_classes,)),  # sum over boxes of the class
                ("num_boxes", np.uint16, (num_classes,)),
            ]
        )

        def rows_of(part: ScoreRecord) -> NDArray[np.void]:
            check_classes(part, classes)
            features_DK, counted_D = self._features(part)
            entropy_D = entropy(part.probabilities.astype(np.float64))
            check_finite(part, entropy_D)
            rows = np.zeros(len(part.ids), kind)
            for label, model in enumerate(models):
                (mine,) = np.nonzero(counted_D & (part.predicted == label))
                offsets = np.searchsorted(mine, part.offsets)
                right_D = (
                    features_DK[mine, 1] if model is None else model.predict(features_DK[mine])
                )
                values = entropy(np.stack([right_D, 1 - right_D], axis=1))
                rows["uncertainty"][:, label] = aggregate(
                    values, offsets, self.aggregation, empty_score=0.0
                )
                rows["entropy"][:, label] = aggregate(
                    entropy_D[mine], offsets, "sum", empty_score=0.0
                )
                rows["num_boxes"][:, label] = np.diff(offsets)
            rows["score"] = rows["uncertainty"].max(axis=1)
            return rows

        return score_images(candidates, _BOXES, rows_of, kind)

    def _features(self, part: ScoreRecord) -> tuple[Float64s, NDArray[np.bool_]]:
        """Return the boxes before suppression and the confidence: (D, 2); and which count: (D,)."""
        check_finite(part, part.objectness)
        best_D = part.probabilities.astype(np.float64).max(axis=1, initial=0)
        features_DK = np.column_stack([part.num_overlaps, best_D * part.objectness])
        return features_DK.astype(np.float64), features_DK[:, 1] >= self.min_confidence

    def fit(self, labelled: Labelled, classes: Sequence[str]) -> list[Logistic | None]:
        """Return each class's regression, or none: the confidence is then the probability.

        There is none where the outcomes of all classes together are too few or one-sided.
        """
        features, outcomes, labels = (
            [np.empty((0, 2))],
            [np.empty(0, bool)],
            [np.empty(0, np.int64)],
        )
        for part in labelled.record.parts(self.labelled_columns):
            features_DK, counted_D = self._features(part)
            features.append(features_DK[counted_D])
            outcomes.append(is_right(part)[counted_D])
            labels.append(part.predicted[counted_D])
        x_DK, right_D, label_D = (np.concatenate(each) for each in (features, outcomes, labels))
        together = self._fit(x_DK, right_D)
        return [
            self._fit(x_DK[label_D == label], right_D[label_D == label]) or together
            for label in range(len(classes))
        ]

    def _fit(self, x_DK: Float64s, right_D: NDArray[np.bool_]) -> Logistic | None:
        if len(x_DK) < self.least_detections or right_D.all() or not right_D.any():
            return None
        return fit(x_DK, right_D, self.ridge)

    def _pools(self, images: NDArray[np.void], shares_C: NDArray[np.int64]) -> list[list[int]]:
        """Return each class's images, the most uncertain first: enough, whatever others pick."""
        pools = []
        for label, share in enumerate(shares_C.tolist()):
            most = self.candidates_per_pick * share + int(shares_C.sum()) if share else 0
            order = best_images(images["uncertainty"][:, label].astype(np.float64), most)
            pools.append([row for row in order.tolist() if images["num_boxes"][row, label]])
        return pools


def is_right(part: ScoreRecord) -> NDArray[np.bool_]:
    """Whether each detection hits: of a true box of its class, with IoU >= 0.5, the best is."""
    truth = part.truth
    if truth is None:
        message = "the record was read without its truth"
        raise AttributeError(message)
    row_D = truth.rows(part.image_of_detection)
    overlaps_D = (row_D >= 0) & (truth.iou >= HIT_IOU)
    (close,) = np.nonzero(overlaps_D)
    close = close[truth.classes[row_D[close]] == part.predicted[close]]
    _, firsts = np.unique(row_D[close], return_index=True)  # detections are best first
    hits_D = np.zeros(len(row_D), bool)
    hits_D[close[firsts]] = True
    return hits_D


def rarity(labelled: Labelled, num_boxes_NC: NDArray[np.uint16]) -> Float64s:
    """r_c = 1 - (the class's share of labelled boxes + its share of predicted boxes) / 2: (C,)."""
    known_C = np.array(list(labelled.class_counts.values()), np.float64)
    predicted_C = num_boxes_NC.sum(axis=0, dtype=np.float64)
    shares = (each / max(each.sum(), 1) for each in (known_C, predicted_C))
    return np.asarray(1 - sum(shares) / 2)


def divide(budget: int, by_C: Float64s) -> NDArray[np.int64]:
    """Divide a budget in proportion, into integers: the largest remainders are rounded up: (C,)."""
    weights_C = by_C if by_C.sum() > 0 else np.ones(len(by_C))
    exact_C = budget * weights_C / weights_C.sum()
    whole_C: NDArray[np.int64] = np.floor(exact_C).astype(np.int64)
    up = np.argsort(-(exact_C - whole_C), kind="stable")[: budget - int(whole_C.sum())]
    whole_C[up] += 1
    return whole_C


def unit_embeddings(
    candidates: Candidates, ids: list[str], pools: list[list[int]]
) -> dict[int, Float32s]:
    """Return the embeddings, of length 1, of all images that a class may pick, by their rows."""
    rows = sorted({row for pool in pools for row in pool})
    _, found = read_embeddings([ids[row] for row in rows], candidates.record)
    return dict(zip(rows, unit(found), strict=True))


def _fill(
    images: NDArray[np.void], taken: dict[int, tuple[float, int]], missing: int
) -> list[tuple[int, float, str]]:
    """Return the most uncertain images that no class has picked; those without boxes last."""
    score_N = np.where(images["num_boxes"].any(axis=1), images["score"], -1.0)
    order = best_images(score_N, len(taken) + missing).tolist()
    rows = [row for row in order if row not in taken][:missing]
    return [
        (
            row,
            float(images["score"][row]),
            f"fills the budget: {_measure(images['score'][row])}"
            if score_N[row] >= 0
            else "fills the budget: no detections",
        )
        for row in rows
    ]


def _measure(nats: float) -> str:
    return f"entropy of being right {nats:.2f} of at most {log(2):.2f} nats"


def _reason(image: Any, label: int, classes: list[str], rarity_C: Float64s) -> str:
    boxes = int(image["num_boxes"][label])
    shown = f"{boxes} {'box' if boxes == 1 else 'boxes'}"
    measure = _measure(image["uncertainty"][label])
    return f"for class {classes[label]} (rarity {rarity_C[label]:.2f}): {shown}, {measure}"
