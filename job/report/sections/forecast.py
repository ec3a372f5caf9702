"""What more labels would bring: the images that a goal needs, and when to stop."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import ClassVar

import numpy as np

from job.report.analysis.back_test import back_test, held_by_forecast, published
from job.report.analysis.comparison import mean_points
from job.report.analysis.forecast import (
    ENDS,
    Forecast,
    default_goals,
    forecasts_of,
)
from job.report.drawing.figures import MeanCurve, mean_curves
from job.report.drawing.outlook import forecast_curve
from job.report.drawing.render import Drawing
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import TableRows, table_row
from job.report.verdict.outlook import (
    GOAL_HEADER,
    goal_cells,
    next_sentence,
    reach_in_words,
    worth_of_forecast,
)

_TEMPLATE = """
<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>
{% if cells %}
{{ table(header, cells, "Images to label for a goal, and what labelling them costs") }}
{% endif %}
{% for each in figures %}{{ figure(each) }}{% endfor %}
<ul class="dim">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
"""
_NUM_POINTS = 25
"""Of a forecast in the figure."""


class ForecastSection(SectionBuilder):
    """The forecast of each arm, with what such forecasts were worth."""

    needs_metrics: ClassVar[bool] = True

    def build(self, context: Context) -> Section:
        """Return the section."""
        curves = context.findings.curves
        goals = _goals(context)
        forecasts = forecasts_of(curves, goals, context.facts.num_to_train_on)
        tested = back_test(held_by_forecast(curves))
        figures = _figures(context, forecasts, goals)
        return Section(
            title="What more labels would bring",
            link="Forecast",
            html=render(
                _TEMPLATE,
                lines=[next_sentence(each) for each in forecasts],
                header=GOAL_HEADER,
                cells=[goal_cells(each, goal) for each in forecasts for goal in each.goals],
                figures=figures,
                notes=[reach_in_words(), *worth_of_forecast(tested, published())],
            ),
            figures=figures,
            tables={"forecast": _goal_rows(forecasts), "next-round": _round_rows(forecasts)},
            numbers={
                "forecasts": [asdict(replace(each, draws=None)) for each in forecasts],
                "back_test": asdict(tested) if tested else None,
            },
        )


def _goals(context: Context) -> tuple[float, ...]:
    if context.goal is not None:
        return (context.goal,)
    return default_goals(context.findings.curves, context.findings.comparison.baseline)


def _figures(
    context: Context, forecasts: Sequence[Forecast], goals: Sequence[float]
) -> list[Drawing]:
    """The figure, if there is any forecast."""
    measured = mean_curves(mean_points(context.findings.curves, "images"))
    bands = [band for each in forecasts if (band := _band(each))]
    if not bands:
        return []
    return [context.draw(forecast_curve(measured, bands, goals, context.styles))]


def _band(forecast: Forecast) -> MeanCurve | None:
    """The median and the interval of a forecast, from what is labelled to its reach."""
    if forecast.draws is None:
        return None
    images = np.geomspace(forecast.num_images, forecast.limit, _NUM_POINTS)
    low, middle, high = np.quantile(
        forecast.draws.metric_at(images), [ENDS[0], 0.5, ENDS[1]], axis=0
    )
    return MeanCurve(forecast.arm, images, middle, low, high)


def _goal_rows(forecasts: Sequence[Forecast]) -> TableRows:
    return [{"arm": each.arm, **table_row(goal)} for each in forecasts for goal in each.goals]


def _round_rows(forecasts: Sequence[Forecast]) -> TableRows:
    return [
        {"arm": each.arm, "labelled": each.num_images, **table_row(each.next_round)}
        for each in forecasts
        if each.next_round
    ]
