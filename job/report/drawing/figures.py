"""The report's figures: each states in its title what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from job.records.arrays import Float64s
from job.report.analysis.comparison import Difference, MeanPoint
from job.report.analysis.curves import Axis, Curve
from job.report.drawing.render import GREY, INK, MARKERS, PALETTE, Drawing, label_ends, render

UNITS: dict[Axis, str] = {
    "images": "labelled images",
    "boxes": "labelled boxes",
    "annotation_seconds": "hours of annotation",
    "money": "money for annotation",
    "wall_seconds": "hours of selecting and training",
}
PER_UNIT: dict[Axis, float] = {"annotation_seconds": 3600.0, "wall_seconds": 3600.0}
"""What a value of an axis is divided by to be drawn."""


@dataclass(frozen=True)
class Style:
    """How an arm is drawn, in all figures."""

    color: str
    marker: str


def styles_of(arms: Sequence[str]) -> dict[str, Style]:
    """Return a style for each arm, by their order."""
    return {
        arm: Style(PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)])
        for number, arm in enumerate(arms)
    }


@dataclass(frozen=True)
class MeanCurve:
    """An arm's mean over seeds at each round that all its seeds have."""

    arm: str
    x: Float64s
    """(R,), in the unit of the axis."""
    mean: Float64s
    """(R,)"""
    low: Float64s
    """(R,): the lower end of the interval; NaN where there is none."""
    high: Float64s
    """(R,)"""


def mean_curves(points: Sequence[MeanPoint] | Sequence[Difference]) -> list[MeanCurve]:
    """Return points as lines, an arm each."""
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


def learning_curve(  # noqa: PLR0913 - what is drawn
    axis: Axis,
    curves: Sequence[Curve],
    means: Sequence[MeanCurve],
    styles: Mapping[str, Style],
    *,
    bound: float | None = None,
    half_pool: float | None = None,
) -> Drawing:
    """Draw the metric against one kind of cost.

    Args:
        axis: The cost.
        curves: Every arm under every seed: thin lines.
        means: Their means with intervals: thick lines and bands.
        styles: How each arm is drawn.
        bound: The metric of a training on the whole pool: a line.
        half_pool: Where half of the pool is labelled, on this axis: beyond it all is grey.
    """
    num_seeds = len({curve.seed for curve in curves})
    best = max(means, key=lambda each: each.mean[-1])
    title = f"{best.arm} ends highest against {UNITS[axis]}"
    if len(means) == 1:
        title = f"{best.arm} against {UNITS[axis]}"

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        divisor = PER_UNIT.get(axis, 1.0)
        for each in means:
            _draw_arm(axes, each, styles[each.arm], divisor)
            for curve in curves if num_seeds > 1 else ():
                if curve.arm == each.arm:
                    x, color = curve.costs[axis] / divisor, styles[each.arm].color
                    axes.plot(x, curve.metric, color=color, alpha=0.35, linewidth=0.8)
        if bound is not None:
            axes.axhline(bound, color=INK, linestyle="--", linewidth=1)
            axes.annotate(
                "whole pool labelled",
                (0, bound),
                (4, 3),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
            )
        if half_pool is not None and half_pool / divisor < axes.get_xlim()[1]:
            axes.axvspan(half_pool / divisor, axes.get_xlim()[1], color=GREY, alpha=0.25, lw=0)
        axes.set(xlabel=UNITS[axis], ylabel="mAP at IoU 0.5 on the test set", title=title)
        _label(axes, means, styles, divisor)

    alt = "; ".join(f"{each.arm}: from {each.mean[0]:.3f} to {each.mean[-1]:.3f}" for each in means)
    return render(f"curve-{axis.replace('_', '-')}", title, alt, draw)


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
) -> Drawing:
    """Draw the paired difference of each arm to the baseline, at equal numbers of images."""
    title = f"Difference to {baseline} at equal numbers of images, seed by seed"

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhline(0, color=INK, linewidth=1)
        for each in differences:
            _draw_arm(axes, each, styles[each.arm])
        axes.set(xlabel="labelled images", ylabel=f"mAP less that of {baseline}", title=title)
        _label(axes, differences, styles)

    alt = "; ".join(f"{each.arm}: {each.mean[-1]:+.3f} in the last round" for each in differences)
    return render("differences", title, alt, draw)


def class_bars(
    name: str,
    title: str,
    unit: str,
    values: Mapping[str, Mapping[str, float]],
    styles: Mapping[str, Style],
) -> Drawing:
    """Draw a number for each class and each arm as bars side by side.

    Args:
        name: Of the figure's files.
        title: What it shows, as a sentence.
        unit: Of the numbers; a share where it begins with "share".
        values: Group, such as an arm -> class -> number; NaN: no bar.
        styles: How each arm is drawn; other groups are grey.
    """
    groups = list(values)
    classes = list(next(iter(values.values())))
    width = 0.8 / len(groups)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for number, group in enumerate(groups):
            x = np.arange(len(classes)) + (number - (len(groups) - 1) / 2) * width
            heights = [values[group][each] for each in classes]
            color = styles[group].color if group in styles else GREY
            axes.bar(x, heights, width * 0.9, color=color, label=group)
        axes.set_xticks(np.arange(len(classes)), classes)
        if len(classes) > 8:  # noqa: PLR2004 - what fits beside each other
            axes.tick_params(axis="x", rotation=60)
        if unit.startswith("share"):
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set(ylabel=unit, title=title)
        axes.grid(visible=False, axis="x")
        axes.legend(ncols=min(len(groups), 4), loc="upper left", bbox_to_anchor=(0, -0.12))

    alt = "; ".join(
        f"{group}: " + ", ".join(f"{each} {values[group][each]:.2f}" for each in classes)
        for group in groups
    )
    return render(name, title, alt, draw, size=(max(7.0, 0.5 * len(classes) * len(groups)), 4.4))


def stage_times(seconds: Mapping[str, Mapping[str, float]]) -> Drawing:
    """Draw where each arm's time went, by kind of stage, mean over seeds.

    Args:
        seconds: Arm -> stage -> seconds.
    """
    stages = list(next(iter(seconds.values())))
    title = "Where the time goes: selecting and scoring beside training"

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        left = np.zeros(len(seconds))
        for number, stage in enumerate(stages):
            minutes = np.array([each[stage] / 60 for each in seconds.values()])
            axes.barh(list(seconds), minutes, left=left, color=PALETTE[number], label=stage)
            left += minutes
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="minutes for one seed, rounds together", title=title)
        axes.legend(ncols=len(stages), loc="upper left", bbox_to_anchor=(0, -0.16))

    alt = "; ".join(
        f"{arm}: " + ", ".join(f"{stage} {each[stage]:.0f} s" for stage in stages)
        for arm, each in seconds.items()
    )
    return render("times", title, alt, draw, size=(7.0, 1.6 + 0.45 * len(seconds)))
