"""The figure of the forecast: curves as measured, and what they may become."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from job.report.drawing.figures import MeanCurve, Style
from job.report.drawing.names import short_names, wrapped
from job.report.drawing.render import INK, Plot, label_ends


def forecast_curve(
    measured: Sequence[MeanCurve],
    forecast: Sequence[MeanCurve],
    goals: Sequence[float],
    styles: Mapping[str, Style],
) -> Plot:
    """Plot what was measured, and what is forecast with its interval, against labelled images.

    Args:
        measured: The mean over seeds of each arm.
        forecast: The median and the interval of each arm that has a forecast.
        goals: Metrics to reach, as horizontal lines.
        styles: How each arm is drawn.
    """
    title = "Measured (solid), and forecast with its interval (dashed)"
    names = short_names([each.arm for each in measured])

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for each in measured:
            style = styles[each.arm]
            axes.plot(each.x, each.mean, color=style.color, marker=style.marker, linewidth=2)
        for each in forecast:
            color = styles[each.arm].color
            axes.fill_between(each.x, each.low, each.high, color=color, alpha=0.12, linewidth=0)
            axes.plot(each.x, each.mean, color=color, linestyle="--", linewidth=1.5)
        _mark_goals(axes, goals)
        _scale(axes)
        axes.set(
            xlabel="labelled images", ylabel="mAP at IoU 0.5 on the test set", title=wrapped(title)
        )
        last = {each.arm: each for each in (*measured, *forecast)}.values()
        ends = [
            (each.x[-1], each.mean[-1], names[each.arm], styles[each.arm].color) for each in last
        ]
        label_ends(axes, ends)

    alt = "; ".join(
        f"{each.arm}: {each.mean[-1]:.3f} at {each.x[-1]:,.0f} images"
        f" ({each.low[-1]:.3f} to {each.high[-1]:.3f})"
        for each in forecast
    )
    return Plot("forecast", title, alt, paint)


def _mark_goals(axes: Axes, goals: Sequence[float]) -> None:
    for goal in goals:
        axes.axhline(goal, color=INK, linestyle=":", linewidth=1)
        axes.annotate(
            f"goal {goal:.2f}",
            (0, goal),
            (4, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )


def _scale(axes: Axes) -> None:
    """Each doubling of the images is as wide as the next."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
