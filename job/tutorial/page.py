"""The tutorial's analysis as a page, its figures and its numbers as files."""

from collections.abc import Iterator
from dataclasses import asdict

from job.report.page import templates, to_csv
from job.storage.documents import dump_json
from job.tutorial.analysis import TutorialAnalysis
from job.tutorial.figures import HEADER, draw_chart


def files(analysis: TutorialAnalysis) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file; `index.html` comes last."""
    drawings = [draw_chart(chart) for chart in analysis.charts]
    for each in drawings:
        yield f"{each.name}.svg", each.standalone()
        yield f"{each.name}.png", each.png
    rows = [dict(zip(HEADER, row.cells(), strict=True)) for row in analysis.rows]
    yield "numbers.csv", to_csv([dict(row.items()) for row in rows])
    yield "tutorial.json", dump_json(asdict(analysis))
    template = templates().get_template("tutorial.html.j2")
    page = template.render(analysis=analysis, header=HEADER, drawings=drawings)
    yield "index.html", page.encode()
