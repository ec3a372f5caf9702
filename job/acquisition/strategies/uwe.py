# ruff: noqa: N803, N806 - shape suffixes
"""Uncertainty-weighted embeddings: uncertain images that are unlike each other (TMLR 2024).

Each image's embedding is multiplied by its uncertainty, which is min-max scaled to [0, 1] over the
unlabelled images. Greedy k-centre on the products then takes images that are far from each other;
an image that the detector is sure of lies near the origin.

Where k-centre begins is our choice (`start`). The published code ignores the labelled images: it
takes the image of the longest product first, and then the farthest from the picks. Here, picks are
also far from the labelled images. In videos an image that looks like a labelled one adds little,
even if the detector is uncertain about it. A labelled image is multiplied by its own uncertainty,
on the scale of the unlabelled images, clipped to [0, 1].

N = unlabelled images, L = labelled images, E = length of an embedding.
"""

from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from job.acquisition.features.embeddings import Embeddings, read_embeddings
from job.acquisition.numerics.k_center import k_center
from job.acquisition.registry import make_scoring_strategy
from job.acquisition.strategies.coreset import selection_of
from job.acquisition.strategy import ScoringStrategy, Selection, Task
from job.acquisition.wrappers.base import Wrapper, checked, score_all
from job.config.schema import ArmConfig
from job.records.arrays import Float64s


class Uwe(Wrapper):
    """Selects by greedy k-centre on embeddings times uncertainty.

    If all images are equally uncertain, it is `coreset`.
    """

    of: ArmConfig = Field(ArmConfig(strategy="entropy"), validate_default=True)
    """What gives the uncertainty: a strategy that scores each image on its own."""
    start: Literal["labelled", "longest"] = "labelled"
    """Where k-centre begins. `labelled`: at the labelled images. `longest`: at the image whose
    product is the longest, and labelled images are ignored, as in the published code."""

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
        """The same of the labelled images, if k-centre begins at them."""
        inner = self.inner.reads_labelled
        return inner if self.start == "longest" else inner | self.reads

    def cannot_rank(self, num_classes: int) -> str | None:
        """If the uncertainty cannot, all images are equally uncertain."""
        why = self.inner.cannot_rank(num_classes)
        return why and f"by {self.of.strategy} all images are equally uncertain, so it is `coreset`"

    def select(self, task: Task) -> Selection:
        """Select images one by one; the score of each is its distance at that time."""
        inner = make_scoring_strategy(self.of)
        scores = score_all(inner, task.unlabelled, task)
        ids, points_NE = read_embeddings(task.unlabelled)
        weight_N = scale(scores.scores_N, scores.scores_N)
        _weigh(points_NE, weight_N)
        centres_LE, first = self._begin(inner, task, scores.scores_N, points_NE)
        taken = k_center(points_NE, centres_LE, task.budget, first)
        known = "picked" if self.start == "longest" else "labelled or picked"
        places = [f"distance {distance:.3g} to what is {known}" for distance in taken.distances]
        if first is not None and places:
            places[0] = "length the highest"
        reasons = [
            f"uncertainty {weight_N[row]:.2f} of 1, weighted {place}; {scores.explain(row)}"
            for row, place in zip(taken.rows.tolist(), places, strict=True)
        ]
        return selection_of(ids, taken, reasons)

    def _begin(
        self, inner: ScoringStrategy, task: Task, scores_N: Float64s, points_NE: Embeddings
    ) -> tuple[Embeddings, int | None]:
        """Return the centres that k-centre begins with, or else the row that it takes first."""
        none = points_NE[:0]
        if self.start == "longest":
            return none, int(_lengths(points_NE).argmax()) if len(points_NE) else None
        if not task.labelled.ids:
            return none, None
        _, centres_LE = read_embeddings(task.labelled)
        _weigh(centres_LE, scale(score_all(inner, task.labelled, task).scores_N, scores_N))
        return centres_LE, None


def scale(values: Float64s, over: Float64s) -> Float64s:
    """Return values on the scale on which `over` reaches from 0 to 1, clipped to [0, 1].

    If all of `over` are equal, they do not tell images apart, and every value becomes 1.
    """
    if not len(over) or over.min() == over.max():
        return np.ones(len(values))
    return np.asarray(np.clip((values - over.min()) / (over.max() - over.min()), 0, 1))


def _weigh(points_NE: Embeddings, weight_N: Float64s) -> None:
    """Multiply embeddings in place: nobody else holds them, and they may be most of the memory."""
    if len(points_NE):
        points_NE *= weight_N.astype(np.float16)[:, None]


def _lengths(points_NE: Embeddings) -> Float64s:
    """Return the length of each vector: (N,), without a wider copy of all."""
    squares_N = np.einsum("ne,ne->n", points_NE, points_NE, dtype=np.float64)
    return np.asarray(np.sqrt(squares_N))
