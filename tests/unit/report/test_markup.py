"""HTML from templates."""

import pytest
from jinja2 import UndefinedError

from job.report.drawing.render import Drawing
from job.report.markup import render
from tests.unit.report.make_context import cells


def test_what_is_put_in_is_escaped() -> None:
    """Names and reasons come from outside; what a template made once is not escaped again."""
    inner = render("<i>{{ name }}</i>", name="<b>")
    assert inner == "<i>&lt;b&gt;</i>"
    assert render("{{ inner }}", inner=inner) == inner


def test_a_name_that_is_not_given_is_an_error() -> None:
    """An empty place would be taken for a result."""
    with pytest.raises(UndefinedError, match="missing"):
        render("{{ missing }}")


def test_a_table_has_its_header_and_rows() -> None:
    """Cells are escaped; without a header there is no row for it."""
    html = render("{{ table(header, rows, 'what') }}", header=("a", "<b>"), rows=[(1, "<i>")])
    assert "<caption>what</caption>" in html
    assert cells(html) == [["a", "<b>"], ["1", "<i>"]]
    assert "<i>" not in html
    assert cells(render("{{ table((), [(1, 2)]) }}")) == [["1", "2"]]


def test_first_cells_can_be_headers() -> None:
    """For those who have the table read aloud to them."""
    html = render("{{ table((), [(1, 2)], row_headers=true) }}")
    assert '<th scope="row">1</th><td>2</td>' in html


def test_a_figure_names_its_files() -> None:
    """And says in words what it shows."""
    html = render("{{ figure(each) }}", each=Drawing("bars", "T", "alt", "<svg></svg>", b""))
    assert '<figure role="img" aria-label="T. alt">\n<svg></svg>' in html
    assert "As files: bars.svg, bars.png." in html


def test_a_figure_without_files_names_none() -> None:
    """On a page that is not written."""
    drawing = Drawing("bars", "T", "alt", "<svg></svg>", b"")
    assert "files" not in render("{{ figure(each, files=false) }}", each=drawing)
