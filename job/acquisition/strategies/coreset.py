"""Core-set: images that cover the embedding space.

Sener and Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR
2018: greedy k-centre, which begins with the labelled images. Their mixed integer programme, which
improves the greedy answer, is left out: it is slow, and they report only a small gain from it.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from job.acquisition.features.embeddings import Embeddings, read_embeddings
from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.k_center import Centres, k_center
from job.acquisition.strategy import Pick, Selection, Strategy, Task


class Coreset(Strategy):
    """Picks one image after the other, each farthest from all labelled images and earlier picks.

    If nothing is labelled yet, the first pick is the medoid, which has the lowest sum of distances
    to all others. (Of more than 20,000 images, it is the one nearest to their mean.) So this
    strategy can be the cold start, and with equal weights every seed then begins with the same
    images. Images with equal embeddings are at distance 0: one of them is picked, and the others
    only when nothing else is left, in order of their ids.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"embedding"})
    reads_labelled: ClassVar[frozenset[str]] = frozenset({"embedding"})

    normalize: bool = False
    """Scale embeddings to length 1, so that only their direction counts (cosine distance)."""

    def select(self, task: Task) -> Selection:
        """Select images one by one; the score of each is its distance at that time."""
        ids, points = read_embeddings(task.unlabelled)
        _, labelled = read_embeddings(task.labelled)
        taken = k_center(self._scaled(points), self._scaled(labelled), task.budget)
        reasons = [
            f"distance {distance:.3g} to what is labelled or picked" for distance in taken.distances
        ]
        if not task.labelled.ids and reasons:
            reasons[0] = "the medoid of the pool"
        return selection_of(ids, taken, reasons)

    def _scaled(self, embeddings: Embeddings) -> Embeddings:
        return unit(embeddings).astype(np.float16) if self.normalize else embeddings


def selection_of(ids: Sequence[str], taken: Centres, reasons: Sequence[str]) -> Selection:
    """Return the images that k-centre took as picks, with their distances as scores."""
    rows, distances = taken.rows.tolist(), taken.distances.tolist()
    picks = zip(rows, distances, reasons, strict=True)
    return Selection(tuple(Pick(ids[row], distance, why) for row, distance, why in picks))
