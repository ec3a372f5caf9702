"""A strategy of another package: `docs/strategies.md` shows it, and mypy checks it strictly."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from job.acquisition import Images, RecordPart, Scores, ScoringStrategy, Task, aggregate, read_rows


class MostBoxes(ScoringStrategy):
    """Selects the images with the most boxes."""

    reads: ClassVar[frozenset[str]] = frozenset({"objectness"})

    threshold: float = 0.5
    """Only boxes with at least this objectness count."""

    def score(self, images: Images, task: Task) -> Scores:
        """Return the number of boxes of each image."""
        ids, counts = read_rows(images, self.reads, self.count)
        return Scores(ids, counts, lambda row: f"{counts[row]:.0f} boxes")

    def count(self, part: RecordPart) -> NDArray[np.float64]:
        """Return the number of boxes of each image of a part."""
        counts = (part.objectness >= self.threshold).astype(np.float64)
        return aggregate(counts, part.offsets, "sum", empty_score=0.0)
