"""Shannon entropy of each detection, aggregated over the image."""

from functools import partial
from math import log

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
from job.acquisition.numerics import uncertainty
from job.acquisition.numerics.aggregation import Aggregation, aggregate, keep_highest
from job.acquisition.strategy import Candidates, Labelled, Scores, ScoringStrategy
from job.records.score_record import ScoreRecord


class Entropy(ScoringStrategy):
    """The images whose detections' classes are least certain."""

    aggregation: Aggregation = "sum"
    """How an image's detections are combined: `sum`, `mean` or `max`."""
    top_m: PositiveInt | None = None
    """Combine only this many detections of an image, those of highest entropy, so that a crowd
    does not win by its number; unset: all."""
    empty_score: FiniteFloat = 0.0
    """The score of an image without detections."""

    @property
    def columns(self) -> frozenset[str]:
        """The class distributions."""
        return frozenset({"probabilities"})

    def score(self, candidates: Candidates, labelled: Labelled) -> Scores:
        """Return each image's entropy, in nats."""
        classes = list(labelled.class_counts)
        score_part = partial(self._score_part, classes=classes)
        ids, images = score_images(candidates, self.columns, score_part, EVIDENCE)
        return Scores(
            ids,
            images["score"],
            lambda row: describe(images[row], classes, _measure(images[row], classes)),
        )

    def _score_part(self, part: ScoreRecord, classes: list[str]) -> Evidence:
        check_classes(part, classes)
        probabilities = part.probabilities.astype(np.float64)
        values = uncertainty.entropy(probabilities)
        check_finite(part, values)
        counted, offsets = values, part.offsets
        if self.top_m is not None:
            counted, offsets = keep_highest(values, offsets, self.top_m)
        scores = aggregate(counted, offsets, self.aggregation, empty_score=self.empty_score)
        return gather(part, scores, probabilities, values)


def _measure(image: Evidence, classes: list[str]) -> str:
    return f"entropy {image['value']:.2f} of at most {log(len(classes)):.2f} nats"
