# ruff: noqa: N803, N806, N815 - shape suffixes
"""No pick that looks like an image that is labelled or picked already.

Two images are near-duplicates where the cosine of their embeddings is above a threshold.

P = picks of the strategy inside, L = labelled images, E = length of an embedding.
"""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from job.acquisition.features.embeddings import Float32s, read_embeddings, unit
from job.acquisition.strategy import Candidates, Labelled, Selection
from job.acquisition.wrappers.base import Wrapper
from job.config.section import UnitInterval

_BLOCK = 4096


class NearDuplicateFilter(Wrapper):
    """Passes over picks that are too like a labelled image or an earlier pick.

    The strategy inside is asked for the budget, then for twice as many, four times and so on, until
    enough of its picks are left or it has no more. Where there are too few even then, the best of
    those passed over fill the budget, and say so. An embedding of zeros is like no other.
    """

    threshold: UnitInterval = 0.95
    """The highest cosine of two images that are no near-duplicates. What is right depends on the
    embedding: look at the contact sheets of a replay."""

    @property
    def columns(self) -> frozenset[str]:
        """Those of the strategy inside, and the embeddings."""
        return self.inner.columns | {"embedding"}

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Those of the strategy inside, and the embeddings."""
        return self.inner.labelled_columns | {"embedding"}

    def select(
        self, candidates: Candidates, labelled: Labelled, budget: int, rng: np.random.Generator
    ) -> Selection:
        """Take the picks of the strategy inside, in their order, without near-duplicates."""
        known = _read(tuple(sorted(labelled.ids)), labelled)
        wanted = asked = min(budget, len(candidates.ids))
        while True:
            # The same draws each time: the answer is that of having asked for as many at once.
            ranked = self.inner.select(candidates, labelled, asked, deepcopy(rng))
            walk = _walk(_read(ranked.ids, candidates), known, self.threshold, wanted)
            if len(walk.kept) == wanted or asked == len(candidates.ids):
                return _taken(ranked, walk, wanted)
            asked = min(2 * asked, len(candidates.ids))


@dataclass(frozen=True)
class _Images:
    ids: tuple[str, ...]
    unit_PE: Float32s
    """Their embeddings, of length 1."""


@dataclass(frozen=True)
class _Walk:
    kept: list[int]
    """Rows of picks, in their order."""
    like: dict[int, tuple[str, float]]
    """Row of each pick that was passed over -> what it is most like, and the cosine."""


def _read(ids: tuple[str, ...], given: Candidates | Labelled) -> _Images:
    """Return images in the order of `ids`."""
    ordered, embeddings = read_embeddings(ids, given.record)
    row_of = {image_id: row for row, image_id in enumerate(ordered)}
    rows = [row_of[image_id] for image_id in ids]
    return _Images(ids, unit(embeddings[rows]))


def _walk(picks: _Images, known: _Images, threshold: float, wanted: int) -> _Walk:
    """Keep picks until there are as many as wanted."""
    walk = _Walk([], {})
    nearest_P, cosine_P = _most_like(picks.unit_PE, known.unit_PE)
    kept_PE = np.empty_like(picks.unit_PE)
    for row, pick_E in enumerate(picks.unit_PE):
        if len(walk.kept) == wanted:
            break
        like = [(known.ids[nearest_P[row]], float(cosine_P[row]))] if len(known.ids) else []
        if walk.kept:
            cosines = kept_PE[: len(walk.kept)] @ pick_E
            place = int(cosines.argmax())
            like.append((picks.ids[walk.kept[place]], float(cosines[place])))
        most = max(like, key=lambda each: each[1], default=("", -1.0))
        if most[1] > threshold:
            walk.like[row] = most
        else:
            kept_PE[len(walk.kept)] = pick_E
            walk.kept.append(row)
    return walk


def _most_like(picks_PE: Float32s, known_LE: Float32s) -> tuple[list[int], Float32s]:
    """Return for each pick the labelled image that it is most like, and the cosine: (P,), (P,)."""
    if not len(known_LE):
        return [], np.empty(0, np.float32)
    nearest, cosines = [], []
    for first in range(0, len(picks_PE), _BLOCK):
        cosine_BL = picks_PE[first : first + _BLOCK] @ known_LE.T
        nearest += cosine_BL.argmax(axis=1).tolist()
        cosines.append(cosine_BL.max(axis=1))
    return nearest, np.concatenate([np.empty(0, np.float32), *cosines])


def _taken(ranked: Selection, walk: _Walk, wanted: int) -> Selection:
    """Return the picks that were kept, filled up with the first of those passed over."""
    rows = [*walk.kept, *list(walk.like)[: wanted - len(walk.kept)]]
    reasons = [ranked.reasons[row] for row in walk.kept]
    for row in rows[len(walk.kept) :]:
        image_id, cosine = walk.like[row]
        reasons.append(
            f"fills the budget, like {image_id} (cosine {cosine:.3f}); {ranked.reasons[row]}"
        )
    return Selection(
        ids=tuple(ranked.ids[row] for row in rows),
        scores=tuple(ranked.scores[row] for row in rows),
        reasons=tuple(reasons),
    )
