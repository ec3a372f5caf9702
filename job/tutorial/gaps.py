"""The gap between the tutorial's two strategies, in rounds and at equal numbers of images.

R = rounds from 0 on, P = points of a line, L = levels of the metric.
"""
# ruff: noqa: N803, N806 - shape suffixes

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from job.records.arrays import Float64s
from job.report.analysis.savings import first_reach
from job.report.analysis.statistics import mean_between
from job.tutorial.counts import TutorialArm

SECONDS_PER_BOX = 5.0
"""Of annotation, as the tutorial assumes."""


@dataclass(frozen=True)
class Gap:
    """How far uncertainty is above random at equal numbers of images.

    The two mean curves are straight between their rounds, so their difference is straight between
    the rounds of both: its lowest and highest values are among these points.
    """

    images: Float64s
    """(P,): over the range that both cover, each image counted once."""
    metric: Float64s
    """(P,): difference in mAP."""
    relative: Float64s
    """(P,): the same as a share of random's mAP."""
    mean: float
    """Of the difference, over the range."""
    relative_mean: float
    """Of the share, over the range."""


def gap_once(random: TutorialArm, uncertainty: TutorialArm) -> Gap:
    """Return the difference of the two mean curves at equal numbers of images counted once."""
    low = max(random.images[0], uncertainty.images[0])
    high = min(random.images[-1], uncertainty.images[-1])
    images_P = np.unique([low, high, *random.images, *uncertainty.images])
    images_P = images_P[(low <= images_P) & (images_P <= high)]
    base_P = np.interp(images_P, random.images, random.metric)
    gap_P = np.interp(images_P, uncertainty.images, uncertainty.metric) - base_P
    return Gap(
        images=images_P,
        metric=gap_P,
        relative=gap_P / base_P,
        mean=mean_between(images_P, gap_P, low, high),
        relative_mean=mean_between(images_P, gap_P / base_P, low, high),
    )


def levels_of(arms: Sequence[TutorialArm]) -> Float64s:
    """Return the hundredths of mAP that all mean curves rise to after round 0: (L,)."""
    # A hundredth of a float is not always whole: 0.29 * 100 is below 29.
    low = math.floor(max(arm.metric[0] for arm in arms) * 100 + 1e-9) + 1
    high = math.floor(min(arm.metric.max() for arm in arms) * 100 + 1e-9)
    return np.arange(low, high + 1) / 100


def needed(
    arm: TutorialArm, x: Literal["rounds", "counted_images", "images"], levels_L: Float64s
) -> Float64s:
    """Return what a mean curve needs to reach levels, by straight lines between rounds: (L,).

    Args:
        arm: The strategy.
        x: What is needed: rounds, images as counted, or images counted once.
        levels_L: (L,) mAP.

    Returns:
        NaN if it never does.
    """
    at = np.arange(len(arm.metric)) if x == "rounds" else getattr(arm, x)
    reached = [first_reach(at, arm.metric, float(level)) for level in levels_L]
    return np.array([math.nan if each is None else each for each in reached])


def saved_share(
    random: TutorialArm,
    uncertainty: TutorialArm,
    x: Literal["counted_images", "images"],
    levels_L: Float64s,
) -> Float64s:
    """Return which share of random's images uncertainty saves at each level: (L,)."""
    return np.asarray(1 - needed(uncertainty, x, levels_L) / needed(random, x, levels_L))


def seconds_with_annotation(arm: TutorialArm, boxes: Literal["counted_boxes", "boxes"]) -> Float64s:
    """Return seconds of computing and annotation after each round: (R,).

    Args:
        arm: The strategy.
        boxes: As counted, or each counted once.
    """
    return np.asarray(arm.seconds + SECONDS_PER_BOX * getattr(arm, boxes))
