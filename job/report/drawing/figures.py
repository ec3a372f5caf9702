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
from job.report.drawing.names import short_names, wrapped
from job.report.drawing.render import GREY, INK, MARKERS, PALETTE, Plot, label_ends
from job.report.wording import PER_UNIT, UNITS

HATCHES = ("", "////", "....")
MAX_CLASSES = 30
"""Classes in one figure: more cannot be read."""
_LABELS_ON_PAGE = 14
"""Labels beside the ends of lines that a figure of the usual height has room for."""


@dataclass(frozen=True)
class Style:
    """How an arm is drawn in every figure."""

    color: str
    marker: str
    hatch: str = ""
    """Of its bars."""


def styles_of(arms: Sequence[str]) -> dict[str, Style]:
    """Return the style of each arm, by the order of the arms.

    Colours begin again after six, with other markers and hatches.
    """
    return {
        arm: Style(
            PALETTE[number % len(PALETTE)],
            MARKERS[(number + number // len(PALETTE)) % len(MARKERS)],
            HATCHES[number // len(PALETTE) % len(HATCHES)],
        )
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
        axes.set(xlabel=UNITS[axis], ylabel="mAP at IoU 0.5 on the test set", title=wrapped(title))
        _label(axes, means, styles, divisor)

    alt = "; ".join(f"{each.arm}: from {each.mean[0]:.3f} to {each.mean[-1]:.3f}" for each in means)
    return Plot(f"curve-{axis.replace('_', '-')}", title, alt, paint, size=_size(means))


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
    names = short_names([each.arm for each in means])
    ends = [
        (each.x[-1] / divisor, each.mean[-1], names[each.arm], styles[each.arm].color)
        for each in means
    ]
    label_ends(axes, ends)


def _size(means: Sequence[MeanCurve]) -> tuple[float, float]:
    """Width and height in inches; each label beyond the usual number makes the figure higher."""
    return 7.0, 4.2 * max(len(means) / _LABELS_ON_PAGE, 1.0)


def difference_curve(
    baseline: str, differences: Sequence[MeanCurve], styles: Mapping[str, Style]
) -> Plot:
    """Plot the paired difference of each arm to the baseline, at equal numbers of images."""
    title = f"Difference to {baseline} at equal numbers of images, seed by seed"
    label = f"mAP less that of {short_names([baseline])[baseline]}"

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhline(0, color=INK, linewidth=1)
        for each in differences:
            _draw_arm(axes, each, styles[each.arm])
        _limit(axes, differences)
        axes.set(xlabel="labelled images", ylabel=label, title=wrapped(title))
        _label(axes, differences, styles)

    alt = "; ".join(f"{each.arm}: {each.mean[-1]:+.3f} in the last round" for each in differences)
    return Plot("differences", title, alt, paint, size=_size(differences))


def _limit(axes: Axes, differences: Sequence[MeanCurve]) -> None:
    """Let bands leave the picture before they hide the lines: those of two seeds are very wide."""
    reach = 4 * max((float(np.abs(each.mean).max()) for each in differences), default=0.0)
    low, high = axes.get_ylim()
    if reach:
        axes.set_ylim(max(low, -reach), min(high, reach))


def class_bars(  # noqa: PLR0913 - each argument is something to draw
    name: str,
    title: str,
    unit: str,
    values: Mapping[str, Mapping[str, float]],
    styles: Mapping[str, Style],
    *,
    is_share: bool = False,
) -> Plot:
    """Plot a number for each class and each group, such as an arm, as bars below each other.

    Of more than `MAX_CLASSES` classes, the most telling ones are shown: see `telling_classes`.

    Args:
        name: The name of the figure's files.
        title: What it shows, as a sentence.
        unit: The unit of the numbers.
        values: Group -> class -> number; NaN has no bar.
        styles: How each arm is drawn; other groups are grey.
        is_share: Whether the numbers are shares, from 0 to 1; their axis is in percent.
    """
    groups, all_classes = list(values), list(next(iter(values.values())))
    classes = telling_classes(values)
    if len(classes) < len(all_classes):
        title = f"{title}: {len(classes)} of {len(all_classes)} classes"
    labels, legend = short_names(classes), list(short_names(groups).values())
    height = 0.8 / len(groups)
    num_columns = max(min(len(groups), 4, 84 // (max(map(len, legend)) + 6)), 1)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, group in enumerate(groups):
            y = np.arange(len(classes)) + (number - (len(groups) - 1) / 2) * height
            lengths = [values[group][each] for each in classes]
            style = styles.get(group, Style(GREY, ""))
            axes.barh(
                y, lengths, height * 0.9, color=style.color, hatch=style.hatch, label=legend[number]
            )
        axes.set_yticks(np.arange(len(classes)), [labels[each] for each in classes])
        axes.set_ylim(len(classes) - 0.4, -0.6)
        if is_share:
            axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set(xlabel=unit, title=wrapped(title, labels.values()))
        axes.grid(visible=False, axis="y")
        figure.legend(ncols=num_columns, loc="outside lower left")

    alt = "; ".join(
        f"{group}: " + ", ".join(f"{each} {values[group][each]:.2f}" for each in classes)
        for group in groups
    )
    rows = -(-len(groups) // num_columns)
    inches = 1.2 + 0.22 * rows + len(classes) * (0.14 + 0.07 * len(groups))
    return Plot(name, title, alt, paint, size=(7.0, inches))


def telling_classes(values: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return at most `MAX_CLASSES` classes, in their order.

    They are the ones in which the groups differ most, and those with the largest and the smallest
    mean, a third each. If two are equal, the first one wins.
    """
    classes = list(next(iter(values.values())))
    if len(classes) <= MAX_CLASSES:
        return classes
    numbers = {
        name: [of[name] for of in values.values() if of[name] == of[name]] for name in classes
    }
    known = [name for name in classes if numbers[name]]
    spread = sorted(known, key=lambda name: min(numbers[name]) - max(numbers[name]))
    mean = {name: sum(numbers[name]) / len(numbers[name]) for name in known}
    rising = sorted(known, key=mean.__getitem__)
    falling = sorted(known, key=lambda name: -mean[name])
    chosen: dict[str, None] = {}
    for ranked in (spread, falling, rising):
        room = len(chosen) + MAX_CLASSES // 3
        for name in ranked:
            if len(chosen) < room:
                chosen[name] = None
    return [name for name in classes if name in chosen]


def stage_times(seconds: Mapping[str, Mapping[str, float]]) -> Plot:
    """Plot where the time of each arm went.

    Args:
        seconds: Arm -> stage -> seconds, mean over seeds.
    """
    stages = list(next(iter(seconds.values())))
    title = "Where the time goes: selecting and scoring beside training"
    names = list(short_names(list(seconds)).values())

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        left = np.zeros(len(seconds))
        for stage, color in zip(stages, cycle(PALETTE)):
            minutes = np.array([each[stage] / 60 for each in seconds.values()])
            axes.barh(np.arange(len(seconds)), minutes, left=left, color=color, label=stage)
            left += minutes
        axes.set_yticks(np.arange(len(seconds)), names)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="minutes for one seed, rounds together", title=wrapped(title, names))
        figure.legend(ncols=len(stages), loc="outside lower left")

    alt = "; ".join(
        f"{arm}: " + ", ".join(f"{stage} {each[stage]:.0f} s" for stage in stages)
        for arm, each in seconds.items()
    )
    return Plot("times", title, alt, paint, size=(7.0, 1.6 + 0.45 * len(seconds)))
