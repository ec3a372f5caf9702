"""Core-set: images that cover the embedding space.

Sener and Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR
2018: greedy k-centre from the labelled images. (Their mixed integer programme, which improves on
the greedy answer, is not here: it is slow, and they report little from it.)
"""

import numpy as np

from job.acquisition.features.embeddings import Embeddings, read_embeddings, unit
from job.acquisition.numerics.k_center import Picks, k_center
from job.acquisition.strategy import Candidates, Labelled, Selection, Strategy


class Coreset(Strategy):
    """Each pick is the image farthest from all labelled images and from the picks before it.

    Before anything is labelled the first pick is the medoid, the image in the middle of all: so it
    can be the cold start. Images with equal embeddings are at distance 0: of those, one is picked,
    and the others when nothing else is left, by id.
    """

    normalize: bool = False
    """Scale embeddings to length 1, so that their direction alone counts (cosine distance)."""

    @property
    def columns(self) -> frozenset[str]:
        """The embeddings."""
        return frozenset({"embedding"})

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Theirs too."""
        return frozenset({"embedding"})

    def select(
        self,
        candidates: Candidates,
        labelled: Labelled,
        budget: int,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is drawn
    ) -> Selection:
        """Take images one by one; the score of each is its distance at that time."""
        ids, points = read_embeddings(candidates.ids, candidates.record)
        _, known = read_embeddings(labelled.ids, labelled.record)
        picks = k_center(self._scaled(points), self._scaled(known), budget)
        reasons = [
            f"distance {distance:.3g} to what is labelled or picked" for distance in picks.distances
        ]
        if not labelled.ids and reasons:
            reasons[0] = "the medoid of the pool"
        return selection_of(ids, picks, reasons)

    def _scaled(self, embeddings: Embeddings) -> Embeddings:
        return unit(embeddings).astype(np.float16) if self.normalize else embeddings


def selection_of(ids: list[str], picks: Picks, reasons: list[str]) -> Selection:
    """Return picks by k-centre as a selection, their distances as scores."""
    return Selection(
        ids=tuple(ids[row] for row in picks.rows),
        scores=tuple(picks.distances.tolist()),
        reasons=tuple(reasons),
    )
