"""A control share: a part of the budget is drawn at random.

Random picks are an unbiased sample of the unlabelled images: of their classes, and of how well the
detector does on them. The picks of a strategy show neither.
"""

from dataclasses import replace
from fractions import Fraction
from math import floor

from job.acquisition.strategy import Pick, Selection, Task
from job.acquisition.wrappers.base import Wrapper
from job.config.section import UnitInterval

REASON = "control share, drawn at random"


class RandomShare(Wrapper):
    """Gives a share of the budget to random picks; they come last, with a score of 0.

    If the strategy inside selects fewer images than its part, random picks fill the budget.
    """

    share: UnitInterval = 0.1
    """The share of the budget that is drawn at random, rounded to whole images (a half up)."""

    def select(self, task: Task) -> Selection:
        """Take the picks of the strategy inside, and then draw from all that is left."""
        of_inner, of_draw = task.rng.spawn(2)  # so neither depends on how much the other draws
        wanted = min(task.budget, len(task.unlabelled.ids))
        share = Fraction(str(self.share))  # as it is written: in binary, 0.29 * 50 is below 14.5
        num_random = floor(wanted * share + Fraction(1, 2))
        chosen = self.inner.select(replace(task, budget=wanted - num_random, rng=of_inner))
        left = sorted(set(task.unlabelled.ids).difference(chosen.ids))
        num_random = max(num_random, wanted - len(chosen.picks))
        rows = of_draw.choice(len(left), size=num_random, replace=False)
        return Selection((*chosen.picks, *(Pick(left[row], 0.0, REASON) for row in rows)))

    def is_random(self, pick: Pick) -> bool:
        """Those of the share are, and those that are random for the strategy inside."""
        return pick.reason == REASON or self.inner.is_random(pick)
