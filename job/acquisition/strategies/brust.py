# ruff: noqa: N803, N806 - shape suffixes
"""Brust, Kaeding, Denzler: Active Learning for Deep Object Detection, VISAPP 2019.

D = detections of all images together, C = foreground classes, K = classes of a distribution.
"""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import FiniteFloat, PositiveInt

from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.reasons import EXPLANATION, Explanations, explain_images, reason
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.aggregation import Aggregation, aggregate
from job.acquisition.numerics.top_k import Rows, best_batches
from job.acquisition.numerics.uncertainty import margin
from job.acquisition.strategy import IDS_DECIDE, Images, Scores, ScoringStrategy, Selection, Task
from job.records.arrays import Float64s
from job.records.record_part import RecordPart


class Brust(ScoringStrategy):
    """Selects by the 1-vs-2 margin of each detection, aggregated over the image."""

    reads: ClassVar[frozenset[str]] = frozenset({"probabilities"})

    aggregation: Aggregation = "sum"
    """How the detections of an image are combined: `sum` (the paper's best), `mean` or `max`."""
    class_weights: bool = False
    """Multiply a detection's value by (boxes + classes) / (boxes of its class + 1), counted over
    the labelled images; its class is the most probable one."""
    batches: Literal["top", "random"] = "top"
    """What is selected: the `top` images, or the best batches of a `random` partition of the images
    into batches, as in the paper."""
    batch_size: PositiveInt = 10
    """Images in a batch; without effect for `top`."""
    empty_score: FiniteFloat = 0.0
    """The score of an image without detections."""

    def cannot_rank(self, num_classes: int) -> str | None:
        """With one class, every margin is 0; batches of a random partition stay random."""
        if num_classes > 1:
            return None
        then = IDS_DECIDE if self.batches == "top" else "all batches are worth the same"
        return f"a single class has no second one to be mistaken for, so {then}"

    def score(self, images: Images, task: Task) -> Scores:
        """Return each image's aggregated margin."""
        ids, rows = read_rows(images, self.reads, partial(self._score_part, task=task), EXPLANATION)
        classes = [*task.classes, "background"]
        return Scores(
            ids,
            rows["score"],
            lambda row: reason(rows[row], classes, self._weighed_measure(rows[row])),
        )

    def select(self, task: Task) -> Selection:
        """Select the images, or the batches, with the highest scores."""
        if self.batches == "top":
            return super().select(task)
        scores = self.score(task.unlabelled, task)
        return self.select_batches(scores, task.rng.permutation(len(scores.ids)), task.budget)

    def select_batches(self, scores: Scores, order: Rows, budget: int) -> Selection:
        """Cut the images into batches along an order of their rows, and select the best batches."""
        best = best_batches(scores.scores_N, order, self.batch_size, budget)
        picks = zip(scores.pick(best.rows.tolist()).picks, best.ranks, best.worth, strict=True)
        return Selection(
            tuple(
                replace(
                    pick,
                    reason=f"{pick.reason}; batch {rank + 1} of {best.num_batches}, "
                    f"worth {worth:.3g}",
                )
                for pick, rank, worth in picks
            )
        )

    def uncertainties(self, part: RecordPart) -> tuple[Float64s, Float64s]:
        """Return each detection's class distribution and its uncertainty: (D, K), (D,)."""
        p_DC = part.probabilities.astype(np.float64)
        return p_DC, margin(p_DC)

    def combine(self, part: RecordPart, values_D: Float64s) -> Float64s:
        """Return the images' scores from the values of their detections: (N,)."""
        return aggregate(values_D, part.offsets, self.aggregation, empty_score=self.empty_score)

    def measure(self, image: Any) -> str:
        """Return the uncertainty of the detection that explains an image, in words."""
        return f"margin {1 - np.sqrt(image['value']):.2f}"

    def _score_part(self, part: RecordPart, task: Task) -> Explanations:
        check_classes(part, task.classes)
        p_DK, values_D = self.uncertainties(part)
        check_finite(part, values_D)
        weights_D, weighted_D = None, values_D
        if self.class_weights:
            weights_D = class_weights(task)[part.predicted]
            weighted_D = values_D * weights_D
        return explain_images(part, self.combine(part, weighted_D), p_DK, values_D, weights_D)

    def _weighed_measure(self, image: Any) -> str:
        weight = f"; class weight {image['weight']:.2f}" if self.class_weights else ""
        return self.measure(image) + weight


def class_weights(task: Task) -> Float64s:
    """Return w_c = (boxes + classes) / (boxes of c + 1), over the labelled images: (C,)."""
    counts_C = np.array([task.class_counts[name] for name in task.classes], np.float64)
    return np.asarray((counts_C.sum() + len(counts_C)) / (counts_C + 1))
