# ruff: noqa: N803, N806 - shape suffixes
"""Brust, Kaeding, Denzler: Active Learning for Deep Object Detection, VISAPP 2019.

D = detections of all images together, C = foreground classes, K = C, or C + 1 with background.
The settings beside the paper's are the tutorial's faults, so that what they do can be measured.
"""

from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from pydantic import FiniteFloat, PositiveInt

from job.acquisition.features.reasons import (
    EVIDENCE,
    Evidence,
    check_classes,
    check_finite,
    describe,
    gather,
)
from job.acquisition.features.record_pass import score_images
from job.acquisition.numerics.aggregation import Aggregation, aggregate
from job.acquisition.numerics.top_k import best_batches
from job.acquisition.numerics.uncertainty import Float64s, margin, outside_top2
from job.acquisition.strategy import (
    Candidates,
    Labelled,
    Scores,
    ScoringStrategy,
    Selection,
)
from job.config.section import UnitInterval
from job.records.arrays import Floats, Integers
from job.records.score_record import ScoreRecord


class Brust(ScoringStrategy):
    """The 1-vs-2 margin of each detection, aggregated over the image."""

    aggregation: Aggregation = "sum"
    """How an image's detections are combined: `sum` (the paper's best), `mean` or `max`."""
    class_weights: bool = False
    """Multiply a detection's value by (boxes + classes) / (boxes of its class + 1), counted over
    the labelled images; its class is the most probable one."""
    batches: Literal["top", "random", "consecutive"] = "top"
    """What is picked: the `top` images; or the best of fixed batches, cut at `random` (the paper)
    or from `consecutive` unlabelled images in the order of the pool (a fault of the tutorial)."""
    batch_size: PositiveInt = 10
    """Images in a batch; without meaning for `top`."""
    empty_score: FiniteFloat = 0.0
    """The score of an image without detections."""
    uncertainty: Literal["margin", "outside_top2"] = "margin"
    """(1 - (p1 - p2))^2; or (1 - p1 - p2)^2, a fault of the tutorial."""
    background: Literal["drop", "keep"] = "drop"
    """Whether background counts as one more class; `keep` is a fault of the tutorial."""
    once_per_class: UnitInterval | None = None
    """Count a box once for each class that has at least this probability with background among
    the classes, and once where none has. A fault of the tutorial; unset: once."""

    @property
    def columns(self) -> frozenset[str]:
        """The class distributions; for two of the faults, what is background too."""
        faulty = self.background == "keep" or self.once_per_class is not None
        return frozenset({"probabilities", "objectness"} if faulty else {"probabilities"})

    def score(self, candidates: Candidates, labelled: Labelled) -> Scores:
        """Return each image's aggregated margin."""
        score_part = partial(self._score_part, labelled=labelled)
        ids, images = score_images(candidates, self.columns, score_part, EVIDENCE)
        classes = [*labelled.class_counts, "background"]
        return Scores(
            ids,
            images["score"],
            lambda row: describe(images[row], classes, self._measure(images[row])),
        )

    def select(
        self, candidates: Candidates, labelled: Labelled, budget: int, rng: np.random.Generator
    ) -> Selection:
        """Take the images, or the batches, with the highest scores."""
        if self.batches == "top":
            return super().select(candidates, labelled, budget, rng)
        scores = self.score(candidates, labelled)
        if self.batches == "random":
            order = rng.permutation(len(scores.ids))
        else:
            row_of = {image_id: row for row, image_id in enumerate(scores.ids)}
            order = np.array([row_of[image_id] for image_id in candidates.ids], np.intp)
        picks = best_batches(scores.scores_N, order, self.batch_size, budget)
        selection = scores.pick(picks.rows.tolist())
        reasons = tuple(
            f"{reason}; batch {rank + 1} of {picks.num_batches}, worth {worth:.3g}"
            for reason, rank, worth in zip(selection.reasons, picks.ranks, picks.worth, strict=True)
        )
        return replace(selection, reasons=reasons)

    def _score_part(self, part: ScoreRecord, labelled: Labelled) -> Evidence:
        check_classes(part, list(labelled.class_counts))
        p_DC = part.probabilities.astype(np.float64)
        p_DK = with_background(p_DC, part.objectness) if self.background == "keep" else p_DC
        values_D = (margin if self.uncertainty == "margin" else outside_top2)(p_DK)
        check_finite(part, values_D)
        weights_D = None
        counted_D, offsets = values_D, part.offsets
        if self.class_weights:
            weights_D = class_weights(labelled)[p_DC.argmax(axis=1)]
            counted_D = values_D * weights_D
        if self.once_per_class is not None:
            check_finite(part, part.objectness)
            p_DC = p_DC * part.objectness[:, None]
            times_D = np.maximum(1, (p_DC >= self.once_per_class).sum(axis=1))
            counted_D, offsets = repeat(counted_D, offsets, times_D)
        scores = aggregate(counted_D, offsets, self.aggregation, empty_score=self.empty_score)
        return gather(part, scores, p_DK, values_D, weights_D)

    def _measure(self, image: Evidence) -> str:
        root = float(np.sqrt(image["value"]))
        what = (
            f"margin {1 - root:.2f}" if self.uncertainty == "margin" else f"outside both {root:.2f}"
        )
        return f"{what}; class weight {image['weight']:.2f}" if self.class_weights else what


def class_weights(labelled: Labelled) -> Float64s:
    """w_c = (boxes + classes) / (boxes of c + 1): (C,), over the labelled images."""
    counts_C = np.array(list(labelled.class_counts.values()), dtype=np.float64)
    num_boxes, num_classes = int(counts_C.sum()), len(counts_C)
    return (num_boxes + num_classes) / (counts_C + 1)


def with_background(p_DC: Floats, objectness_D: Floats) -> Float64s:
    """The full softmax with background as its last class: (D, C + 1)."""
    objectness_D1 = objectness_D.astype(np.float64)[:, None]
    return np.concatenate([p_DC * objectness_D1, 1 - objectness_D1], axis=1)


def repeat(values_D: Float64s, offsets: Integers, times_D: Integers) -> tuple[Float64s, Integers]:
    """Return each value as many times as said, and the offsets that go with them."""
    ends = np.concatenate([[0], np.cumsum(times_D)])
    return np.repeat(values_D, times_D), ends[offsets]
