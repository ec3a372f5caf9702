# ruff: noqa: N803, N806, N815 - shape suffixes
"""Balanced herding: coverage in which copies count once, and images like rare classes count more.

Herding covers the pool as it is: a long video has as much weight as it has frames, and a frequent
class as it has images. What is measured in the end, a mean over classes on other videos, has
neither. So the weight of an image n in the sum is r_n / m_n.

m_n is the number of its near-copies, itself included: the sum of exp(-|n - m|^2 / 0.6^2) over the
images m to be covered. r_n is the mean class weight of the classes that it is likely to show. What
is likely is told by the labelled images l around it: class c counts by the sum of
exp(-|n - l|^2 / 0.7^2) over those that show it (Nadaraya-Watson). A labelled image without objects
shows a class of its own, which has the lowest weight.

N = unlabelled images, R = those of them that are to be covered, P = picks, L = labelled images,
C = classes, with that of images without objects at the end. Embeddings are centred and have length
1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from job.acquisition.features.embeddings import Directions
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.class_quotas import MAX_WEIGHT, class_weights
from job.acquisition.numerics.kernel_sums import kernel_sums
from job.acquisition.numerics.top_k import Rows
from job.acquisition.strategies.herding import Herding
from job.acquisition.strategy import Task
from job.records.arrays import Float64s, Floats
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

COPY_SIGMA = 0.6
"""Frames of a video lie 0.2 to 0.6 apart, and different photographs about 1."""
CLASS_SIGMA = 0.7


class BalancedHerding(Herding):
    """Herding in which near-copies count once, and images that look like rare classes count more.

    Which classes an image is likely to show is told by the labelled images that it is like, and not
    by the detector, which knows little in the beginning. It needs no scores, so it can be the cold
    start; then all classes count alike.
    """

    reads_labelled: ClassVar[frozenset[str]] = Herding.reads | GROUND_TRUTH_COLUMNS

    def weigh(
        self, task: Task, seen: Directions, referred_R: Rows
    ) -> tuple[Float64s, Callable[[Rows], list[str]]]:
        """Weigh images by the rarity of their likely classes, over the number of their copies."""
        points_RE = seen.points_NE[referred_R]
        share = len(referred_R) / max(len(seen.ids), 1)
        others_R = kernel_sums(points_RE, points_RE, np.ones((len(points_RE), 1)), COPY_SIGMA)[:, 0]
        weights_R = 1 / (1 + np.maximum(others_R - 1, 0) / share)
        if task.is_cold_start or not seen.labelled_ids:
            return weights_R, lambda rows: [""] * len(rows)
        likely = _LikelyClasses.of(task, seen)
        weights_R *= likely.rarity(points_RE)
        return weights_R, lambda rows: likely.told(seen.points_NE[rows], task)


@dataclass(frozen=True)
class _LikelyClasses:
    """What labelled images say of the classes that an image shows."""

    labelled_LE: Floats
    shows_LC: Floats
    """1 where a labelled image shows a class, and 0 elsewhere."""
    weights_C: Float64s

    @classmethod
    def of(cls, task: Task, seen: Directions) -> Self:
        """Return what the labelled images of a task say."""
        num_classes = len(task.classes)

        def shown(part: RecordPart) -> Floats:
            truth = part.ground_truth
            image_T = np.repeat(np.arange(len(part.ids)), np.diff(truth.offsets))
            shows = np.zeros((len(part.ids), num_classes + 1), np.float32)
            shows[image_T, truth.classes] = 1
            shows[:, -1] = ~shows.any(axis=1)
            return shows

        _, shows_LC = read_rows(task.labelled, GROUND_TRUTH_COLUMNS, shown, np.float32)
        counts_C = np.array([task.class_counts[name] for name in task.classes])
        weights_C = np.append(class_weights(counts_C), 1 / MAX_WEIGHT)
        return cls(seen.labelled_LE, shows_LC.reshape(-1, num_classes + 1), weights_C)

    def shares(self, points_NE: Floats) -> Float64s:
        """Return how likely each class is, among those that each image may show: (N, C)."""
        sums_NC = kernel_sums(points_NE, self.labelled_LE, self.shows_LC, CLASS_SIGMA)
        return np.asarray(sums_NC / sums_NC.sum(axis=1, keepdims=True))

    def rarity(self, points_NE: Floats) -> Float64s:
        """Return the mean class weight of what each image is likely to show: (N,)."""
        return np.asarray(self.shares(points_NE) @ self.weights_C)

    def told(self, points_PE: Floats, task: Task) -> list[str]:
        """Return in words which class each pick is most likely to show."""
        shown = [f"{name} ({task.class_counts[name]} labelled boxes)" for name in task.classes]
        shown.append("no object")
        likeliest_P = self.shares(points_PE).argmax(axis=1)
        return [f"; labelled images like it show {shown[label]}" for label in likeliest_P.tolist()]
