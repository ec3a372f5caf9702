# ruff: noqa: N803, N806 - shape suffixes
"""Herding: images that are like many others of the pool, of which none is labelled yet.

The papers and the formula stand at the classes.

N = unlabelled images, R = those of them that are to be covered, L = labelled images.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from job.acquisition.features import doubt, rightness
from job.acquisition.features.embeddings import Directions, read_directions
from job.acquisition.features.neighbourhood import describe_picks
from job.acquisition.features.objects import ObjectBoxes
from job.acquisition.numerics.max_coverage import (
    MIN_SIGMA,
    SIGMA,
    References,
    max_coverage,
    mean_to_nearest,
    smallest_distance,
)
from job.acquisition.numerics.top_k import Rows
from job.acquisition.strategy import Pick, Selection, Strategy, Task
from job.records.arrays import Float32s, Float64s, Floats

MAX_CANDIDATES = 100_000
"""At most so many images can be picked, since their gains take most of the time."""
MIN_TRUE_POSITIVES = 50
"""With fewer true positives in labelled images, nothing is known about the detector's doubts."""


class _Coverage(Strategy):
    """Picks one image after the other, each adding most to the coverage of unlabelled images."""

    candidate_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """The share of the unlabelled images, drawn at random, that can be picked, so that seeds
    differ. At least as many as the budget can be picked, and otherwise at most 100,000."""
    max_references: PositiveInt = 10_000
    """The number of images that are to be covered: unlabelled ones drawn at random, or all."""
    sigma: PositiveFloat | None = SIGMA
    """The distance at which an image covers another by 1/e, between 0 for copies and 2 for
    opposites. `null`: `herding` takes the mean distance of an image to the nearest other one, and
    `uherding` the smallest positive distance between two labelled images, as its paper has it.
    Where there are many copies, as in a video, both are so narrow that only copies are covered."""

    @abstractmethod
    def weigh(
        self, task: Task, seen: Directions, referred_R: Rows
    ) -> tuple[Float64s, Callable[[Rows], list[str]]]:
        """Return the weight in the sum of each image to cover, (R,), and remarks on picks by rows.

        Args:
            task: What is asked.
            seen: The embeddings of the unlabelled images, in ascending order of their ids.
            referred_R: The rows of those that are to be covered.
        """

    @abstractmethod
    def fitted_sigma(self, points_RE: Float32s, labelled_LE: Floats) -> float:
        """Return sigma from the embeddings of images to cover and of labelled images."""

    def select(self, task: Task) -> Selection:
        """Select images one by one; the score of each is what it adds to the coverage."""
        seen = read_directions(task)
        num_images = len(seen.ids)
        referred = _draw(task.rng, num_images, self.max_references)
        asked = min(round(self.candidate_share * num_images), MAX_CANDIDATES)
        rows = _draw(task.rng, num_images, max(asked, task.budget))
        weights_R, remarks = self.weigh(task, seen, referred)
        points_RE = seen.points_NE[referred].astype(np.float32)
        sigma = self.sigma or max(self.fitted_sigma(points_RE, seen.labelled_LE), MIN_SIGMA)
        references = References.of(points_RE, weights_R, sigma, seen.labelled_LE)
        taken = max_coverage(seen.points_NE[rows], references, task.budget)
        rows = rows[taken.rows]
        told = _told(seen, rows, points_RE)
        reasons = (f"{why}{more}" for why, more in zip(told, remarks(rows), strict=True))
        picked = zip(rows.tolist(), taken.gains.tolist(), reasons, strict=True)
        return Selection(
            tuple(Pick(seen.ids[row], _rounded(gain), why) for row, gain, why in picked)
        )


class Herding(_Coverage):
    """Picks one image after the other, each like most images that nothing labelled is like.

    MaxHerding, by Bae, Noh, Ko and Sutherland: Generalized Coverage for More Robust Low-Budget
    Active Learning, ECCV 2024, arXiv 2407.12212. An image is covered by the largest
    exp(-distance^2 / sigma^2) to any labelled or picked one, and each pick adds most to the sum of
    that over the unlabelled images. Embeddings are compared by their directions from the mean of
    all images; the paper does not subtract the mean.

    It needs no scores, so it can be the cold start.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"embedding"})
    reads_labelled: ClassVar[frozenset[str]] = frozenset({"embedding"})

    def weigh(
        self,
        task: Task,  # noqa: ARG002
        seen: Directions,  # noqa: ARG002
        referred_R: Rows,
    ) -> tuple[Float64s, Callable[[Rows], list[str]]]:
        """Weigh all images alike."""
        return np.ones(len(referred_R)), lambda rows: [""] * len(rows)

    def fitted_sigma(self, points_RE: Float32s, labelled_LE: Floats) -> float:  # noqa: ARG002
        """Return the mean distance of an image to the nearest other one."""
        return mean_to_nearest(points_RE)


class UHerding(ObjectBoxes, _Coverage):
    """Herding in which an image counts by the doubt about it: coverage first, uncertainty later.

    Uncertainty Herding, ICLR 2025, arXiv 2412.20644: the sum of `herding` with a weight for each
    image. It is the doubt about the image's boxes, times the mean of their class weights, and 1
    until the detector has 50 true positives in the labelled images.
    """

    reads: ClassVar[frozenset[str]] = rightness.READS | {"embedding"}
    reads_labelled: ClassVar[frozenset[str]] = rightness.READS_LABELLED | {"embedding"}

    class_weights: bool = True
    """Multiply an image's doubt by the mean class weight of its boxes: the mean number of labelled
    boxes a class, over that of the box's class, from 1/8 to 8."""

    def weigh(
        self,
        task: Task,
        seen: Directions,  # noqa: ARG002
        referred_R: Rows,
    ) -> tuple[Float64s, Callable[[Rows], list[str]]]:
        """Weigh images by the doubt about them, if there is enough to go by."""
        found = doubt.doubts(task.unlabelled, task, self)
        num_right = found.num_true_positives
        if num_right < MIN_TRUE_POSITIVES:
            right = "1 box is" if num_right == 1 else f"{num_right} boxes are"
            why = f"; only {right} known to be right, so doubt does not count yet"
            return np.ones(len(referred_R)), lambda rows: [why] * len(rows)
        weights_N = found.rows["score"].copy()
        if self.class_weights:
            weights_N *= found.rows["weight"]
        if not weights_N.any():
            why = "; no image has a box that counts"
            return np.ones(len(referred_R)), lambda rows: [why] * len(rows)
        return weights_N[referred_R], lambda rows: [
            f"; {found.told(row, task.classes)}" for row in rows.tolist()
        ]

    def fitted_sigma(self, points_RE: Float32s, labelled_LE: Floats) -> float:
        """Return the smallest positive distance between labelled images, or as `Herding` does."""
        return smallest_distance(labelled_LE) or mean_to_nearest(points_RE)


def _rounded(gain: float) -> float:
    """Return a gain with four digits: further ones differ from one version of numpy to the next."""
    return float(f"{gain:.4g}")


def _told(seen: Directions, picked_P: Rows, points_RE: Float32s) -> list[str]:
    """Return in words what each pick stands for."""
    drawn = " drawn at random" if len(points_RE) < len(seen.ids) else ""
    return describe_picks(
        seen.points_NE[picked_P],
        points_RE,
        f"{len(points_RE):,} unlabelled images{drawn}",
        seen.labelled_LE,
        seen.labelled_ids,
    )


def _draw(rng: np.random.Generator, num_images: int, count: int) -> Rows:
    """Return the rows of some images drawn at random, ascending; of all if there are no more."""
    if count >= num_images:
        return np.arange(num_images)
    return np.sort(rng.choice(num_images, count, replace=False))
