"""The figures of the report; the title of each states what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from job.records.arrays import Float64s
from job.report.analysis.comparison import Difference, MeanPoint
from job.report.analysis.curves import Axis, Curve
from job.report.drawing.render import GREY, INK, MARKERS, PALETTE, Plot, label_ends
from job.report.wording import PER_UNIT, UNITS


@dataclass(frozen=True)
class Style:
    """How an arm is drawn in every figure."""

    color: str
    marker: str


def styles_of(arms: Sequence[str]) -> dict[str, Style]:
    """Return the style of each arm, by the order of the arms."""
    return {
        arm: Style(PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)])
        for number, arm in enumerate(arms)
    }


@dataclass(frozen=True)
class MeanCurve:
    """The mean over seeds of an arm, at each round that all its seeds have."""

    arm: str
    x: Float64s
    """(R,), in the unit of the axis."""
    mean: Float64s
    """(R,)"""
    low: Float64s
    """(R,): the lower end of the interval; NaN if there is none."""
    high: Float64s
    """(R,)"""


def mean_curves(points: Sequence[MeanPoint] | Sequence[Difference]) -> list[MeanCurve]:
    """Return points as lines, one for each arm."""
    of_arm: dict[str, list[MeanPoint | Difference]] = {}
    for each in points:
        of_arm.setdefault(each.arm, []).append(each)
    return [
        MeanCurve(
            arm=arm,
            x=np.array([each.x for each in group]),
            mean=np.array([each.estimate.mean for each in group]),
            low=np.array([_or_nan(each.estimate.low) for each in group]),
            high=np.array([_or_nan(each.estimate.high) for each in group]),
        )
        for arm, group in of_arm.items()
    ]


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def learning_curve(  # noqa: PLR0913 - each argument is something to draw
    axis: Axis,
    curves: Sequence[Curve],
    means: Sequence[MeanCurve],
    styles: Mapping[str, Style],
    *,
    full_supervision: float | None = None,
    half_pool: float | None = None,
) -> Plot:
    """Plot the metric against one kind of cost.

    Args:
        axis: The cost.
        curves: Every arm under every seed, as thin lines.
        means: Their means with intervals, as thick lines with bands.
        styles: How each arm is drawn.
        full_supervision: The metric of a training on the whole pool, as a horizontal line.
        half_pool: The cost at which half of the pool is labelled; beyond it the plot is grey.
    """
    num_seeds = len({curve.seed for curve in curves})
    title = f"{_who_ends_highest(means)} against {UNITS[axis]}"

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        divisor = PER_UNIT.get(axis, 1.0)
        for each in means:
            _draw_arm(axes, each, styles[each.arm], divisor)
            for curve in curves if num_seeds > 1 else ():
                if curve.arm == each.arm:
                    x, color = curve.costs[axis] / divisor, styles[each.arm].color
                    axes.plot(x, curve.metric, color=color, alpha=0.35, linewidth=0.8)
        if full_supervision is not None:
            axes.axhline(full_supervision, color=INK, linestyle="--", linewidth=1)
            axes.annotate(
                "whole pool labelled",
                (0, full_supervision),
                (4, 3),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
            )
        if half_pool is not None and half_pool / divisor < axes.get_xlim()[1]:
            axes.axvspan(half_pool / divisor, axes.get_xlim()[1], color=GREY, alpha=0.25, lw=0)
        axes.set(xlabel=UNITS[axis], ylabel="mAP at IoU 0.5 on the test set", title=title)
        _label(axes, means, styles, divisor)

    alt = "; ".join(f"{each.arm}: from {each.mean[0]:.3f} to {each.mean[-1]:.3f}" for each in means)
    return Plot(f"curve-{axis.replace('_', '-')}", title, alt, paint)


def _who_ends_highest(means: Sequence[MeanCurve]) -> str:
    """Which arm ends highest; arms whose ends look equal in every text of the report are equal."""
    top = max(round(float(each.mean[-1]), 3) for each in means)
    best = [each.arm for each in means if round(float(each.mean[-1]), 3) == top]
    if len(means) == 1:
        return best[0]
    if len(best) == 1:
        return f"{best[0]} ends highest"
    who = f"{best[0]} and {best[1]}" if len(best) == 2 else f"{len(best)} arms"  # noqa: PLR2004
    return f"{who} end equal" if len(best) == len(means) else f"{who} end highest and equal"


def _draw_arm(axes: Axes, each: MeanCurve, style: Style, divisor: float = 1.0) -> None:
    x = each.x / divisor
    axes.fill_between(x, each.low, each.high, color=style.color, alpha=0.15, linewidth=0)
    axes.plot(x, each.mean, color=style.color, marker=style.marker, linewidth=2)


def _label(
    axes: Axes, means: Sequence[MeanCurve], styles: Mapping[str, Style], divisor: float = 1.0
) -> None:
    label_ends(
        axes,
        [(each.x[-1] / divisor, each.mean[-1], each.arm, styles[each.arm].color) for each in means],
    )


def difference_curve(
    baseline: str, differences: Sequence[MeanCurve], styles: Mapping[str, Style]
) -> Plot:
    """Plot the paired difference of each arm to the baseline, at equal numbers of images."""
    title = f"Difference to {baseline} at equal numbers of images, seed by seed"

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhline(0, color=INK, linewidth=1)
        for each in differences:
            _draw_arm(axes, each, styles[each.arm])
        axes.set(xlabel="labelled images", ylabel=f"mAP less that of {baseline}", title=title)
        _label(axes, differences, styles)

    alt = "; ".join(f"{each.arm}: {each.mean[-1]:+.3f} in the last round" for each in differences)
    return Plot("differences", title, alt, paint)


def class_bars(  # noqa: PLR0913 - each argument is something to draw
    name: str,
    title: str,
    unit: str,
    values: Mapping[str, Mapping[str, float]],
    styles: Mapping[str, Style],
    *,
    is_share: bool = False,
) -> Plot:
    """Plot a number for each class and each group, such as an arm, as bars side by side.

    Args:
        name: The name of the figure's files.
        title: What it shows, as a sentence.
        unit: The unit of the numbers.
        values: Group -> class -> number; NaN has no bar.
        styles: How each arm is drawn; other groups are grey.
        is_share: Whether the numbers are shares, from 0 to 1; their axis is in percent.
    """
    groups = list(values)
    classes = list(next(iter(values.values())))
    width = 0.8 / len(groups)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, group in enumerate(groups):
            x = np.arange(len(classes)) + (number - (len(groups) - 1) / 2) * width
            heights = [values[group][each] for each in classes]
            color = styles[group].color if group in styles else GREY
            axes.bar(x, heights, width * 0.9, color=color, label=group)
        axes.set_xticks(np.arange(len(classes)), classes)
        if len(classes) > 8:  # noqa: PLR2004 - more do not fit beside each other
            axes.tick_params(axis="x", rotation=60)
        if is_share:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set(ylabel=unit, title=title)
        axes.grid(visible=False, axis="x")
        axes.legend(ncols=min(len(groups), 4), loc="upper left", bbox_to_anchor=(0, -0.12))

    alt = "; ".join(
        f"{group}: " + ", ".join(f"{each} {values[group][each]:.2f}" for each in classes)
        for group in groups
    )
    return Plot(name, title, alt, paint, size=(max(7.0, 0.5 * len(classes) * len(groups)), 4.4))


def stage_times(seconds: Mapping[str, Mapping[str, float]]) -> Plot:
    """Plot where the time of each arm went.

    Args:
        seconds: Arm -> stage -> seconds, mean over seeds.
    """
    stages = list(next(iter(seconds.values())))
    title = "Where the time goes: selecting and scoring beside training"

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        left = np.zeros(len(seconds))
        for stage, color in zip(stages, cycle(PALETTE)):
            minutes = np.array([each[stage] / 60 for each in seconds.values()])
            axes.barh(list(seconds), minutes, left=left, color=color, label=stage)
            left += minutes
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="minutes for one seed, rounds together", title=title)
        axes.legend(ncols=len(stages), loc="upper left", bbox_to_anchor=(0, -0.16))

    alt = "; ".join(
        f"{arm}: " + ", ".join(f"{stage} {each[stage]:.0f} s" for stage in stages)
        for arm, each in seconds.items()
    )
    return Plot("times", title, alt, paint, size=(7.0, 1.6 + 0.45 * len(seconds)))
