# ruff: noqa: N803, N806 - shape suffixes
"""Uncertainty-weighted embeddings: images that are uncertain and unlike each other (TMLR 2024).

Each image's embedding is scaled by its uncertainty, min-max scaled to [0, 1] over the candidates;
greedy k-centre on the products then takes images that are far from the labelled ones, and an image
the detector is sure of lies near the origin. Labelled images are scaled by their own uncertainty,
on the candidates' scale and within [0, 1].

N = candidates, L = labelled images, E = length of an embedding.
"""

import numpy as np
from pydantic import Field, field_validator

from job.acquisition.features.embeddings import Embeddings, read_embeddings
from job.acquisition.numerics.k_center import k_center
from job.acquisition.numerics.uncertainty import Float64s
from job.acquisition.strategies.coreset import selection_of
from job.acquisition.strategy import Candidates, Labelled, Selection
from job.acquisition.wrappers.base import Wrapper, scoring
from job.config.experiment import ArmConfig


class Uwe(Wrapper):
    """Greedy k-centre on embeddings times uncertainty, from the labelled images."""

    of: ArmConfig = Field(ArmConfig(strategy="entropy"), validate_default=True)
    """What gives the uncertainty: a strategy that scores each image on its own."""

    @field_validator("of")
    @classmethod
    def _check(cls, of: ArmConfig) -> ArmConfig:
        scoring(of)
        return of

    @property
    def columns(self) -> frozenset[str]:
        """The embeddings, and what the uncertainty needs."""
        return self.inner.columns | {"embedding"}

    @property
    def labelled_columns(self) -> frozenset[str]:
        """The same of the labelled images."""
        return self.inner.labelled_columns | self.columns

    def select(
        self,
        candidates: Candidates,
        labelled: Labelled,
        budget: int,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is drawn
    ) -> Selection:
        """Take images one by one; the score of each is its distance at that time."""
        inner = scoring(self.of)
        scores = inner.score(candidates, labelled)
        ids, points_NE = read_embeddings(candidates.ids, candidates.record)
        known = Candidates(tuple(sorted(labelled.ids)), (), labelled.record)
        of_known = inner.score(known, labelled).scores_N if labelled.ids else np.empty(0)
        _, known_LE = read_embeddings(labelled.ids, labelled.record)
        weight_N = scale(scores.scores_N, scores.scores_N)
        weight_L = scale(of_known, scores.scores_N)
        picks = k_center(_scaled(points_NE, weight_N), _scaled(known_LE, weight_L), budget)
        reasons = [
            f"uncertainty {weight_N[row]:.2f} of 1, weighted distance {distance:.3g} to what is "
            f"labelled or picked; {scores.explain(row)}"
            for row, distance in zip(picks.rows.tolist(), picks.distances, strict=True)
        ]
        return selection_of(ids, picks, reasons)


def scale(values: Float64s, over: Float64s) -> Float64s:
    """Return values on the scale on which `over` reaches from 0 to 1, clipped to it.

    Where all of `over` are equal, nothing tells images apart: all get 1.
    """
    if not len(over) or over.min() == over.max():
        return np.ones(len(values))
    return np.asarray(np.clip((values - over.min()) / (over.max() - over.min()), 0, 1))


def _scaled(points_NE: Embeddings, weight_N: Float64s) -> Embeddings:
    """Scale embeddings in place: they are ours, and may be most of the memory there is."""
    if len(points_NE):
        points_NE *= weight_N.astype(np.float16)[:, None]
    return points_NE
