"""The tutorial's figures as series of numbers: as published, and with every image counted once.

R = rounds from 0 on, L = levels of the metric, N = runs of a strategy.
"""
# ruff: noqa: N803, N806 - shape suffixes

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from job.records.arrays import Float64s
from job.report.analysis.intervals import bootstrap
from job.report.wording import counted
from job.tutorial.counts import TutorialArm
from job.tutorial.gaps import (
    SECONDS_PER_BOX,
    Gap,
    gap_once,
    levels_of,
    needed,
    saved_share,
    seconds_with_annotation,
)

METRIC = "mAP at IoU 0.5"
COUNTED = "labelled images, as counted"
ONCE = "labelled images, each counted once"
PUBLISHED = "As published"
CORRECTED = "Each image counted once"
BANDS = "Bands: 95 % bootstrap interval of the mean; of three runs, that is from lowest to highest."


@dataclass(frozen=True)
class Line:
    """A line of a panel; `low` and `high` are empty if it has no interval."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Panel:
    """Lines on one pair of axes."""

    title: str
    x_label: str
    """With its unit."""
    y_label: str
    """With its unit."""
    lines: tuple[Line, ...]
    x_is_round: bool = False
    """Whether x counts rounds, so that its ticks are whole numbers."""


@dataclass(frozen=True)
class Chart:
    """A figure: as published on the left, and corrected on the right."""

    name: str
    """Of its files, without suffix."""
    title: str
    """What it shows, as a sentence."""
    panels: tuple[Panel, ...]
    note: str = ""
    """What a reader has to know besides the drawing."""


def charts_of(random: TutorialArm, uncertainty: TutorialArm) -> tuple[Chart, ...]:
    """Return the tutorial's figures in its order."""
    arms = (random, uncertainty)
    gap = gap_once(*arms)
    return (
        _learning_curve(arms, gap),
        _inverse(arms),
        _difference(arms, gap),
        _relative_difference(arms, gap),
        _additional(random, uncertainty, is_share=False),
        _additional(random, uncertainty, is_share=True),
        _time(arms),
        _boxes(arms),
    )


def _learning_curve(arms: Sequence[TutorialArm], gap: Gap) -> Chart:
    published = float(np.mean((arms[1].metric - arms[0].metric)[1:]))
    return Chart(
        "learning-curve",
        f"Uncertainty's lead is {published:.3f} mAP on average; "
        f"at equal numbers of unique images it is {gap.mean:+.3f}",
        (
            Panel(PUBLISHED, COUNTED, METRIC, _curves(arms, [arm.counted_images for arm in arms])),
            Panel(CORRECTED, ONCE, METRIC, _curves(arms, [arm.images for arm in arms])),
        ),
        BANDS,
    )


def _curves(arms: Sequence[TutorialArm], xs: Sequence[Float64s]) -> tuple[Line, ...]:
    """Mean over runs with its bootstrap interval: of three runs, from the lowest to the highest."""
    lines = []
    for arm, x_R in zip(arms, xs, strict=True):
        ends = [bootstrap(values_N) for values_N in arm.metric_by_run.T]
        low = [end.mean if end.low is None else end.low for end in ends]
        high = [end.mean if end.high is None else end.high for end in ends]
        lines.append(_line(arm.name, x_R, arm.metric, low, high))
    return tuple(lines)


def _inverse(arms: Sequence[TutorialArm]) -> Chart:
    def lines(x: Literal["counted_images", "images"]) -> tuple[Line, ...]:
        return tuple(_line(arm.name, levels_L, needed(arm, x, levels_L)) for arm in arms)

    levels_L = levels_of(arms)
    share = max(saved_share(arms[0], arms[1], "counted_images", levels_L))
    once = max(saved_share(arms[0], arms[1], "images", levels_L))
    return Chart(
        "images-needed",
        f"For the same mAP uncertainty needs up to {100 * share:.0f} % fewer images; "
        f"each counted once, {100 * once:.0f} % at most",
        (
            Panel(PUBLISHED, METRIC, COUNTED, lines("counted_images")),
            Panel(CORRECTED, METRIC, ONCE, lines("images")),
        ),
    )


def _difference(arms: Sequence[TutorialArm], gap: Gap) -> Chart:
    difference = arms[1].metric - arms[0].metric
    label = "mAP less that of random"
    published = _line(arms[1].name, range(len(difference)), difference)
    once = _line(arms[1].name, gap.images, gap.metric)
    return Chart(
        "difference",
        f"Uncertainty's lead in the last round is {difference[-1]:.3f} mAP; "
        f"at equal images it is {min(gap.metric):+.3f} to {max(gap.metric):+.3f}",
        (
            Panel(PUBLISHED, "round", label, (published,), x_is_round=True),
            Panel(CORRECTED, ONCE, label, (once,)),
        ),
    )


def _relative_difference(arms: Sequence[TutorialArm], gap: Gap) -> Chart:
    percent = 100 * (arms[1].metric / arms[0].metric - 1)
    label = "mAP less that of random, in % of it"
    published = _line(arms[1].name, range(len(percent)), percent)
    once = _line(arms[1].name, gap.images, 100 * gap.relative)
    return Chart(
        "relative-difference",
        f"Uncertainty's lead at the end is {percent[-1]:.1f} % of random's mAP; "
        f"at equal images it is {100 * gap.relative_mean:.1f} % on average",
        (
            Panel(PUBLISHED, "round", label, (published,), x_is_round=True),
            Panel(CORRECTED, ONCE, label, (once,)),
        ),
    )


def _additional(random: TutorialArm, uncertainty: TutorialArm, *, is_share: bool) -> Chart:
    """How much more random needs for the mAP of each round that it reaches at all."""
    num_never = int(np.isnan(needed(random, "rounds", uncertainty.metric)).sum())
    rounds_R = np.arange(len(uncertainty.metric), dtype=np.float64)
    needed_R = needed(random, "rounds", uncertainty.metric)
    rounds = _more(random, rounds_R, needed_R, is_share=is_share)
    needed_R = needed(random, "images", uncertainty.metric)
    images = _more(random, uncertainty.images, needed_R, is_share=is_share)
    unit = " %" if is_share else ""
    label = " of random, in %" if is_share else " of random"
    most_rounds, most_images = (max(line.y, default=0.0) for line in (rounds, images))
    return Chart(
        f"additional-rounds{'-relative' if is_share else ''}",
        f"For the same mAP random needs up to {most_rounds:.0f}{unit} more rounds, "
        f"but at most {most_images:.0f}{unit} more unique images",
        (
            Panel(
                PUBLISHED,
                "round of uncertainty",
                f"additional rounds{label}",
                (rounds,),
                x_is_round=True,
            ),
            Panel(CORRECTED, ONCE, f"additional images{label}", (images,)),
        ),
        f"Without {counted(num_never, 'round')} of uncertainty whose mAP random never reached.",
    )


def _more(random: TutorialArm, spent_R: Float64s, needed_R: Float64s, *, is_share: bool) -> Line:
    more_R = needed_R - spent_R
    if not is_share:
        return _line(random.name, spent_R, more_R)
    # Round 0 has no share of its own number.
    some_R = spent_R > 0
    return _line(random.name, spent_R[some_R], 100 * more_R[some_R] / spent_R[some_R])


def _time(arms: Sequence[TutorialArm]) -> Chart:
    hours = [arm.seconds / 3600 for arm in arms]
    annotated = [seconds_with_annotation(arm, "boxes") / 3600 for arm in arms]
    return Chart(
        "time",
        f"Computing takes {hours[0][-1]:.1f} h at random and {hours[1][-1]:.1f} h by uncertainty; "
        f"with annotation {annotated[0][-1]:.1f} h and {annotated[1][-1]:.1f} h",
        (
            Panel(PUBLISHED, "hours of training and selecting", METRIC, _curves(arms, hours)),
            Panel(
                f"With {SECONDS_PER_BOX:.0f} s a box, each counted once",
                "hours with annotation",
                METRIC,
                _curves(arms, annotated),
            ),
        ),
        BANDS,
    )


def _boxes(arms: Sequence[TutorialArm]) -> Chart:
    return Chart(
        "boxes",
        f"Random labelled {arms[0].boxes[-1]:,.0f} boxes and uncertainty {arms[1].boxes[-1]:,.0f}, "
        "each counted once",
        (
            Panel(
                PUBLISHED,
                "labelled boxes, as counted",
                METRIC,
                _curves(arms, [arm.counted_boxes for arm in arms]),
            ),
            Panel(
                "Each box counted once (random's are estimated)",
                "labelled boxes, each counted once",
                METRIC,
                _curves(arms, [arm.boxes for arm in arms]),
            ),
        ),
        BANDS,
    )


def _line(
    name: str,
    x: Iterable[float],
    y: Iterable[float],
    low: Iterable[float] = (),
    high: Iterable[float] = (),
) -> Line:
    """A line of plain numbers, which JSON can hold, without points that are not numbers."""
    points = [
        (float(at), float(value)) for at, value in zip(x, y, strict=True) if np.isfinite(value)
    ]
    return Line(
        name,
        tuple(at for at, _ in points),
        tuple(value for _, value in points),
        tuple(map(float, low)),
        tuple(map(float, high)),
    )
