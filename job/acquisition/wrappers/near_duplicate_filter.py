# ruff: noqa: N806, N815 - shape suffixes
"""A filter against picks that look like a labelled image or like an earlier pick.

Two images are near-duplicates if the cosine of their embeddings is above a threshold.

P = picks of the strategy inside, L = labelled images, E = length of an embedding.
"""

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np

from job.acquisition.features.embeddings import read_embeddings
from job.acquisition.numerics.cosine import most_similar, unit
from job.acquisition.strategy import Images, Pick, Selection, Task
from job.acquisition.wrappers.base import EmbeddingWrapper
from job.config.section import UnitInterval
from job.records.arrays import Float32s


class NearDuplicateFilter(EmbeddingWrapper):
    """Rejects picks that are too similar to a labelled image or to an earlier pick.

    The strategy inside is asked for the budget, then for twice as many picks, four times and so on,
    until enough of them are accepted or it has no more. If there are too few even then, the first
    rejected picks fill the budget, and their reasons say so. An embedding of zeros is similar to
    no other.
    """

    threshold: UnitInterval = 0.95
    """The highest cosine of two images that are not near-duplicates. The right value depends on the
    embedding: look at the contact sheets of a replay."""

    def select(self, task: Task) -> Selection:
        """Take the picks of the strategy inside, in their order, without near-duplicates."""
        labelled = _read(replace(task.labelled, ids=tuple(sorted(task.labelled.ids))))
        num_images = len(task.unlabelled.ids)
        wanted = asked = min(task.budget, num_images)
        while True:
            # With the same draws each time, the answer is the same as if asked for all at once.
            inner_task = replace(task, budget=asked, rng=deepcopy(task.rng))
            ranked = self.inner.select(inner_task)
            picks = _read(replace(task.unlabelled, ids=ranked.ids))
            walk = _walk(picks, labelled, self.threshold, wanted)
            if len(walk.accepted) == wanted or asked == num_images:
                return _filled(ranked, walk, wanted)
            asked = min(2 * asked, num_images)


@dataclass(frozen=True)
class _Embedded:
    ids: tuple[str, ...]
    unit_PE: Float32s
    """Their embeddings, of length 1."""


@dataclass(frozen=True)
class _Walk:
    accepted: list[int]
    """Rows of picks, in their order."""
    rejected: dict[int, tuple[str, float]]
    """Row of each rejected pick -> the image that it is most similar to, and the cosine."""


def _read(images: Images) -> _Embedded:
    """Return images with their embeddings, in the order of their ids as given."""
    ordered, embeddings = read_embeddings(images)
    row_of = {image_id: row for row, image_id in enumerate(ordered)}
    rows = [row_of[image_id] for image_id in images.ids]
    return _Embedded(images.ids, unit(embeddings[rows]))


def _walk(picks: _Embedded, labelled: _Embedded, threshold: float, wanted: int) -> _Walk:
    """Accept or reject one pick after the other, until as many as wanted are accepted."""
    walk = _Walk([], {})
    nearest_P, cosine_P = most_similar(picks.unit_PE, labelled.unit_PE)
    accepted_PE = np.empty_like(picks.unit_PE)
    for row, pick_E in enumerate(picks.unit_PE):
        if len(walk.accepted) == wanted:
            break
        similar = []
        if labelled.ids:
            similar.append((labelled.ids[nearest_P[row]], float(cosine_P[row])))
        if walk.accepted:
            cosines = accepted_PE[: len(walk.accepted)] @ pick_E
            place = int(cosines.argmax())
            similar.append((picks.ids[walk.accepted[place]], float(cosines[place])))
        most = max(similar, key=lambda each: each[1], default=("", -1.0))
        if most[1] > threshold:
            walk.rejected[row] = most
        else:
            accepted_PE[len(walk.accepted)] = pick_E
            walk.accepted.append(row)
    return walk


def _filled(ranked: Selection, walk: _Walk, wanted: int) -> Selection:
    """Return the accepted picks, filled up with the first rejected ones."""
    picks = [ranked.picks[row] for row in walk.accepted]
    for row in list(walk.rejected)[: wanted - len(picks)]:
        image_id, cosine = walk.rejected[row]
        pick = ranked.picks[row]
        why = f"fills the budget, like {image_id} (cosine {cosine:.3f}); {pick.reason}"
        picks.append(Pick(pick.id, pick.score, why))
    return Selection(tuple(picks))
