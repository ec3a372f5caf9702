"""The tutorial's figures, and its numbers as a table for the terminal."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from rich.table import Table

from job.report.drawing.render import INK, MARKERS, PALETTE, Plot, label_ends, label_line
from job.tutorial.charts import Chart, Panel
from job.tutorial.claims import TutorialRow

HEADER = ("", "published", "reproduced", "counted once", "survives", "remark")
_ARMS = ("random", "uncertainty")


def plot_chart(chart: Chart) -> Plot:
    """Plot the panels of a figure beside each other."""

    def paint(figure: Figure) -> None:
        figure.suptitle(textwrap.fill(chart.title, 100), x=0.01, ha="left", fontsize=12)
        if chart.note:
            figure.supxlabel(chart.note, x=0.01, ha="left", fontsize=8.5)
        panels = figure.subplots(1, len(chart.panels))
        for axes, panel in zip(panels, chart.panels, strict=True):
            _draw_panel(axes, panel)

    return Plot(f"tutorial-{chart.name}", chart.title, _alt(chart), paint, size=(9.0, 4.0))


def _draw_panel(axes: Axes, panel: Panel) -> None:
    for line in panel.lines:
        number = _ARMS.index(line.name)
        color = PALETTE[number]
        axes.plot(line.x, line.y, color=color, marker=MARKERS[number], markersize=3, linewidth=1.6)
        if line.low:
            axes.fill_between(line.x, line.low, line.high, color=color, alpha=0.2, linewidth=0)
    if axes.get_ylim()[0] < 0:
        axes.axhline(0, color=INK, linewidth=1)
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_view_interval()[1] > 1000:  # noqa: PLR2004 - thousands
            axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    locator = MaxNLocator(6, steps=[1, 2, 5, 10], integer=panel.x_is_round)
    axes.xaxis.set_major_locator(locator)
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
    axes.set_title(panel.title, fontsize=10.5)
    _label(axes, panel)


def _label(axes: Axes, panel: Panel) -> None:
    """Name each line at its end; below the end if another line continues beside it."""
    last = max((line.x[-1] for line in panel.lines if line.x), default=0.0)
    ends = [
        (line.x[-1], line.y[-1], line.name, PALETTE[_ARMS.index(line.name)])
        for line in panel.lines
        if line.x
    ]
    label_ends(axes, [end for end in ends if end[0] > 0.9 * last])
    for x, y, name, color in ends:
        if x <= 0.9 * last:
            label_line(axes, (x, y), name, color, drop=14)


def _alt(chart: Chart) -> str:
    return "; ".join(
        f"{panel.title}, {line.name}: {panel.y_label} "
        f"from {_show(line.y[0])} to {_show(line.y[-1])}"
        for panel in chart.panels
        for line in panel.lines
        if line.y
    )


def _show(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def numbers_table(rows: Sequence[TutorialRow]) -> Table:
    """Return the numbers as a table for a terminal."""
    table = Table(title="The tutorial's numbers, and each image counted once", title_justify="left")
    for name in HEADER:
        is_number = name in HEADER[1:4]
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        table.add_row(*row.cells())
    return table
