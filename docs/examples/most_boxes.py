"""A strategy: the images with the most boxes."""

from typing import ClassVar

import numpy as np

from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.aggregation import aggregate
from job.acquisition.strategy import Images, Scores, ScoringStrategy, Task
from job.records.arrays import Float64s
from job.records.score_record import ScoreRecord


class MostBoxes(ScoringStrategy):
    """Selects the images with the most boxes."""

    reads: ClassVar[frozenset[str]] = frozenset({"objectness"})

    threshold: float = 0.5
    """Only boxes with at least this objectness count."""

    def score(self, images: Images, task: Task) -> Scores:  # noqa: ARG002 - only the boxes matter
        """Return the number of boxes of each image."""
        ids, counts = read_rows(images, self.reads, self.count)
        return Scores(ids, counts, lambda row: f"{counts[row]:.0f} boxes")

    def count(self, part: ScoreRecord) -> Float64s:
        """Return the number of boxes of each image of a part."""
        counts = (part.objectness >= self.threshold).astype(np.float64)
        return aggregate(counts, part.offsets, "sum", empty_score=0.0)
