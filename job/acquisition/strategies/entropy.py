# ruff: noqa: N806 - shape suffixes
"""Shannon entropy of each detection, aggregated over the image.

D = detections of all images together, C = classes.
"""

from functools import partial
from math import log
from typing import Any, ClassVar

import numpy as np
from pydantic import FiniteFloat, PositiveInt

from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.reasons import EXPLANATION, Explanations, explain_images, reason
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics import uncertainty
from job.acquisition.numerics.aggregation import Aggregation, aggregate, keep_highest
from job.acquisition.strategy import IDS_DECIDE, Images, Scores, ScoringStrategy, Task
from job.records.record_part import RecordPart


class Entropy(ScoringStrategy):
    """Selects the images whose detections' classes are least certain."""

    reads: ClassVar[frozenset[str]] = frozenset({"probabilities"})

    aggregation: Aggregation = "sum"
    """How the detections of an image are combined: `sum`, `mean` or `max`."""
    top_m: PositiveInt | None = None
    """Combine only this many detections of an image, those with the highest entropy, so that an
    image of a crowd does not win by their number; unset: all."""
    empty_score: FiniteFloat = 0.0
    """The score of an image without detections."""

    def cannot_rank(self, num_classes: int) -> str | None:
        """With one class, every entropy is 0."""
        return None if num_classes > 1 else f"the entropy of a single class is 0, so {IDS_DECIDE}"

    def score(self, images: Images, task: Task) -> Scores:
        """Return each image's entropy, in nats."""
        classes = task.classes
        score_part = partial(self._score_part, classes=classes)
        ids, rows = read_rows(images, self.reads, score_part, EXPLANATION)
        return Scores(
            ids,
            rows["score"],
            lambda row: reason(rows[row], classes, _measure(rows[row], len(classes))),
        )

    def _score_part(self, part: RecordPart, classes: tuple[str, ...]) -> Explanations:
        check_classes(part, classes)
        p_DC = part.probabilities.astype(np.float64)
        values_D = uncertainty.entropy(p_DC)
        check_finite(part, values_D)
        counted, offsets = values_D, part.offsets
        if self.top_m is not None:
            counted, offsets = keep_highest(values_D, offsets, self.top_m)
        scores_N = aggregate(counted, offsets, self.aggregation, empty_score=self.empty_score)
        return explain_images(part, scores_N, p_DC, values_D)


def _measure(image: Any, num_classes: int) -> str:
    return f"entropy {image['value']:.2f} of at most {log(num_classes):.2f} nats"
