# ruff: noqa: N803, N806, N815 - shape suffixes
"""How PAL scores the candidates of a class, and which ones it picks.

M = candidates of a class, the most uncertain first; E = length of an embedding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from job.acquisition.numerics.cosine import most_similar_earlier
from job.acquisition.numerics.top_k import Rows, top_k
from job.records.arrays import Float32s, Float64s, Floats

Scoring = Literal["published", "greedy"]


@dataclass(frozen=True)
class Weights:
    """How much each term of the score counts."""

    uncertainty: float
    diversity: float
    rarity: float


@dataclass(frozen=True)
class ClassCandidates:
    """The images that a class may pick."""

    uncertainty_M: Float64s
    """Entropy of being right, in nats; descending."""
    units_ME: Float32s
    """Embeddings of length 1."""
    rare_entropy_M: Float64s
    """The sum over boxes of the rarity of the box's class times the entropy of its distribution."""
    rare_classes_M: Float64s
    """The sum of the rarities of the classes that are detected."""
    cosine_to_picks_M: Float64s | None
    """The highest cosine to a pick of an earlier class; None: there are no picks yet."""


Picks: TypeAlias = tuple[Rows, Float64s]
"""The places of the picks among the candidates, and their scores."""


def published(candidates: ClassCandidates, quota: int, weights: Weights) -> Picks:
    """Score all candidates at once: an image is compared with those of higher uncertainty.

    The most uncertain one has a cosine of 0. The uncertainty is in nats; the other terms are
    min-max scaled over the candidates.
    """
    score_M = weights.uncertainty * candidates.uncertainty_M
    score_M += weights.diversity * min_max(1 - most_similar_earlier(candidates.units_ME))
    score_M += weights.rarity * min_max(candidates.rare_entropy_M)
    score_M += weights.rarity * min_max(candidates.rare_classes_M)
    places = top_k(score_M, quota)
    return places, score_M[places]


def greedy(candidates: ClassCandidates, quota: int, weights: Weights) -> Picks:
    """Pick one image at a time: it is compared with the picks so far, of all classes.

    All terms are min-max scaled over the candidates that are left.
    """
    terms = [
        (weights.uncertainty, candidates.uncertainty_M),
        (weights.rarity, candidates.rare_entropy_M),
        (weights.rarity, candidates.rare_classes_M),
    ]
    cosine_M = candidates.cosine_to_picks_M
    left = np.arange(len(candidates.uncertainty_M))
    places, scores = [], []
    for _ in range(min(quota, len(left))):
        score_L = sum(weight * min_max(values_M[left]) for weight, values_M in terms)
        if cosine_M is not None:
            score_L = score_L + weights.diversity * min_max(1 - cosine_M[left])
        best = int(np.argmax(score_L))
        place = int(left[best])
        places.append(place)
        scores.append(float(np.asarray(score_L)[best]))
        left = np.delete(left, best)
        to_pick_M = (candidates.units_ME @ candidates.units_ME[place]).astype(np.float64)
        cosine_M = to_pick_M if cosine_M is None else np.maximum(cosine_M, to_pick_M)
    return np.array(places, np.intp), np.array(scores)


SCORINGS: dict[Scoring, Callable[[ClassCandidates, int, Weights], Picks]] = {
    "published": published,
    "greedy": greedy,
}


def min_max(values_M: Floats) -> Float64s:
    """Return values scaled to reach from 0 to 1; all 0 if they are equal."""
    low, high = values_M.min(initial=np.inf), values_M.max(initial=-np.inf)
    return np.asarray((values_M - low) / (high - low)) if high > low else np.zeros(len(values_M))
