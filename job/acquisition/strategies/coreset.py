"""Core-set: images that cover the embedding space.

Sener and Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR
2018: greedy k-centre, which begins with the labelled images. Their mixed integer programme, which
improves the greedy answer, is left out: it is slow, and they report only a small gain from it.
They do not say that embeddings are centred and scaled; here they are, by default.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from job.acquisition.features.embeddings import Directions, read_directions, read_embeddings
from job.acquisition.numerics.cosine import scale_to_unit
from job.acquisition.numerics.k_center import Centres, k_center, nearest_before
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

    normalize: bool = True
    """Scale embeddings to length 1, so that only their direction counts (cosine distance). If it is
    false, bright and sharp images lie far from all others and are picked first."""
    centre: bool = True
    """If embeddings are scaled, subtract the mean of all images before it: features behind a ReLU
    are positive, and without it all images point the same way."""

    def select(self, task: Task) -> Selection:
        """Select images one by one; the score of each is its distance at that time."""
        seen = self._read(task)
        taken = k_center(seen.points_NE, seen.labelled_LE, task.budget)
        return selection_of(seen.ids, taken, _reasons(seen, taken))

    def _read(self, task: Task) -> Directions:
        """Return the embeddings, scaled as the settings say."""
        if self.normalize and self.centre:
            return read_directions(task)
        seen = Directions(*read_embeddings(task.unlabelled), *read_embeddings(task.labelled))
        if self.normalize:
            for points in (seen.points_NE, seen.labelled_LE):
                scale_to_unit(points, np.zeros(points.shape[1]))
        return seen


def _reasons(seen: Directions, taken: Centres) -> list[str]:
    """Return in words how far each pick is from what was nearest to it at its time."""
    if not len(taken.rows):
        return []
    known = [f"the labelled {each}" for each in seen.labelled_ids]
    known += [f"the pick {seen.ids[row]}" for row in taken.rows.tolist()]
    nearest = nearest_before(seen.points_NE[taken.rows], seen.labelled_LE)
    reasons = [
        f"far from all that is labelled or picked: distance {distance:.3g} to {known[row]}"
        for row, distance in zip(nearest.tolist(), taken.distances.tolist(), strict=True)
    ]
    if not seen.labelled_ids:
        reasons[0] = "the medoid of the pool"
    return reasons


def selection_of(ids: Sequence[str], taken: Centres, reasons: Sequence[str]) -> Selection:
    """Return the images that k-centre took as picks, with their distances as scores."""
    rows, distances = taken.rows.tolist(), taken.distances.tolist()
    picks = zip(rows, distances, reasons, strict=True)
    return Selection(tuple(Pick(ids[row], distance, why) for row, distance, why in picks))
