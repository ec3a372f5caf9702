# ruff: noqa: N803, N806 - shape suffixes
"""Uncertain, then diverse: of the images that another strategy wants most, those that differ.

The shape of PPAL (Yang, Huang and Crowley: Plug and Play Active Learning for Object Detection, CVPR
2024), with embeddings of images in place of its distances between boxes.

M = candidates, L = labelled images.
"""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from job.acquisition.features.embeddings import Embeddings, read_directions
from job.acquisition.features.neighbourhood import describe_picks
from job.acquisition.numerics.k_center import k_center
from job.acquisition.numerics.max_coverage import SIGMA, References, max_coverage
from job.acquisition.numerics.top_k import Rows
from job.acquisition.strategy import Pick, Selection, Task
from job.acquisition.wrappers.base import EmbeddingWrapper
from job.records.arrays import Float64s


class Diverse(EmbeddingWrapper):
    """Asks the strategy inside for more images than the budget, and picks diverse ones of them.

    The score of a pick is what it adds: coverage, or distance.
    """

    oversample: Annotated[float, Field(ge=1)] = 4.0
    """How many images the strategy inside is asked for, as a multiple of the budget."""
    by: Literal["herding", "k_center"] = "herding"
    """`herding`: each pick is like most of the candidates that nothing labelled or picked is like,
    as in the strategy `herding`. `k_center`: each pick is the farthest from all that is labelled or
    picked, as in `coreset`. Both compare directions from the mean embedding of all images."""

    def select(self, task: Task) -> Selection:
        """Pick among the candidates, one by one."""
        wanted = round(self.oversample * task.budget)
        ranked = {pick.id: pick for pick in self.inner.select(replace(task, budget=wanted)).picks}
        seen = read_directions(task)
        candidates = [row for row, each in enumerate(seen.ids) if each in ranked]
        points_ME = seen.points_NE[candidates]
        rows, scores = self._choose(points_ME, seen.labelled_LE, task.budget)
        among = f"{len(candidates):,} candidates"
        told = describe_picks(
            points_ME[rows], points_ME, among, seen.labelled_LE, seen.labelled_ids
        )
        ids = [seen.ids[candidates[row]] for row in rows.tolist()]
        picked = zip(ids, scores.tolist(), told, strict=True)
        return Selection(
            tuple(Pick(each, score, f"{why}; {ranked[each].reason}") for each, score, why in picked)
        )

    def _choose(
        self, points_ME: Embeddings, labelled_LE: Embeddings, budget: int
    ) -> tuple[Rows, Float64s]:
        if self.by == "k_center":
            centres = k_center(points_ME, labelled_LE, budget)
            return centres.rows, centres.distances
        references = References.of(points_ME, np.ones(len(points_ME)), SIGMA, labelled_LE)
        covering = max_coverage(points_ME, references, budget)
        return covering.rows, covering.gains
