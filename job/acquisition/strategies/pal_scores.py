# ruff: noqa: N803, N806, N815 - shape suffixes
"""How PAL weighs a class's candidates against each other, and which it picks.

M = candidates of a class, the most uncertain first; E = length of an embedding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.embeddings import Float32s
from job.acquisition.numerics.top_k import Rows, top_k
from job.acquisition.numerics.uncertainty import Float64s

Booleans = NDArray[np.bool_]
Scoring = Literal["published", "greedy"]
_BLOCK = 2**22
"""The most cosines that are computed at once."""


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
    """Sum over boxes: rarity of the box's class times the entropy of its class distribution."""
    rare_classes_M: Float64s
    """Sum over the classes that are seen: their rarity."""
    cosine_to_picks_M: Float64s | None
    """The highest cosine to a pick of an earlier class; none: there is no pick."""


Picks: TypeAlias = tuple[Rows, Float64s]
"""The places of the picks among the candidates, and their scores."""


def published(candidates: ClassCandidates, share: int, weights: Weights) -> Picks:
    """Score all at once: an image is held against those that the class is more uncertain about.

    The most uncertain is like none. The uncertainty is in nats, the other terms are min-max scaled
    over the candidates.
    """
    score_M = weights.uncertainty * candidates.uncertainty_M
    score_M += weights.diversity * min_max(1 - _cosine_to_earlier(candidates.units_ME))
    score_M += weights.rarity * min_max(candidates.rare_entropy_M)
    score_M += weights.rarity * min_max(candidates.rare_classes_M)
    places = top_k(score_M, share)
    return places, score_M[places]


def greedy(candidates: ClassCandidates, share: int, weights: Weights) -> Picks:
    """Pick one at a time: an image is held against the picks so far, of all classes.

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
    for _ in range(min(share, len(left))):
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


def min_max(values_M: NDArray[np.floating[Any]]) -> Float64s:
    """Return values scaled to reach from 0 to 1; 0 where all are equal."""
    low, high = values_M.min(initial=np.inf), values_M.max(initial=-np.inf)
    return np.asarray((values_M - low) / (high - low)) if high > low else np.zeros(len(values_M))


def highest_cosine(units_ME: Float32s, others_KE: Float32s) -> Float64s:
    """Return each vector's highest cosine to one of the others, of which there is one: (M,)."""
    step = max(_BLOCK // len(others_KE), 1)
    blocks = (units_ME[first : first + step] for first in range(0, len(units_ME), step))
    found = [(block @ others_KE.T).max(axis=1) for block in blocks]
    return np.concatenate(found or [np.zeros(0)]).astype(np.float64)


def _cosine_to_earlier(units_ME: Float32s) -> Float64s:
    """Return each vector's highest cosine to one before it; 0 for the first: (M,)."""
    cosine_M = np.zeros(len(units_ME))
    step = max(_BLOCK // max(len(units_ME), 1), 1)
    for first in range(0, len(units_ME), step):
        rows = np.arange(first, min(first + step, len(units_ME)))
        cosine_BM = units_ME[rows] @ units_ME[: rows[-1]].T
        cosine_BM[np.arange(rows[-1]) >= rows[:, None]] = -1
        cosine_M[rows] = cosine_BM.max(axis=1, initial=-1)
    cosine_M[:1] = 0
    return cosine_M
