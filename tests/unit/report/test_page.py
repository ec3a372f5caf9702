"""The frame of a page."""

import json
import re
from dataclasses import replace

import pytest
from markupsafe import Markup

from job.report.drawing.render import Drawing
from job.report.page import Page
from job.report.sections.base import Section
from job.storage.local import LocalStore
from tests.unit.report.parsed import ParsedPage

FIGURE = Drawing("bars", "Bars", "two bars", '<svg fill="currentColor"></svg>', b"png")


@pytest.fixture
def made() -> Page:
    """A page of two sections."""
    return Page(
        title="window",
        heading="Head",
        about="What it is.",
        sections={
            "one": Section(
                title="First of two",
                link="First",
                html=Markup("<p>text</p>"),
                figures=[FIGURE],
                tables={"table": [{"a": 1}]},
                numbers={"x": 1},
            ),
            "two": Section(title="Second", html=Markup("<p>more</p>"), numbers={"y": [2]}),
        },
    )


def test_the_page_needs_nothing_else(page: ParsedPage, store: LocalStore) -> None:
    """Links lead to the page itself, images are within it; no script, no request."""
    for link in page.links:
        assert link.startswith(("#", "data:image/")), link
        if link.startswith("#"):
            assert link[1:] in page.ids, link
    text = store.read("experiments/tiny/report/index.html").decode()
    assert "<script" not in text
    assert not re.search(r"url\((?!#)", text)
    assert not re.search(
        r"@import|https?://(?!www\.w3\.org|purl\.org|creativecommons\.org|matplotlib)", text
    )


def test_every_tag_is_closed(page: ParsedPage, made: Page) -> None:
    """A section cannot swallow the one after it."""
    assert page.open == []
    assert ParsedPage(made.html().decode()).open == []


def test_every_section_is_linked_by_name(made: Page) -> None:
    """By its short name if it has one, else by its title; in the order of the page."""
    text = made.html().decode()
    assert re.findall(r'<li><a href="#(\w+)">(.*)</a></li>', text) == [
        ("one", "First"),
        ("two", "Second"),
    ]
    assert re.findall(r'<section id="(\w+)"><h2>(.*)</h2>\n(.*)', text) == [
        ("one", "First of two", "<p>text</p>"),
        ("two", "Second", "<p>more</p>"),
    ]


def test_figures_tables_and_numbers_of_all_sections_are_files(made: Page) -> None:
    """The page itself is the last one: a page that exists has all of its files."""
    files = list(made.files())
    names = [name for name, _ in files]
    assert names == ["bars.svg", "bars.png", "table.csv", "numbers.json", "index.html"]
    assert dict(files)["bars.svg"] == b'<svg fill="#1a1a1a"></svg>'
    assert dict(files)["table.csv"] == b"a\n1\n"
    assert json.loads(dict(files)["numbers.json"]) == {"format": 1, "x": 1, "y": [2]}


def test_a_section_that_is_not_markup_is_escaped() -> None:
    """A section of another package cannot break the page by forgetting to escape."""
    section = Section(title="<i>", html="<b>")  # type: ignore[arg-type]
    text = Page(title="", heading="", about="", sections={"x": section}).html().decode()
    assert "&lt;b&gt;" in text
    assert "<h2>&lt;i&gt;</h2>" in text


def test_a_page_may_be_below_others_and_refresh_itself(made: Page) -> None:
    """With a script in one place, a plain refresh for those without scripts, and its own style."""
    page = replace(made, trail=[("All", "../")], script="../refresh.js", style=".now { top: 0 }")
    text = page.html().decode()
    assert ParsedPage(text).open == []
    assert '<li><a href="../">All</a> /</li>' in text
    assert text.count("<script") == text.count('<script src="../refresh.js" defer></script>') == 1
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in text
    assert ".now { top: 0 }\n</style>" in text
    assert not re.search("<script|refresh|Pages above", made.html().decode())
