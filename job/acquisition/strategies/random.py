"""Uniform random sampling: the baseline, and the cold start."""

import numpy as np

from job.acquisition.strategy import Candidates, Labelled, Selection, Strategy


class Random(Strategy):
    """Every unlabelled image is as likely as any other."""

    redraw_labelled: bool = False
    """Draw from the whole pool and drop what is labelled already, so that a round labels fewer
    images than its budget. A fault of the tutorial; for comparison only."""

    def select(
        self, candidates: Candidates, labelled: Labelled, budget: int, rng: np.random.Generator
    ) -> Selection:
        """Draw without replacement; the order of the draw is the rank, and every score is 0."""
        images = sorted(candidates.pool_ids if self.redraw_labelled else candidates.ids)
        rows = rng.choice(len(images), size=min(budget, len(images)), replace=False)
        picks = [images[row] for row in rows]
        if self.redraw_labelled:
            picks = [image_id for image_id in picks if image_id not in labelled.ids]
        return Selection(
            ids=tuple(picks),
            scores=(0.0,) * len(picks),
            reasons=("drawn at random",) * len(picks),
        )
