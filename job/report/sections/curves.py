"""Learning curves, against every kind of cost."""

from typing import ClassVar

from job.report.analysis.comparison import mean_points
from job.report.analysis.curves import AXES, Axis, compared, reference_metric
from job.report.drawing.figures import learning_curve, mean_curves
from job.report.drawing.render import Plot
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder

_TEMPLATE = """
<p class="dim">Thick: mean over seeds; band: 95 % bootstrap interval of the mean; thin: each seed.
Every labelled image counts once. Budgets beyond half of the pool are grey.</p>
{% for each in figures %}{{ figure(each) }}{% endfor %}
"""


class CurvesSection(SectionBuilder):
    """The metric of each arm against images, boxes, hours and money."""

    needs_metrics: ClassVar[bool] = True

    def build(self, context: Context) -> Section:
        """Return the section."""
        plots = [_plot(context, axis) for axis in AXES]
        figures = [context.draw(plot) for plot in plots if plot]
        return Section(
            title="Learning curves",
            link="Curves",
            html=render(_TEMPLATE, figures=figures),
            figures=figures,
        )


def _plot(context: Context, axis: Axis) -> Plot | None:
    """Return the plot against one kind of cost; None if no arm has a round of which it is known."""
    curves = compared(context.findings.curves)
    means = mean_curves(mean_points(curves, axis))
    if not means:
        return None
    return learning_curve(
        axis,
        curves,
        means,
        context.styles,
        full_supervision=reference_metric(context.findings.curves),
        half_pool=context.facts.num_to_train_on / 2 if axis == "images" else None,
    )
