# ruff: noqa: N803, N806 - shape suffixes
"""PAL: images whose boxes may be right or wrong, for each class as many as it lacks.

Portable Active Learning for Object Detection, CVPR 2026, arXiv 2605.10349. A box is worth the
entropy of P(it is right | the boxes that overlapped it, its confidence), a logistic regression for
each class on the detections in labelled images. Each class has a share of the budget by its rarity;
its candidates are the images most uncertain about it, and among these images that are unlike others
and show rare classes come first.

Decided here, where our source is silent: an image's uncertainty about a class is its boxes'
highest (`aggregation`); classes choose in the order of their rarity, an image once; what a class
cannot take, because too few images show it, is divided among the others; what is then left, because
classes want the same images, goes to the images most uncertain about any class.

N = candidates, D = detections of some images together, C = classes.
"""

from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from job.acquisition.features.embeddings import Float32s, read_embeddings, unit
from job.acquisition.features.reasons import check_classes, check_finite
from job.acquisition.features.record_pass import score_images
from job.acquisition.features.true_positives import (
    COLUMNS,
    LABELLED_COLUMNS,
    features,
    fit_classes,
    probabilities,
)
from job.acquisition.numerics.aggregation import Aggregation, aggregate
from job.acquisition.numerics.class_quotas import divide, rarity
from job.acquisition.numerics.logistic_regression import Logistic
from job.acquisition.numerics.top_k import top_k
from job.acquisition.numerics.uncertainty import Float64s, entropy
from job.acquisition.strategies.pal_scores import (
    SCORINGS,
    ClassCandidates,
    Scoring,
    Weights,
    highest_cosine,
)
from job.acquisition.strategy import Candidates, Labelled, Selection, Strategy
from job.config.section import UnitInterval
from job.records.arrays import Integers
from job.records.score_record import ScoreRecord

Picked = dict[int, tuple[float, int]]
"""Row of each pick -> its score, and the class that picked it."""


class Pal(Strategy):
    """For each class the images that it most depends on whether its boxes are right."""

    scoring: Scoring = "published"
    """`published`: an image is held against those that the class is more uncertain about, and its
    uncertainty counts as it is. `greedy`: one pick after another, held against all picks before,
    and all terms are min-max scaled."""
    aggregation: Aggregation = "max"
    """How an image's boxes of a class are combined: `max`, `sum` or `mean`."""
    uncertainty_weight: NonNegativeFloat = 0.9
    """How much the uncertainty counts."""
    diversity_weight: NonNegativeFloat = 0.02
    """How much it counts that an image is unlike others: 1 - the highest cosine."""
    rarity_weight: NonNegativeFloat = 0.04
    """How much it counts that an image shows rare classes, and again that it is unsure there."""
    candidates_per_pick: PositiveInt = 2
    """How many times a class's budget its candidates are."""
    iou_threshold: UnitInterval = 0.5
    """A detection in a labelled image is right from this overlap with its true box on."""
    min_detections: PositiveInt = 6
    """With fewer labelled detections, a class takes the regression of all classes together."""
    ridge: PositiveFloat = 1.0
    """Penalty on the regressions' squared weights, of standardised features."""
    min_confidence: UnitInterval = 0.0
    """Boxes below this probability of their class do not count."""

    @property
    def columns(self) -> frozenset[str]:
        """Boxes, and the embeddings of those images that a class may pick."""
        return COLUMNS | {"embedding"}

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Boxes and what they really are."""
        return LABELLED_COLUMNS

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
        wanted = min(budget, len(ids))
        boxes_NC = images["num_boxes"]
        rarity_C = rarity(labelled.class_counts, boxes_NC.sum(axis=0, dtype=np.int64))
        shares_C = divide(wanted, rarity_C, np.count_nonzero(boxes_NC, axis=0))
        picked = self._pick(candidates, ids, images, shares_C, rarity_C)
        order = sorted(picked, key=lambda row: (-picked[row][0], row))
        picks = [
            (row, picked[row][0], self._reason(images[row], picked[row][1], classes, rarity_C))
            for row in order
        ]
        picks += self._fill(images, picked, wanted - len(picks))
        return Selection(
            ids=tuple(ids[row] for row, _, _ in picks),
            scores=tuple(score for _, score, _ in picks),
            reasons=tuple(reason for _, _, reason in picks),
        )

    def _read(
        self, candidates: Candidates, labelled: Labelled, classes: list[str]
    ) -> tuple[list[str], NDArray[np.void]]:
        """Return for each image and class the boxes, their uncertainty and their entropy."""
        models = self.fit(labelled)
        shape = (len(classes),)
        kind = np.dtype(
            [
                ("score", np.float32),  # the highest uncertainty about any class
                ("uncertainty", np.float32, shape),
                ("entropy", np.float32, shape),  # sum over boxes of the class
                ("num_boxes", np.uint16, shape),
            ]
        )

        def rows_of(part: ScoreRecord) -> NDArray[np.void]:
            check_classes(part, classes)
            predicted_D = part.predicted
            features_DK = features(part, predicted_D)
            entropy_D = entropy(part.probabilities.astype(np.float64))
            check_finite(part, entropy_D)
            right_D = probabilities(models, features_DK, predicted_D)
            doubt_D = entropy(np.stack([right_D, 1 - right_D], axis=1))
            # An image's boxes of one class, together: cell = image x class.
            cell_D = part.image_of_detection * len(classes) + predicted_D
            (mine,) = np.nonzero(features_DK[:, 1] >= self.min_confidence)
            mine = mine[np.argsort(cell_D[mine], kind="stable")]
            num_cells = len(part.ids) * len(classes)
            counts = np.bincount(cell_D[mine], minlength=num_cells)
            offsets = np.concatenate([[0], np.cumsum(counts)])
            rows = np.zeros(len(part.ids), kind)
            for name, values, how in (
                ("uncertainty", doubt_D, self.aggregation),
                ("entropy", entropy_D, "sum"),
            ):
                cells = aggregate(values[mine], offsets, how, empty_score=0.0)
                rows[name] = cells.reshape(-1, *shape)
            rows["num_boxes"] = counts.reshape(-1, *shape)
            rows["score"] = rows["uncertainty"].max(axis=1)
            return rows

        return score_images(candidates, COLUMNS, rows_of, kind)

    def fit(self, labelled: Labelled) -> list[Logistic | None]:
        """Return each class's regression on the labelled images' detections."""
        return fit_classes(
            labelled,
            min_iou=self.iou_threshold,
            min_detections=self.min_detections,
            min_confidence=self.min_confidence,
            ridge=self.ridge,
        )

    def _pick(
        self,
        candidates: Candidates,
        ids: list[str],
        images: NDArray[np.void],
        shares_C: Integers,
        rarity_C: Float64s,
    ) -> Picked:
        """Let the classes pick, the rarest first."""
        weights = Weights(self.uncertainty_weight, self.diversity_weight, self.rarity_weight)
        pools = self._pools(images, shares_C)
        units = _unit_embeddings(candidates, ids, pools)
        picked: Picked = {}
        for label in np.argsort(-rarity_C, kind="stable").tolist():
            share = int(shares_C[label])
            rows = [row for row in pools[label] if row not in picked]
            rows = rows[: self.candidates_per_pick * share]
            if not rows:
                continue
            units_ME = np.stack([units[row] for row in rows])
            those = images[rows]
            mine = ClassCandidates(
                uncertainty_M=those["uncertainty"][:, label].astype(np.float64),
                units_ME=units_ME,
                rare_entropy_M=those["entropy"] @ rarity_C,
                rare_classes_M=(those["num_boxes"] > 0) @ rarity_C,
                cosine_to_picks_M=highest_cosine(units_ME, np.stack([units[row] for row in picked]))
                if picked and self.scoring == "greedy"
                else None,
            )
            places, scores = SCORINGS[self.scoring](mine, share, weights)
            for place, score in zip(places.tolist(), scores.tolist(), strict=True):
                picked[rows[place]] = score, label
        return picked

    def _pools(self, images: NDArray[np.void], shares_C: Integers) -> list[list[int]]:
        """Return each class's images, the most uncertain first: enough, whatever others pick."""
        pools = []
        for label, share in enumerate(shares_C.tolist()):
            most = self.candidates_per_pick * share + int(shares_C.sum()) if share else 0
            uncertainty_N = images["uncertainty"][:, label].astype(np.float64)
            order = top_k(np.where(images["num_boxes"][:, label], uncertainty_N, -1.0), most)
            pools.append([row for row in order.tolist() if images["num_boxes"][row, label]])
        return pools

    def _fill(
        self, images: NDArray[np.void], picked: Picked, missing: int
    ) -> list[tuple[int, float, str]]:
        """Return the most uncertain images that no class has picked; those without boxes last.

        Their score is that uncertainty, which is not the scale of what classes pick.
        """
        score_N = np.where(images["num_boxes"].any(axis=1), images["score"], -1.0)
        order = top_k(score_N, len(picked) + missing).tolist()
        rows = [row for row in order if row not in picked][:missing]
        whys = [self._measure(s) if s >= 0 else "no box that counts" for s in score_N[rows]]
        return [
            (row, float(images["score"][row]), f"fills the budget: {why}")
            for row, why in zip(rows, whys, strict=True)
        ]

    def _reason(self, image: Any, label: int, classes: list[str], rarity_C: Float64s) -> str:
        boxes = int(image["num_boxes"][label])
        shown = f"{boxes} {'box' if boxes == 1 else 'boxes'}"
        measure = self._measure(image["uncertainty"][label])
        return f"for class {classes[label]} (rarity {rarity_C[label]:.2f}): {shown}, {measure}"

    def _measure(self, nats: float) -> str:
        if self.aggregation == "sum":
            return f"entropy of being right {nats:.2f} nats in all"
        return f"entropy of being right {nats:.2f} of at most {log(2):.2f} nats"


def _unit_embeddings(
    candidates: Candidates, ids: list[str], pools: list[list[int]]
) -> dict[int, Float32s]:
    """Return the embeddings, of length 1, of all images that a class may pick, by their rows."""
    rows = sorted({row for pool in pools for row in pool})
    _, found = read_embeddings([ids[row] for row in rows], candidates.record)
    return dict(zip(rows, unit(found), strict=True))
