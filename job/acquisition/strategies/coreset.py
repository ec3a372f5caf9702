"""Core-set: images that cover the embedding space.

Sener and Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR
2018: greedy k-centre, which begins with the labelled images. Their mixed integer programme, which
improves the greedy answer, is left out: it is slow, and they report only a small gain from it.
They do not say that embeddings are scaled; here they are, by default, as in later work.
"""

from collections.abc import Sequence
from typing import ClassVar

from job.acquisition.features.embeddings import read_embeddings, read_unit_embeddings
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

    normalize: bool = True
    """Scale embeddings to length 1, so that only their direction counts (cosine distance). If it is
    false, bright and sharp images lie far from all others and are picked first."""

    def select(self, task: Task) -> Selection:
        """Select images one by one; the score of each is its distance at that time."""
        read = read_unit_embeddings if self.normalize else read_embeddings
        ids, points = read(task.unlabelled)
        _, labelled = read(task.labelled)
        taken = k_center(points, labelled, task.budget)
        reasons = [
            f"distance {distance:.3g} to what is labelled or picked" for distance in taken.distances
        ]
        if not task.labelled.ids and reasons:
            reasons[0] = "the medoid of the pool"
        return selection_of(ids, taken, reasons)


def selection_of(ids: Sequence[str], taken: Centres, reasons: Sequence[str]) -> Selection:
    """Return the images that k-centre took as picks, with their distances as scores."""
    rows, distances = taken.rows.tolist(), taken.distances.tolist()
    picks = zip(rows, distances, reasons, strict=True)
    return Selection(tuple(Pick(ids[row], distance, why) for row, distance, why in picks))
