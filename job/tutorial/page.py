"""The tutorial's analysis as a page, its figures and its numbers as files."""

from dataclasses import asdict

from job.report.drawing.render import Draw, Drawing
from job.report.markup import render
from job.report.page import Page
from job.report.sections.base import Section
from job.tutorial.analysis import TutorialAnalysis
from job.tutorial.figures import HEADER, plot_chart

_ABOUT = (
    "From its raw files: every figure and number as it was published, and beside it what is left"
    " when each image is counted once."
)
_FINDINGS = """
<ul>{% for sentence in findings %}<li>{{ sentence }}</li>{% endfor %}</ul>
"""
_NUMBERS = """
<div class="wide" tabindex="0"><table>
<tr>{% for name in header %}<th scope="col">{{ name }}</th>{% endfor %}</tr>
{% for row in rows %}
<tr>{% for cell in row %}<td{% if loop.last %} class="words"{% endif %}>{{ cell }}</td>
{% endfor %}</tr>
{% endfor %}</table></div>
"""


def tutorial_page(analysis: TutorialAnalysis, draw: Draw) -> Page:
    """Return the page of an analysis, with its files; `draw` draws a figure."""
    title = "The tutorial's analysis, reproduced"
    return Page(
        title=title,
        heading=title,
        about=_ABOUT,
        sections={
            "findings": Section(
                title="What a reader has to know",
                link="Findings",
                html=render(_FINDINGS, findings=analysis.findings),
                numbers=asdict(analysis),
            ),
            "numbers": _numbers(analysis),
            "figures": _figures([draw(plot_chart(chart)) for chart in analysis.charts]),
        },
        numbers="tutorial.json",
    )


def _numbers(analysis: TutorialAnalysis) -> Section:
    rows = [row.cells() for row in analysis.rows]
    return Section(
        title="Numbers",
        html=render(_NUMBERS, header=HEADER, rows=rows),
        tables={"numbers": [dict(zip(HEADER, row, strict=True)) for row in rows]},
    )


def _figures(drawings: list[Drawing]) -> Section:
    html = render("{% for each in figures %}{{ figure(each) }}{% endfor %}", figures=drawings)
    return Section(title="Figures", html=html, figures=drawings)
