# ruff: noqa: N806 - shape suffixes
"""Several objectives as one: the product of powers of scores, which ranks like a geometric mean.

A weighted sum depends on the scales of what it adds. In a product, a scale multiplies all images
alike and changes no pick; and an image with a score of 0 for one objective has a product of 0.

N = images.
"""

from functools import cached_property, reduce
from operator import or_
from typing import Self

import numpy as np
from pydantic import FiniteFloat, field_validator, model_validator

from job.acquisition.registry import complete, make_scoring_strategy
from job.acquisition.strategy import Images, Scores, ScoringStrategy, Task
from job.acquisition.wrappers.base import checked, score_all
from job.config.schema import ArmConfig
from job.config.section import Section
from job.errors import BadDataError


class Objective(Section):
    """One factor of the product."""

    of: ArmConfig
    """A strategy that scores each image on its own, with its settings."""
    power: FiniteFloat = 1.0
    """How much it counts. If it is negative, low scores are wanted."""

    @field_validator("of")
    @classmethod
    def _complete(cls, of: ArmConfig) -> ArmConfig:
        checked(make_scoring_strategy, of)
        return checked(complete, of)

    @cached_property
    def inner(self) -> ScoringStrategy:
        """The strategy."""
        return make_scoring_strategy(self.of)


class Product(ScoringStrategy):
    """Selects the images with the highest product of powers of several strategies' scores."""

    objectives: tuple[Objective, ...]
    """The factors, at least one: each has `of`, a strategy that scores each image on its own, and
    `power` (1.0 by default). If a power is negative, low scores are wanted."""

    @model_validator(mode="after")
    def _check_number(self) -> Self:
        if not self.objectives:
            message = "objectives: a product needs at least one"
            raise ValueError(message)
        return self

    @property
    def reads(self) -> frozenset[str]:
        """What any objective reads."""
        return reduce(or_, (each.inner.reads for each in self.objectives))

    @property
    def reads_labelled(self) -> frozenset[str]:
        """What any objective reads of labelled images."""
        return reduce(or_, (each.inner.reads_labelled for each in self.objectives))

    def cannot_rank(self, num_classes: int) -> str | None:
        """What the first objective says that cannot: its factor is the same for all images."""
        found = (each.inner.cannot_rank(num_classes) for each in self.objectives if each.power)
        return next(filter(None, found), None)

    def score(self, images: Images, task: Task) -> Scores:
        """Return each image's product, as a share of the highest.

        Raises:
            BadDataError: A score is negative or not a number, or 0 although its power is negative.
        """
        factors = [score_all(each.inner, images, task) for each in self.objectives]
        ids = factors[0].ids
        log_N = np.zeros(len(ids))
        for objective, factor in zip(self.objectives, factors, strict=True):
            _check(objective, factor)
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


def _check(objective: Objective, factor: Scores) -> None:
    scores_N = factor.scores_N
    is_right = scores_N >= 0 if objective.power >= 0 else scores_N > 0
    is_wrong = ~is_right | ~np.isfinite(scores_N)
    if is_wrong.any():
        row = int(is_wrong.argmax())
        message = (
            f"image {factor.ids[row]!r} has the score {scores_N[row]:g} by "
            f"{objective.of.strategy!r}: such a score has no power {objective.power:g}; a product "
            "needs scores above 0"
        )
        raise BadDataError(message)
