# ruff: noqa: N803, N806 - shape suffixes
"""Several objectives as one: the product of their powers, the weighted geometric mean's ranking.

A weighted sum depends on the scales of what it adds; in a product a scale is a factor of every
image alike, so it changes no pick, and an image that is worthless by one objective is worthless.

N = candidates.
"""

from functools import reduce
from operator import or_
from typing import Self

import numpy as np
from pydantic import FiniteFloat, field_validator, model_validator

from job.acquisition.numerics.uncertainty import Float64s
from job.acquisition.strategy import Candidates, Labelled, Scores, ScoringStrategy
from job.acquisition.wrappers.base import completed, scoring
from job.config.experiment import ArmConfig
from job.config.section import Section
from job.errors import BadDataError


class Objective(Section):
    """One factor."""

    of: ArmConfig
    """A strategy that scores each image on its own, with its settings."""
    power: FiniteFloat = 1.0
    """How much it counts; below 0, low scores are wanted."""

    @field_validator("of")
    @classmethod
    def _complete(cls, of: ArmConfig) -> ArmConfig:
        scoring(of)
        return completed(of)


class Product(ScoringStrategy):
    """Picks the images with the highest product of powers of several strategies' scores."""

    objectives: tuple[Objective, ...]
    """What is multiplied; one or more."""

    @model_validator(mode="after")
    def _check_number(self) -> Self:
        if not self.objectives:
            message = "objectives: a product needs one or more"
            raise ValueError(message)
        return self

    @property
    def columns(self) -> frozenset[str]:
        """Those of all objectives."""
        return reduce(or_, (scoring(each.of).columns for each in self.objectives))

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Those of all objectives."""
        return reduce(or_, (scoring(each.of).labelled_columns for each in self.objectives))

    def score(self, candidates: Candidates, labelled: Labelled) -> Scores:
        """Return each image's product, as a share of the highest.

        Raises:
            BadDataError: A score is negative or no number, or 0 where its power is negative.
        """
        factors = [scoring(each.of).score(candidates, labelled) for each in self.objectives]
        ids = factors[0].ids
        log_N = np.zeros(len(ids))
        for objective, factor in zip(self.objectives, factors, strict=True):
            _check(objective, ids, factor.scores_N)
            with np.errstate(divide="ignore"):  # a score of 0 makes the product 0
                log_N += objective.power * np.log(factor.scores_N) if objective.power else 0.0
        highest = log_N.max(initial=-np.inf)
        relative_N = np.exp(log_N - highest) if np.isfinite(highest) else np.zeros(len(ids))
        return Scores(ids, relative_N, lambda row: self._explain(factors, row))

    def _explain(self, factors: list[Scores], row: int) -> str:
        return "; ".join(
            f"{objective.of.strategy} {factor.scores_N[row]:.3g} ({factor.explain(row)})"
            for objective, factor in zip(self.objectives, factors, strict=True)
        )


def _check(objective: Objective, ids: list[str], scores_N: Float64s) -> None:
    is_right = scores_N >= 0 if objective.power >= 0 else scores_N > 0
    is_wrong = ~is_right | ~np.isfinite(scores_N)
    if is_wrong.any():
        row = int(is_wrong.argmax())
        message = (
            f"image {ids[row]!r} has the score {scores_N[row]:g} by {objective.of.strategy!r}, of "
            f"which there is no power {objective.power:g}: a product needs scores above 0"
        )
        raise BadDataError(message)
