# ruff: noqa: N803, N806 - shape suffixes
"""Statistics of a set of picks by the detector alone: no annotation is read.

N = images, C = classes, P = picks.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.checks import check_finite
from job.acquisition.features.embeddings import Embeddings
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.cosine import unit
from job.acquisition.strategy import Images
from job.records.record_part import RecordPart

CLASS_COLUMNS = frozenset({"probabilities", "objectness"})
_BLOCK = 2048


def expected_boxes_by_class(
    images: Images, num_classes: int
) -> tuple[list[str], NDArray[np.float32]]:
    """Return the ids in ascending order, and each image's expected boxes of each class: (N, C).

    The sum over its detections of the probability that it is an object of the class.
    """

    def rows_of(part: RecordPart) -> NDArray[np.float32]:
        check_finite(part, part.objectness, "objectness values")
        p_DC = part.probabilities.astype(np.float32) * part.objectness[:, None]
        sums_NC = np.zeros((len(part.ids), num_classes), np.float32)
        np.add.at(sums_NC, part.image_of_detection, p_DC)
        return sums_NC

    ids, rows = read_rows(images, CLASS_COLUMNS, rows_of, np.float32)
    return ids, rows.reshape(len(ids), num_classes)


def redundancy(embeddings_PE: Embeddings) -> float | None:
    """Return the mean cosine of each pick to the most similar other pick; None for fewer than two.

    It is 1 if every pick has a twin. Computed in blocks: no matrix of all pairs is held.
    """
    if len(embeddings_PE) < 2:  # noqa: PLR2004 - a pair
        return None
    unit_PE = unit(embeddings_PE)
    nearest = []
    for first in range(0, len(unit_PE), _BLOCK):
        cosine_BP = unit_PE[first : first + _BLOCK] @ unit_PE.T
        own = np.arange(len(cosine_BP))
        cosine_BP[own, first + own] = -1
        nearest.append(cosine_BP.max(axis=1))
    return float(np.concatenate(nearest).mean(dtype=np.float64))


def jaccard(picks: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], float]:
    """Return the Jaccard index of each pair of names: picks of both by picks of either."""
    result = {}
    for first, second in combinations(picks, 2):
        ours, theirs = set(picks[first]), set(picks[second])
        result[first, second] = len(ours & theirs) / max(len(ours | theirs), 1)
    return result
