"""Curves as they grow, in the report's drawing."""

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from markupsafe import Markup

from job.report.analysis.comparison import mean_points
from job.report.analysis.curves import Axis, compared, curves_of, reference_metric
from job.report.analysis.results import Row, of_newest_test
from job.report.sections.base import Section
from job.serve.cache import Kept
from job.serve.looks import Look
from job.serve.pages.frame import fill

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from job.report.drawing.render import Plot

AXES: tuple[Axis, ...] = ("images", "annotation_seconds")
"""Of the others the report has curves."""
SIZE = (5.2, 3.7)
"""In inches: letters can be read on a phone, and two figures stand side by side elsewhere."""
MAX_KEPT = 16
_kept: Kept[tuple[object, ...], Markup] = Kept(MAX_KEPT)
_drawing = Lock()
"""Matplotlib's settings are those of the process."""


def curves_section(look: Look) -> Section | None:
    """Return the learning curves; None if nothing is measured yet."""
    rows, every = of_newest_test(look.rows), list(look.plan.rounds())
    if not compared(curves_of(rows, look.plan.config.arms)):
        return None
    is_whole = len(rows) == len(every)
    arms = tuple(look.plan.config.arms)
    key = (look.store.url, arms, is_whole, tuple(rows))
    html = _kept.get(key, lambda: _drawn(rows, arms, is_whole=is_whole))
    return Section(title="Curves", html=html)


def _drawn(rows: list[Row], arms: tuple[str, ...], *, is_whole: bool) -> Markup:
    # Late import: whoever looks at other pages need not wait a second for matplotlib.
    from job.report.drawing.figures import learning_curve, mean_curves, styles_of  # noqa: PLC0415
    from job.report.drawing.render import Drawing, draw_svg  # noqa: PLC0415

    curves = curves_of(rows, arms)
    figures = []
    for axis in AXES:
        means = mean_curves(mean_points(compared(curves), axis))
        if not means:
            continue
        plot = learning_curve(
            axis,
            compared(curves),
            means,
            styles_of(arms),
            full_supervision=reference_metric(curves),
        )
        with _drawing:
            svg = draw_svg(_smaller(plot))
        figures.append(Drawing(plot.name, plot.title, plot.alt, svg, png=b""))
    return fill("curves", figures=figures, is_whole=is_whole)


def _smaller(plot: "Plot") -> "Plot":
    """Return a plot in the size of these pages, and without a title: its caption says the same."""

    def paint(figure: "Figure") -> None:
        plot.paint(figure)
        for axes in figure.axes:
            axes.set_title("")

    return replace(plot, paint=paint, size=(SIZE[0], max(plot.size[1] - 0.5, SIZE[1])))
