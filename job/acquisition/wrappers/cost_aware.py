# ruff: noqa: N803, N806 - shape suffixes
"""Utility per second of an annotator: the most informative images are often the most work.

An image takes `seconds_per_image + seconds_per_box * E[boxes]`.

N = candidates.
"""

from typing import Any

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from job.acquisition.features.expected_boxes import COLUMNS, LABELLED_COLUMNS, expected_boxes
from job.acquisition.numerics.top_k import top_k
from job.acquisition.numerics.uncertainty import Float64s
from job.acquisition.strategy import Candidates, Labelled, ScoringStrategy, Selection
from job.acquisition.wrappers.base import Wrapper
from job.errors import BadDataError


class CostAware(Wrapper):
    """Divides what the strategy inside says an image is worth by the seconds it will take.

    Of a strategy that scores each image on its own, all images are weighed. Another one is asked
    for `oversample` times the budget, and of those the best by score per second are taken. Of equal
    ones, those that the strategy inside likes better: so `random` stays random.
    """

    seconds_per_image: PositiveFloat = 5.0
    """Seconds that an image takes whatever is in it; above 0, since it may show nothing. As a box
    by default; what your annotators need is better."""
    seconds_per_box: NonNegativeFloat = 5.0
    """Seconds that a box takes. 5 is the tutorial's figure; Open Images reports 7.4."""
    oversample: PositiveInt = 4
    """How many times the budget a strategy is asked for that does not score each image."""

    @property
    def columns(self) -> frozenset[str]:
        """Those of the strategy inside, and the objectness."""
        return self.inner.columns | COLUMNS

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Those of the strategy inside, and what calibrates the number of boxes."""
        return self.inner.labelled_columns | LABELLED_COLUMNS

    def select(
        self, candidates: Candidates, labelled: Labelled, budget: int, rng: np.random.Generator
    ) -> Selection:
        """Take the images of the highest utility per second; that is their score.

        Raises:
            BadDataError: A score of the strategy inside is negative.
        """
        ids, boxes_N = expected_boxes(candidates, labelled)
        seconds_N = self.seconds_per_image + self.seconds_per_box * boxes_N
        if isinstance(self.inner, ScoringStrategy):
            scores = self.inner.score(candidates, labelled)
            _check(ids, scores.scores_N)
            rate_N = scores.scores_N / seconds_N
            rows = top_k(rate_N, budget)
            chosen = scores.pick(rows.tolist())
            return _priced(chosen, rate_N[rows], seconds_N[rows])
        asked = min(self.oversample * budget, len(ids))
        ranked = self.inner.select(candidates, labelled, asked, rng)
        row_of = {image_id: row for row, image_id in enumerate(ids)}
        seconds = seconds_N[[row_of[image_id] for image_id in ranked.ids]]
        utility = np.array(ranked.scores)
        _check(list(ranked.ids), utility)
        rate = utility / seconds
        places = top_k(rate, budget)
        return _priced(_some(ranked, places), rate[places], seconds[places])


def _check(ids: list[str], scores_N: Float64s) -> None:
    if len(ids) and scores_N.min() < 0:
        message = (
            f"image {ids[scores_N.argmin()]!r} has a negative score, and a cost cannot be set "
            "against it: of two such images the dearer would be better"
        )
        raise BadDataError(message)


def _some(ranked: Selection, places: Any) -> Selection:
    return Selection(
        ids=tuple(ranked.ids[place] for place in places),
        scores=tuple(ranked.scores[place] for place in places),
        reasons=tuple(ranked.reasons[place] for place in places),
    )


def _priced(chosen: Selection, rates: Float64s, seconds: Float64s) -> Selection:
    return Selection(
        ids=chosen.ids,
        scores=tuple(rates.tolist()),
        reasons=tuple(
            f"{reason}; {each:.0f} s expected"
            for reason, each in zip(chosen.reasons, seconds, strict=True)
        ),
    )
