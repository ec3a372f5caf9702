"""The section of the learning curves."""

from dataclasses import replace

from matplotlib.figure import Figure

from job.report.analysis.findings import find
from job.report.drawing.render import Drawing, Plot
from job.report.sections.curves import CurvesSection
from tests.unit.report.make_context import ROWS, context, row
from tests.unit.report.sketch import sketch


def test_a_curve_against_every_cost() -> None:
    """Each is a figure of the page, with what it shows in words."""
    found = CurvesSection().build(context())
    assert [each.name for each in found.figures] == [
        "curve-images",
        "curve-boxes",
        "curve-annotation-seconds",
        "curve-money",
        "curve-wall-seconds",
    ]
    assert found.html.count("<figure") == 5
    assert found.figures[0].alt == "random: from 0.200 to 0.400; a: from 0.200 to 0.600"
    assert found.figures[0].title == "a ends highest against labelled images"


def test_full_supervision_and_half_of_the_pool_are_marked() -> None:
    """A line at 0.9, the mean of 0.8 and 1.0; images beyond 150 of 300 are grey."""
    plots: list[Plot] = []

    def keep(plot: Plot) -> Drawing:
        plots.append(plot)
        return sketch(plot)

    rows = [*ROWS, row("fully-supervised", 0, 1, 0.8), row("fully-supervised", 1, 1, 1.0)]
    made = context(rows=rows)
    known = replace(made.facts, pool_images=300)
    made = replace(made, facts=known, findings=find(rows, known.arms, 300), draw=keep)
    CurvesSection().build(made)
    figure = Figure()
    plots[0].paint(figure)
    (axes,) = figure.axes
    flat = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [list(line.get_ydata()) for line in flat] == [[0.9, 0.9]]  # type: ignore[arg-type]
    assert "whole pool labelled" in [text.get_text() for text in axes.texts]
    (grey,) = axes.patches
    assert grey.get_x() == 150  # type: ignore[attr-defined]
