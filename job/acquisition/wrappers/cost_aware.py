# ruff: noqa: N803, N806 - shape suffixes
"""The score divided by the expected seconds of annotation.

The most informative images are often the most work.

An image is expected to take `seconds_per_image + seconds_per_box * E[boxes]`.

N = unlabelled images.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from job.acquisition.features import expected_boxes as boxes
from job.acquisition.numerics.top_k import top_k
from job.acquisition.strategy import Pick, ScoringStrategy, Selection, Task
from job.acquisition.wrappers.base import Wrapper, score_all
from job.errors import BadDataError
from job.records.arrays import Float64s


class CostAware(Wrapper):
    """Divides the scores of the strategy inside by the expected seconds of annotation.

    If that strategy scores each image on its own, all images are compared. If not, it is asked for
    `oversample` times the budget, and the best of those picks by score per second are taken. Equal
    quotients are taken in the order of the strategy inside, so `random` stays random.
    """

    seconds_per_image: PositiveFloat = 5.0
    """Seconds that an annotator needs for an image that shows nothing; above 0. The default is that
    of a box; measure what your annotators need."""
    seconds_per_box: NonNegativeFloat = 5.0
    """Seconds that an annotator needs for a box. 5 is the tutorial's figure; Open Images reports
    7.4."""
    oversample: PositiveInt = 4
    """Oversampling of a strategy inside that does not score each image on its own: it is asked for
    this many times the budget."""

    @property
    def reads(self) -> frozenset[str]:
        """What the strategy inside reads, and the objectness."""
        return self.inner.reads | boxes.READS

    @property
    def reads_labelled(self) -> frozenset[str]:
        """What the strategy inside reads, and what calibrates the number of boxes."""
        return self.inner.reads_labelled | boxes.READS_LABELLED

    def select(self, task: Task) -> Selection:
        """Select the images with the highest score per second, which becomes their score.

        Raises:
            BadDataError: A score of the strategy inside is negative.
        """
        ids, boxes_N = boxes.expected_boxes(task.unlabelled, task.labelled)
        seconds_N = self.seconds_per_image + self.seconds_per_box * boxes_N
        if isinstance(self.inner, ScoringStrategy):
            scores = score_all(self.inner, task.unlabelled, task)
            return _best_rates(scores.ids, scores.scores_N, scores.explain, seconds_N, task.budget)
        asked = min(self.oversample * task.budget, len(ids))
        ranked = self.inner.select(replace(task, budget=asked)).picks
        row_of = {image_id: row for row, image_id in enumerate(ids)}
        ranked_ids = [pick.id for pick in ranked]
        return _best_rates(
            ranked_ids,
            np.array([pick.score for pick in ranked]),
            lambda row: ranked[row].reason,
            seconds_N[[row_of[image_id] for image_id in ranked_ids]],
            task.budget,
        )


def _best_rates(
    ids: Sequence[str],
    scores_N: Float64s,
    explain: Callable[[int], str],
    seconds_N: Float64s,
    budget: int,
) -> Selection:
    """Return the images with the highest score per second; equal ones in the order given."""
    if len(ids) and scores_N.min() < 0:
        message = (
            f"image {ids[int(scores_N.argmin())]!r} has a negative score, which cannot be divided "
            "by a cost: a higher cost would make it better"
        )
        raise BadDataError(message)
    rate_N = scores_N / seconds_N
    return Selection(
        tuple(
            Pick(
                ids[row],
                float(rate_N[row]),
                f"{explain(row)}; {seconds_N[row]:.0f} s expected",
            )
            for row in top_k(rate_N, budget).tolist()
        )
    )
