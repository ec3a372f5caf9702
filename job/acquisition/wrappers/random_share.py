"""A control share: some of the budget is drawn at random, and says so.

Random picks are an unbiased sample of what is unlabelled: of the pool's classes, and of how the
detector does on it. What a strategy alone picks tells neither.
"""

from fractions import Fraction
from math import floor

import numpy as np

from job.acquisition.strategy import Candidates, Labelled, Selection
from job.acquisition.wrappers.base import Wrapper
from job.config.section import UnitInterval

REASON = "control share, drawn at random"


class RandomShare(Wrapper):
    """Gives a share of the budget to random picks; they come last, with a score of 0."""

    share: UnitInterval = 0.1
    """The share of the budget that is drawn at random, rounded to whole images (a half up)."""

    def select(
        self, candidates: Candidates, labelled: Labelled, budget: int, rng: np.random.Generator
    ) -> Selection:
        """Take the picks of the strategy inside, and then draw from all that is left."""
        of_inner, of_draw = rng.spawn(2)  # so neither depends on how much the other draws
        wanted = min(budget, len(candidates.ids))
        share = Fraction(str(self.share))  # as it is written: in binary, 0.29 * 50 is below 14.5
        num_random = floor(wanted * share + Fraction(1, 2))
        chosen = self.inner.select(candidates, labelled, wanted - num_random, of_inner)
        left = sorted(set(candidates.ids).difference(chosen.ids))
        rows = of_draw.choice(len(left), size=num_random, replace=False)
        drawn = tuple(left[row] for row in rows)
        return Selection(
            ids=(*chosen.ids, *drawn),
            scores=(*chosen.scores, *[0.0] * len(drawn)),
            reasons=(*chosen.reasons, *[REASON] * len(drawn)),
        )
