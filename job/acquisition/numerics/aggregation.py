# ruff: noqa: N803, N806 - shape suffixes
"""From the values of detections to one score for each image.

N = images, D = detections of all images together, flat: image i owns `offsets[i]:offsets[i + 1]`.
Brust et al. 2019 compare sum, mean and max; the sum favours images with many objects.
"""

from typing import Literal

import numpy as np

from job.records.arrays import Float64s, Integers

Aggregation = Literal["sum", "mean", "max"]


def aggregate(
    values_D: Float64s, offsets: Integers, how: Aggregation, *, empty_score: float
) -> Float64s:
    """Return the sum, mean or maximum of each image's values: (N,).

    An image without detections gets `empty_score`. An image with a value that is NaN gets NaN.
    """
    counts_N = np.diff(offsets)
    scores_N = np.full(len(counts_N), empty_score)
    some_N = counts_N > 0
    # reduceat would give an empty image the first value of the next one, so it sees none of them.
    combine = np.maximum if how == "max" else np.add
    scores_N[some_N] = combine.reduceat(values_D, offsets[:-1][some_N])
    if how == "mean":
        scores_N[some_N] /= counts_N[some_N]
    return scores_N


def keep_highest(values_D: Float64s, offsets: Integers, count: int) -> tuple[Float64s, Integers]:
    """Return the `count` highest values of each image, or all, and the images' new offsets."""
    counts_N = np.diff(offsets)
    image_D = np.repeat(np.arange(len(counts_N)), counts_N)
    ascending_D = np.lexsort((values_D, image_D))
    num_above_D = np.repeat(offsets[1:], counts_N) - 1 - np.arange(len(values_D))
    kept = np.concatenate([[0], np.cumsum(np.minimum(counts_N, count))])
    return values_D[ascending_D[num_above_D < count]], kept


def first_highest(values_D: Float64s, offsets: Integers) -> Integers:
    """Return the row of the first highest value of each image that has detections."""
    counts_N = np.diff(offsets)
    highest_N = aggregate(values_D, offsets, "max", empty_score=0.0)
    (rows,) = np.nonzero(values_D == np.repeat(highest_N, counts_N))
    image = np.repeat(np.arange(len(counts_N)), counts_N)[rows]
    return rows[np.diff(image, prepend=-1) > 0]
