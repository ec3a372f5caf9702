# ruff: noqa: N803, N806 - shape suffixes
"""Brust, Kaeding, Denzler: Active Learning for Deep Object Detection, VISAPP 2019.

D = detections of all images together, C = foreground classes, K = classes of a distribution.

In the paper, the value of a detection is v = (1 - (p1 - p2))^2, its 1-vs-2 margin. An image's score
is the sum, the mean or the maximum over its detections, of which the sum is best there. A
detection's class may weigh (boxes + classes) / (boxes of the class + 1), counted over what is
labelled. Images are selected in whole batches of a random partition.

The formula is as in the paper. What differs by default, and why:

- The paper adds up all detections of a YOLO network. Here, boxes count that are objects
  (`min_confidence` and the three settings after it). The margin of a box that is background is that
  of a coin toss between classes, so the sum over all boxes ranks images by their number of
  background boxes: `min_confidence: 0` has that.
- An image without a box that counts has the 0.1 quantile of the others' scores. In the paper, it
  has 0 and comes last.
- With a single class there is no second one. Then, p1 and p2 are the probabilities that the box is
  right and that it is wrong (`rightness`).
- The images with the highest scores are selected. `batches: random` has the paper's batches.
"""

from abc import abstractmethod
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
from pydantic import FiniteFloat, PositiveInt

from job.acquisition.features.checks import check_finite
from job.acquisition.features.objects import empty_ties, score_empty
from job.acquisition.features.reasons import EXPLANATION, Explanations, reason
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.uncertain_boxes import Reading, UncertainBoxes
from job.acquisition.numerics.aggregation import Aggregation, aggregate
from job.acquisition.numerics.top_k import Rows, best_batches
from job.acquisition.numerics.uncertainty import margin
from job.acquisition.strategy import IDS_DECIDE, Images, Scores, ScoringStrategy, Selection, Task
from job.records.arrays import Float64s
from job.records.record_part import RecordPart


class MarginStrategy(ScoringStrategy):
    """Selects by the margins of detections, aggregated over the image: singly or in batches."""

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
    empty_score: FiniteFloat | None = None
    """The score of an image without a box that counts; unset: the 0.1 quantile of the others',
    and such images are drawn at random among themselves."""

    @abstractmethod
    def reading(self, task: Task) -> Reading:
        """Return how the record is read, with what the labelled images of a task say."""

    def says_no_second(self) -> str:
        """Return what follows if there is one class, and so every margin is 0, in words."""
        then = IDS_DECIDE if self.batches == "top" else "all batches are worth the same"
        return f"a single class has no second one to be mistaken for, so {then}"

    def score(self, images: Images, task: Task) -> Scores:
        """Return each image's aggregated margin."""
        reading = self.reading(task)
        score_part = partial(self._score_part, task=task, reading=reading)
        ids, rows = read_rows(images, self.reads, score_part, EXPLANATION)
        score_empty(rows["score"], rows["num_boxes"], self.empty_score)
        classes = [*task.classes, "background"]
        return Scores(
            ids,
            rows["score"],
            lambda row: reason(rows[row], classes, self._told(rows[row], reading)),
            empty_ties(rows["num_boxes"], self.empty_score, task.rng),
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

    def values(self, p_DK: Float64s) -> Float64s:
        """Return the uncertainty of each detection: (D,)."""
        return margin(p_DK)

    def combine(self, part: RecordPart, values_D: Float64s) -> Float64s:
        """Return the images' scores from the values of their detections: (N,)."""
        return aggregate(values_D, part.offsets, self.aggregation, empty_score=0.0)

    def measure(self, image: Any, about: str) -> str:
        """Return the uncertainty of the detection that explains an image, in words."""
        return f"margin{about} {1 - np.sqrt(image['value']):.2f}"

    def _score_part(self, part: RecordPart, task: Task, reading: Reading) -> Explanations:
        kept, p_DK = reading.read(part)
        values_D = self.values(p_DK)
        check_finite(kept, values_D)
        weights_D, weighted_D = None, values_D
        if self.class_weights:
            weights_D = class_weights(task)[kept.predicted]
            weighted_D = values_D * weights_D
        return reading.explain(kept, self.combine(kept, weighted_D), p_DK, values_D, weights_D)

    def _told(self, image: Any, reading: Reading) -> str:
        weight = f"; class weight {image['weight']:.2f}" if self.class_weights else ""
        return self.measure(image, reading.about) + weight


class Brust(UncertainBoxes, MarginStrategy):
    """Selects by the 1-vs-2 margin of each detection, aggregated over the image."""

    def cannot_rank(self, num_classes: int) -> str | None:
        """With one class, every margin is 0; batches of a random partition stay random."""
        return super().cannot_rank(num_classes) and self.says_no_second()


def class_weights(task: Task) -> Float64s:
    """Return w_c = (boxes + classes) / (boxes of c + 1), over the labelled images: (C,)."""
    counts_C = np.array([task.class_counts[name] for name in task.classes], np.float64)
    return np.asarray((counts_C.sum() + len(counts_C)) / (counts_C + 1))
