"""What the runs of the tutorial cost: as it counted, and with every image counted once.

The tutorial counted each query twice, and its random sampling drew labelled images again.

N = runs of a strategy, R = rounds from 0 on, I = images that were drawn.
"""
# ruff: noqa: N803, N806 - shape suffixes

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from job.errors import BadDataError
from job.records.arrays import Float64s
from job.tutorial.read import Run


@dataclass(frozen=True)
class TutorialArm:
    """The runs of one strategy: means over the runs, unless a field says otherwise."""

    name: str
    metric_by_run: Float64s
    """(N, R): mAP."""
    metric: Float64s
    """(R,): mAP."""
    counted_images: Float64s
    """(R,): labelled so far, as the tutorial counted."""
    images: Float64s
    """(R,): labelled so far, every image counted once."""
    drawn: Float64s
    """(R,): queried so far, with the initial set; an image counts as often as it was drawn."""
    counted_boxes: Float64s
    """(R,): labelled so far, as the tutorial counted."""
    boxes: Float64s
    """(R,): labelled so far, every image's counted once; an estimate if images were redrawn."""
    boxes_error: Float64s
    """(R,): the standard error of the estimate; 0 if it is exact."""
    seconds: Float64s
    """(R,): of training, scoring and selecting so far."""
    train_seconds: float
    """Of all rounds."""
    active_seconds: float
    """Of all rounds, for scoring and selecting."""
    num_picks: int
    """How many different sequences of picks the runs have."""

    @property
    def last_round(self) -> int:
        """The number of the last round."""
        return len(self.metric) - 1


def arm_of(name: str, runs: Sequence[Run]) -> TutorialArm:
    """Return a strategy's means.

    Raises:
        BadDataError: A run's count of images does not follow from its queries.
    """

    def mean(values: Sequence[Float64s]) -> Float64s:
        return np.asarray(np.mean(values, axis=0), np.float64)

    metric_NR = np.array([run.metric for run in runs])
    once = [boxes_once(run) for run in runs]
    return TutorialArm(
        name=name,
        metric_by_run=metric_NR,
        metric=metric_NR.mean(axis=0),
        counted_images=mean([run.counted_images for run in runs]),
        images=mean([unique_images(run) for run in runs]),
        drawn=mean([drawn_images(run) for run in runs]),
        counted_boxes=mean([run.counted_boxes for run in runs]),
        boxes=mean([boxes for boxes, _ in once]),
        boxes_error=mean([error for _, error in once]),
        seconds=mean([run.total_seconds.cumsum() for run in runs]),
        train_seconds=float(np.mean([run.train_seconds.sum() for run in runs])),
        active_seconds=float(np.mean([run.active_seconds.sum() for run in runs])),
        num_picks=len({run.queries for run in runs}),
    )


def unique_images(run: Run) -> Float64s:
    """Return how many images are labelled after each round, each counted once: (R,)."""
    seen: set[int] = set()
    counts = []
    for query in run.queries:
        seen.update(query)
        counts.append(len(seen))
    return np.array(counts, np.float64)


def drawn_images(run: Run) -> Float64s:
    """Return how many images were queried up to each round, counted as often as drawn: (R,)."""
    return np.cumsum([len(query) for query in run.queries]).astype(np.float64)


def repeats(run: Run) -> int:
    """Return how many times the counts hold each query after the initial set: 2 in the tutorial.

    Raises:
        BadDataError: No single number explains all rounds.
    """
    added_R = run.counted_images - len(run.queries[0])
    drawn_R = drawn_images(run) - len(run.queries[0])
    number = round(float(added_R[-1] / drawn_R[-1]))
    wrong_R = np.flatnonzero(added_R != number * drawn_R)
    if len(wrong_R) or number < 1:
        index = int(wrong_R[0]) if len(wrong_R) else len(added_R) - 1
        message = (
            f"{run.name}: total_samples is {run.counted_images[index]:.0f} in step {index}, which "
            f"{len(run.queries[0])} initial and {drawn_R[index]:.0f} queried images do not explain"
        )
        raise BadDataError(message)
    return number


def boxes_once(run: Run) -> tuple[Float64s, Float64s]:
    """Return the boxes labelled after each round, every image's counted once, and their error.

    The files hold sums of boxes over each round's queries, not the boxes of an image. So the number
    is exact if no image was drawn twice. Otherwise it is the ratio estimate: boxes drawn, times
    images new by images drawn. Its error assumes that boxes per image are independent of the draw,
    as they are for random sampling.

    Returns:
        (R,) boxes and (R,) standard error.

    Raises:
        BadDataError: The count of images does not follow from the queries.
    """
    boxes_R = (run.counted_boxes - run.counted_boxes[0]) / repeats(run)
    variance = _variance(np.diff(boxes_R), np.array([len(query) for query in run.queries[1:]]))
    once_R, error_R = np.zeros(len(boxes_R)), np.zeros(len(boxes_R))
    for index in range(1, len(boxes_R)):
        drawn_I, times_I = np.unique(np.concatenate(run.queries[1 : index + 1]), return_counts=True)
        is_new_I = ~np.isin(drawn_I, run.queries[0])
        ratio = is_new_I.sum() / times_I.sum()
        once_R[index] = boxes_R[index] * ratio
        # The error is the sum over images of (is new - ratio * times drawn) * boxes.
        error_R[index] = np.sqrt(variance * ((is_new_I - ratio * times_I) ** 2).sum())
    return run.counted_boxes[0] + once_R, error_R


def _variance(boxes_Q: Float64s, images_Q: Float64s) -> float:
    """The variance of boxes per image, from the box counts and the sizes of Q queries."""
    mean = boxes_Q.sum() / images_Q.sum()
    squares_Q = (boxes_Q - mean * images_Q) ** 2 / images_Q
    return float(squares_Q.sum() / max(1, len(boxes_Q) - 1))
