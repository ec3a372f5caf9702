# ruff: noqa: N803, N806 - shape suffixes
"""The time that people took, as seconds for an image and for a box.

N = answers.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from job.artifacts.outcome import AnnotatorOutcome
from job.config.annotation import AnnotationConfig
from job.records.arrays import Float64s
from job.report.analysis.intervals import Estimate
from job.report.analysis.student import student_quantile
from job.report.people.rounds import AskedRound

MIN_ANSWERS = 10
"""Fewer answers say nothing of how long an image and a box take."""


@dataclass(frozen=True)
class Seconds:
    """What an answer takes: so many seconds, and so many more for each box."""

    per_image: Estimate
    per_box: Estimate


@dataclass(frozen=True)
class MeasuredTime:
    """The answers whose time was measured, of one kind."""

    with_proposals: bool
    """Whether people began with boxes that a model proposed."""
    answers: int
    boxes: int
    raw: float
    """Seconds as they were measured."""
    counted: float
    """Seconds with the limit for an image: these are in the cost."""
    assumed: float
    """What the same answers would count if nobody had measured."""
    seconds: Seconds | None
    """None: too few answers, or all have as many boxes."""


def measured_times(
    rounds: Iterable[AskedRound], config: AnnotationConfig
) -> tuple[MeasuredTime, ...]:
    """Return the measured time without proposals and with them, if there is any.

    Refused images are left out: they have no boxes.
    """
    found: dict[bool, list[AnnotatorOutcome]] = {False: [], True: []}
    for each in rounds:
        for image in each.asked:
            measured = [a for a in image.annotators if a.seconds is not None and not a.is_refused]
            found[bool(image.proposals)] += measured
    return tuple(_time(kind, answers, config) for kind, answers in found.items() if answers)


def _time(
    with_proposals: bool,  # noqa: FBT001 - a key
    answers: Sequence[AnnotatorOutcome],
    config: AnnotationConfig,
) -> MeasuredTime:
    boxes_N = np.array([each.boxes for each in answers], np.float64)
    counted_N = np.array([each.counted_seconds for each in answers])
    return MeasuredTime(
        with_proposals=with_proposals,
        answers=len(answers),
        boxes=int(boxes_N.sum()),
        raw=sum(each.seconds or 0.0 for each in answers),
        counted=float(counted_N.sum()),
        assumed=config.seconds(len(answers), float(boxes_N.sum())),
        seconds=fit(boxes_N, counted_N),
    )


def fit(boxes_N: Float64s, seconds_N: Float64s) -> Seconds | None:
    """Return the seconds for an image and for a box by least squares, with 95 % intervals.

    So the total is that of what was measured, which is what costs are for. Neither may be below 0:
    if one would be, it is 0, and the other one carries the total. Intervals are those of HC3
    (MacKinnon and White, Some Heteroskedasticity-Consistent Covariance Matrix Estimators, 1985),
    since images with many boxes take times that differ more.

    Args:
        boxes_N: (N,)
        seconds_N: (N,)

    Returns:
        None for few answers, or if all have as many boxes: nothing tells the two apart.
    """
    if len(boxes_N) < MIN_ANSWERS or len(set(boxes_N.tolist())) == 1:
        return None
    image, box = _least_squares(np.column_stack([np.ones_like(boxes_N), boxes_N]), seconds_N)
    nothing = Estimate(0.0, None, None, len(boxes_N))
    if image.mean < 0:
        return Seconds(nothing, _ratio(boxes_N, seconds_N))
    if box.mean < 0:
        return Seconds(_ratio(np.ones_like(boxes_N), seconds_N), nothing)
    return Seconds(image, box)


def _least_squares(x_NK: Float64s, y_N: Float64s) -> list[Estimate]:
    """Return the coefficients of a linear model with the intervals of HC3."""
    inverse_KK = np.linalg.inv(x_NK.T @ x_NK)
    beta_K = inverse_KK @ x_NK.T @ y_N
    leverage_N = np.einsum("nk,kl,nl->n", x_NK, inverse_KK, x_NK)
    # A leverage of 1 means an answer that alone decides a coefficient: it has no residual.
    residual_N = (y_N - x_NK @ beta_K) / np.maximum(1 - leverage_N, 1e-9)
    spread_KK = (x_NK * (residual_N**2)[:, None]).T @ x_NK
    errors_K = np.sqrt(np.diag(inverse_KK @ spread_KK @ inverse_KK))
    return [_estimate(*each, len(y_N)) for each in zip(beta_K, errors_K, strict=True)]


def _ratio(x_N: Float64s, y_N: Float64s) -> Estimate:
    """Return the ratio of two totals, with the error of its linearization."""
    ratio = y_N.sum() / x_N.sum()
    num = len(y_N)
    error = math.sqrt(num / (num - 1) * ((y_N - ratio * x_N) ** 2).sum()) / x_N.sum()
    return _estimate(ratio, error, num)


def _estimate(value: float, error: float, num: int) -> Estimate:
    reach = student_quantile(0.975, num - 2) * error
    return Estimate(float(value), max(float(value - reach), 0.0), float(value + reach), num)
