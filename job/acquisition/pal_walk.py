# ruff: noqa: N803, N806, N815 - shape suffixes
"""How PAL's classes pick: one image at a time, since likeness to earlier picks counts.

N = candidates, M = those that a class chooses from, K = picks so far, E = length of an embedding.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.acquisition.embeddings import Float32s
from job.acquisition.uncertainty import Float64s

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Terms:
    """How much each term of the score counts."""

    uncertainty: float
    diversity: float
    rarity: float


@dataclass
class Walk:
    """Picks class by class."""

    terms: Terms
    embeddings: dict[int, Float32s]
    """Row of an image -> its embedding, of length 1, of all that a class may pick."""
    rare_N: Float64s
    taken: dict[int, tuple[float, int]] = field(default_factory=dict)
    """Row of each pick -> its score, and the class that picked it."""

    def pick(
        self, label: int, rows: list[int], uncertainty_N: NDArray[np.floating[Any]], share: int
    ) -> None:
        """Let a class pick its share from these images, which nobody has picked."""
        if not rows:
            return
        points_ME = np.stack([self.embeddings[row] for row in rows])
        cosine_M = self._cosine_to_picks(points_ME)
        uncertain_M, rare_M = uncertainty_N[rows].astype(np.float64), self.rare_N[rows]
        left_M = np.ones(len(rows), bool)
        for _ in range(min(share, len(rows))):
            score_M = self.terms.uncertainty * scaled(uncertain_M, left_M)
            score_M += self.terms.rarity * scaled(rare_M, left_M)
            if cosine_M is not None:
                score_M += self.terms.diversity * scaled(1 - cosine_M.astype(np.float64), left_M)
            place = int(np.where(left_M, score_M, -1).argmax())
            left_M[place] = False
            self.taken[rows[place]] = float(score_M[place]), label
            to_pick_M = points_ME @ points_ME[place]
            cosine_M = to_pick_M if cosine_M is None else np.maximum(cosine_M, to_pick_M)

    def _cosine_to_picks(self, points_ME: Float32s) -> Float32s | None:
        """Return each image's cosine to the pick that it is most like: (M,), if there is a pick."""
        if not self.taken:
            return None
        picks_KE = np.stack([self.embeddings[row] for row in self.taken])
        cosine_M: Float32s = (points_ME @ picks_KE.T).max(axis=1)
        return cosine_M


def scaled(values_M: Float64s, over_M: Booleans) -> Float64s:
    """Return values scaled so that those of `over_M` reach from 0 to 1; 0 where they are equal."""
    low, high = values_M[over_M].min(), values_M[over_M].max()
    return np.asarray((values_M - low) / (high - low)) if high > low else np.zeros(len(values_M))
