# ruff: noqa: N803, N806 - shape suffixes
"""Uncertainty-weighted embeddings: uncertain images that are unlike each other (TMLR 2024).

Each image's embedding is multiplied by its uncertainty, which is min-max scaled to [0, 1] over the
unlabelled images. Greedy k-centre on the products then takes images that are far from the labelled
ones; an image that the detector is sure of lies near the origin. A labelled image is multiplied by
its own uncertainty, on the scale of the unlabelled images, clipped to [0, 1].

N = unlabelled images, L = labelled images, E = length of an embedding.
"""

import numpy as np
from pydantic import Field, field_validator

from job.acquisition.features.embeddings import Embeddings, read_embeddings
from job.acquisition.numerics.k_center import k_center
from job.acquisition.registry import make_scoring_strategy
from job.acquisition.strategies.coreset import selection_of
from job.acquisition.strategy import Selection, Task
from job.acquisition.wrappers.base import Wrapper, checked, score_all
from job.config.schema import ArmConfig
from job.records.arrays import Float64s


class Uwe(Wrapper):
    """Selects by greedy k-centre on embeddings times uncertainty, from the labelled images on.

    If all images are equally uncertain, it is `coreset`.
    """

    of: ArmConfig = Field(ArmConfig(strategy="entropy"), validate_default=True)
    """What gives the uncertainty: a strategy that scores each image on its own."""

    @field_validator("of")
    @classmethod
    def _check(cls, of: ArmConfig) -> ArmConfig:
        checked(make_scoring_strategy, of)
        return of

    @property
    def reads(self) -> frozenset[str]:
        """What the uncertainty reads, and the embeddings."""
        return self.inner.reads | {"embedding"}

    @property
    def reads_labelled(self) -> frozenset[str]:
        """The same of the labelled images."""
        return self.inner.reads_labelled | self.reads

    def cannot_rank(self, num_classes: int) -> str | None:
        """If the uncertainty cannot, all images are equally uncertain."""
        why = self.inner.cannot_rank(num_classes)
        return why and f"by {self.of.strategy} all images are equally uncertain, so it is `coreset`"

    def select(self, task: Task) -> Selection:
        """Select images one by one; the score of each is its distance at that time."""
        inner = make_scoring_strategy(self.of)
        scores = score_all(inner, task.unlabelled, task)
        labelled_L = np.empty(0)
        if task.labelled.ids:
            labelled_L = score_all(inner, task.labelled, task).scores_N
        ids, points_NE = read_embeddings(task.unlabelled)
        _, centres_LE = read_embeddings(task.labelled)
        weight_N = scale(scores.scores_N, scores.scores_N)
        weight_L = scale(labelled_L, scores.scores_N)
        taken = k_center(_weighed(points_NE, weight_N), _weighed(centres_LE, weight_L), task.budget)
        reasons = [
            f"uncertainty {weight_N[row]:.2f} of 1, weighted distance {distance:.3g} to what is "
            f"labelled or picked; {scores.explain(row)}"
            for row, distance in zip(taken.rows.tolist(), taken.distances, strict=True)
        ]
        return selection_of(ids, taken, reasons)


def scale(values: Float64s, over: Float64s) -> Float64s:
    """Return values on the scale on which `over` reaches from 0 to 1, clipped to [0, 1].

    If all of `over` are equal, they do not tell images apart, and every value becomes 1.
    """
    if not len(over) or over.min() == over.max():
        return np.ones(len(values))
    return np.asarray(np.clip((values - over.min()) / (over.max() - over.min()), 0, 1))


def _weighed(points_NE: Embeddings, weight_N: Float64s) -> Embeddings:
    """Multiply embeddings in place: nobody else holds them, and they may be most of the memory."""
    if len(points_NE):
        points_NE *= weight_N.astype(np.float16)[:, None]
    return points_NE
