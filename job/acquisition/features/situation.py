# ruff: noqa: N803, N806 - shape suffixes
"""The situation in which images are selected, in numbers: pool, labels so far, budget.

The strategy `recommended` decides by it, and `al-job advise` shows it.

N = unlabelled images, L = labelled images.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.checks import check_classes
from job.acquisition.features.embeddings import read_embeddings
from job.acquisition.features.objects import confidences
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.near_duplicates import Redundancy, in_runs, redundancy_of
from job.acquisition.strategy import Images, Task
from job.records.arrays import Float64s
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

READS_COLD_START = frozenset({"embedding"})
READS = READS_COLD_START | {"objectness", "probabilities"}
READS_LABELLED = frozenset({"objectness", "probabilities"}) | GROUND_TRUTH_COLUMNS

MAX_COMPARED = 5_000
"""Of a larger pool, so many images are compared with each other."""
MIN_CONFIDENCE = 0.1
"""An image seems to show an object if one of its boxes has this confidence."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What there is to select from, what is labelled, and how much is to be labelled next."""

    num_pool: int
    num_labelled: int
    budget: int
    """Images to select next."""
    num_groups: int
    """Groups of the pool's images, such as videos; 0 if the data set has none."""
    class_counts: Mapping[str, int]
    """Labelled boxes of each class."""
    has_scores: bool
    """Whether a detector has scored the pool."""
    redundancy: Redundancy
    """Of the embeddings of unlabelled images, or of a sample of them."""
    empty_share: float | None = None
    """The estimated share of unlabelled images without an object; None if nothing is known."""

    @property
    def tells_images_apart(self) -> bool:
        """Whether no embedding is that of more than half of the images.

        With random weights, most are zeros. A pool of copies has many equal ones, but not one
        that most images have.
        """
        return self.redundancy.num_equal <= max(self.redundancy.num_compared / 2, 1)

    @property
    def images_per_class(self) -> float:
        """Labelled images for each class, after the next selection."""
        return (self.num_labelled + self.budget) / max(len(self.class_counts), 1)


def situation_of(task: Task) -> Situation:
    """Return the situation of a task.

    Raises:
        BadDataError: An image has no row, more than one, or a number that is not finite.
        ConfigError: There is no score record.
    """
    ids = task.unlabelled.ids
    compared = tuple(ids[row] for row in in_runs(len(ids), MAX_COMPARED))
    _, embeddings = read_embeddings(Images(compared, task.unlabelled.record))
    return Situation(
        num_pool=len(task.pool_ids),
        num_labelled=len(task.labelled.ids),
        budget=min(task.budget, len(ids)),
        num_groups=len(set(task.groups.values())),
        class_counts=task.class_counts,
        has_scores=not task.is_cold_start,
        redundancy=redundancy_of(embeddings),
        empty_share=None if task.is_cold_start or not ids else _empty_share_of(task),
    )


def _empty_share_of(task: Task) -> float:
    def seems(part: RecordPart) -> Float64s:
        check_classes(part, task.classes)
        return _shows_object(part).astype(np.float64)

    def seems_and_is(part: RecordPart) -> Float64s:
        is_empty_N = np.diff(part.ground_truth.offsets) == 0
        return np.column_stack([_shows_object(part), is_empty_N]).astype(np.float64)

    _, seen_N = read_rows(task.unlabelled, READS - READS_COLD_START, seems)
    if not task.labelled.ids:
        nothing = np.empty(0, bool)
        return empty_share(seen_N == 1, nothing, nothing)
    _, found_L2 = read_rows(task.labelled, READS_LABELLED, seems_and_is)
    return empty_share(seen_N == 1, found_L2[:, 0] == 1, found_L2[:, 1] == 1)


def empty_share(
    seen_N: NDArray[np.bool_], seen_L: NDArray[np.bool_], empty_L: NDArray[np.bool_]
) -> float:
    """Return the estimated share of images without an object, among at least one.

    Labelled images say how often an image is empty in which the detector sees something, and one in
    which it sees nothing. Each of the two shares counts as much as there are such unlabelled
    images, so the estimate does not depend on which of the two was labelled more. Both begin as if
    one more image had been labelled that is like all the others. Without labelled images, an image
    is what it seems.

    Args:
        seen_N: Whether the detector sees an object in each unlabelled image.
        seen_L: The same of each labelled image.
        empty_L: Whether each labelled image is empty.
    """
    result = 0.0
    for seen in (False, True):
        among = empty_L[seen_L == seen]
        usual = float(empty_L.mean()) if len(empty_L) else float(not seen)
        share = (float(among.sum()) + usual) / (len(among) + 1)
        result += share * float((seen_N == seen).mean())
    return result


def _shows_object(part: RecordPart) -> NDArray[np.bool_]:
    highest_N = np.zeros(len(part.ids))
    np.maximum.at(highest_N, part.image_of_detection, confidences(part))
    return highest_N >= MIN_CONFIDENCE
