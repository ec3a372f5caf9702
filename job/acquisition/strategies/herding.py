# ruff: noqa: N803, N806 - shape suffixes
"""Herding: images that are like many others of the pool, of which none is labelled yet.

Bae, Noh, Ko and Sutherland: Generalized Coverage for More Robust Low-Budget Active Learning, ECCV
2024 (MaxHerding), arXiv 2407.12212. With weights: Uncertainty Herding, ICLR 2025, arXiv 2412.20644.

An image n is covered by the largest k(n, x) = exp(-|n - x|^2 / sigma^2) of all labelled and picked
images x, on embeddings of length 1. Each pick adds most to the weighted sum of that over the
unlabelled images.

N = unlabelled images, R = those of them that are to be covered, L = labelled images.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from job.acquisition.features import doubt, rightness
from job.acquisition.features.embeddings import read_unit_embeddings
from job.acquisition.features.neighbourhood import describe_picks
from job.acquisition.features.objects import ObjectBoxes
from job.acquisition.numerics.max_coverage import (
    MIN_SIGMA,
    References,
    max_coverage,
    mean_to_nearest,
    smallest_distance,
)
from job.acquisition.numerics.top_k import Rows
from job.acquisition.strategy import Pick, Selection, Strategy, Task
from job.records.arrays import Float32s, Float64s, Floats

MIN_TRUE_POSITIVES = 50
"""With fewer true positives in labelled images, nothing is known about the detector's doubts."""


class _Coverage(Strategy):
    """Picks one image after the other, each adding most to the coverage of unlabelled images."""

    candidate_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """The share of the unlabelled images, drawn at random, that can be picked, so that seeds
    differ. At least as many as the budget can be picked."""
    max_references: PositiveInt = 10_000
    """The number of images that are to be covered: unlabelled ones drawn at random, or all."""

    @abstractmethod
    def weigh(self, task: Task) -> tuple[Float64s, Callable[[int], str]]:
        """Return each unlabelled image's weight in the sum, (N,), and a remark on each by its row.

        Both are in ascending order of the ids.
        """

    @abstractmethod
    def kernel_width(self, points_RE: Float32s, labelled_LE: Floats) -> float:
        """Return sigma, from the embeddings of images to cover and of labelled images."""

    def select(self, task: Task) -> Selection:
        """Select images one by one; the score of each is what it adds to the coverage."""
        ids, points_NE = read_unit_embeddings(task.unlabelled)
        known_ids, labelled_LE = read_unit_embeddings(task.labelled)
        weights_N, remark = self.weigh(task)
        referred = _draw(task.rng, len(ids), self.max_references)
        asked = max(round(self.candidate_share * len(ids)), task.budget)
        rows = _draw(task.rng, len(ids), asked)
        points_RE = points_NE[referred].astype(np.float32)
        sigma = max(self.kernel_width(points_RE, labelled_LE), MIN_SIGMA)
        references = References.of(points_RE, weights_N[referred], sigma, labelled_LE)
        taken = max_coverage(points_NE[rows], references, task.budget)
        rows = rows[taken.rows]
        drawn = " drawn at random" if len(referred) < len(ids) else ""
        among = f"{len(referred):,} unlabelled images{drawn}"
        told = describe_picks(points_NE[rows], points_RE, among, labelled_LE, known_ids)
        picked = zip(rows.tolist(), taken.gains.tolist(), told, strict=True)
        return Selection(
            tuple(Pick(ids[row], gain, why + remark(row)) for row, gain, why in picked)
        )


class Herding(_Coverage):
    """Picks one image after the other, each like most images that nothing labelled is like.

    It needs no scores, so it can be the cold start.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"embedding"})
    reads_labelled: ClassVar[frozenset[str]] = frozenset({"embedding"})

    sigma: PositiveFloat | None = None
    """The distance between two embeddings of length 1 at which one covers the other by 1/e; unset:
    the mean distance of an unlabelled image to the one nearest to it."""

    def weigh(self, task: Task) -> tuple[Float64s, Callable[[int], str]]:
        """Weigh all images alike."""
        return np.ones(len(task.unlabelled.ids)), lambda _: ""

    def kernel_width(self, points_RE: Float32s, labelled_LE: Floats) -> float:  # noqa: ARG002
        """Return the setting, or the mean distance of an unlabelled image to its nearest one."""
        return self.sigma or mean_to_nearest(points_RE)


class UHerding(ObjectBoxes, _Coverage):
    """Herding in which an image counts by the doubt about it: coverage first, uncertainty later.

    The weight of an image is the doubt about its boxes, times the mean of their class weights. It
    is 1 until the detector has 50 true positives in the labelled images. Sigma is the smallest
    positive distance between two labelled images, so that few labels ask for coverage, and many
    for uncertainty.
    """

    reads: ClassVar[frozenset[str]] = rightness.READS | {"embedding"}
    reads_labelled: ClassVar[frozenset[str]] = rightness.READS_LABELLED | {"embedding"}

    class_weights: bool = True
    """Multiply an image's doubt by the mean class weight of its boxes: the mean number of labelled
    boxes a class, over that of the box's class, from 1/8 to 8."""

    def weigh(self, task: Task) -> tuple[Float64s, Callable[[int], str]]:
        """Weigh images by the doubt about them, if there is enough to go by."""
        found = doubt.doubts(task.unlabelled, task, self)
        num_right = found.num_true_positives
        if num_right < MIN_TRUE_POSITIVES:
            right = "1 box is" if num_right == 1 else f"{num_right} boxes are"
            why = f"; only {right} known to be right, so doubt does not count yet"
            return np.ones(len(found.ids)), lambda _: why
        weights_N = found.rows["score"].copy()
        if self.class_weights:
            weights_N *= found.rows["weight"]
        if not weights_N.any():
            return np.ones(len(found.ids)), lambda _: "; no image has a box that counts"
        return weights_N, lambda row: f"; {found.told(row, task.classes)}"

    def kernel_width(self, points_RE: Float32s, labelled_LE: Floats) -> float:
        """Return the smallest positive distance between labelled images, or as `Herding` does."""
        return smallest_distance(labelled_LE) or mean_to_nearest(points_RE)


def _draw(rng: np.random.Generator, num_images: int, count: int) -> Rows:
    """Return the rows of some images drawn at random, ascending; of all if there are no more."""
    if count >= num_images:
        return np.arange(num_images)
    return np.sort(rng.choice(num_images, count, replace=False))
