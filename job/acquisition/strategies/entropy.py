# ruff: noqa: N803, N806 - shape suffixes
"""Shannon entropy of each detection, aggregated over the image.

D = detections of all images together, K = classes of a distribution.
"""

from functools import partial
from math import log
from typing import Any

import numpy as np
from pydantic import PositiveInt

from job.acquisition.features.checks import check_finite
from job.acquisition.features.objects import empty_ties, score_empty
from job.acquisition.features.reasons import EXPLANATION, Explanations, reason
from job.acquisition.features.record_pass import read_rows
from job.acquisition.features.uncertain_boxes import Reading, UncertainBoxes
from job.acquisition.numerics import uncertainty
from job.acquisition.numerics.aggregation import Aggregation, aggregate, keep_highest
from job.acquisition.numerics.class_quotas import class_weights
from job.acquisition.strategy import Images, Scores, ScoringStrategy, Task
from job.records.arrays import Float64s
from job.records.record_part import RecordPart


class Entropy(UncertainBoxes, ScoringStrategy):
    """Selects the images whose detections' classes are least certain."""

    aggregation: Aggregation = "mean"
    """How the detections of an image are combined: `sum`, `mean` or `max`."""
    top_m: PositiveInt | None = 3
    """Combine only this many detections of an image, those with the highest entropy, so that an
    image of a crowd does not win by their number; null: all."""
    class_weights: bool = False
    """Multiply a detection's entropy by the weight of its class: the mean number of labelled boxes
    a class, over that of its class, from 1/8 to 8."""

    def score(self, images: Images, task: Task) -> Scores:
        """Return each image's entropy, in nats."""
        reading = self.reading(task)
        counts_C = np.array([task.class_counts[name] for name in task.classes])
        weights_C = class_weights(counts_C) if self.class_weights else None
        score_part = partial(self._score_part, reading=reading, weights_C=weights_C)
        ids, rows = read_rows(images, self.reads, score_part, EXPLANATION)
        score_empty(rows["score"], rows["num_boxes"], self.empty_score)
        highest = log(2 if reading.about else len(task.classes))
        return Scores(
            ids,
            rows["score"],
            lambda row: reason(rows[row], task.classes, self._told(rows[row], reading, highest)),
            empty_ties(rows["num_boxes"], self.empty_score, task.rng),
        )

    def _score_part(
        self, part: RecordPart, reading: Reading, weights_C: Float64s | None
    ) -> Explanations:
        kept, p_DK = reading.read(part)
        values_D = uncertainty.entropy(p_DK)
        check_finite(kept, values_D)
        weights_D = None if weights_C is None else weights_C[kept.predicted]
        counted = values_D if weights_D is None else values_D * weights_D
        offsets = kept.offsets
        if self.top_m is not None:
            counted, offsets = keep_highest(counted, offsets, self.top_m)
        scores_N = aggregate(counted, offsets, self.aggregation, empty_score=0.0)
        return reading.explain(kept, scores_N, p_DK, values_D, weights_D)

    def _told(self, image: Any, reading: Reading, highest: float) -> str:
        weight = f"; class weight {image['weight']:.2f}" if self.class_weights else ""
        return f"entropy{reading.about} {image['value']:.2f} of at most {highest:.2f} nats{weight}"
