"""Which sections the report has."""

import re
from collections.abc import Callable

import pytest

from job.errors import ConfigError
from job.report.build import report_page
from job.report.sections import SECTIONS, SectionBuilder, build_sections
from tests.unit.report.make_context import context

SIZES = '''
from job.report.sections import Context, Plot, Section, SectionBuilder, render


class SizesSection(SectionBuilder):
    """How many images each round labels."""

    def build(self, context: Context) -> Section:
        rows = [(row.arm, row.round, row.new_samples) for row in context.rows]
        plot = Plot("sizes", "Sizes", "100 each", lambda figure: None)
        drawing = context.draw(plot)
        return Section(
            title="Sizes of rounds",
            html=render("{{ figure(drawing) }}{{ table(('arm', 'round', 'images'), rows) }}",
                        drawing=drawing, rows=rows),
            figures=[drawing],
            tables={"sizes": [{"images": images} for *_, images in rows]},
            numbers={"sizes": [images for *_, images in rows]},
        )
'''


def test_the_page_has_our_sections_in_their_order() -> None:
    """The verdict first, the origin last; each can be imported and built."""
    text = report_page(context()).html().decode()
    assert re.findall(r'<section id="(\w+)">', text) == list(SECTIONS.built_in)
    assert [next(iter(SECTIONS.built_in)), *SECTIONS.built_in][-1] == "origin"
    for name in SECTIONS.built_in:
        assert issubclass(SECTIONS.load(name, SectionBuilder), SectionBuilder)


def test_another_package_adds_a_section(install_plugin: Callable[..., None]) -> None:
    """One class and one entry point: it is in the page, its figure and table are files."""
    install_plugin("sizes", SIZES, "al_voc.report_sections", "sizes = sizes:SizesSection")
    files = dict(report_page(context()).files())
    page = files["index.html"].decode()
    assert re.findall(r'<section id="(\w+)">', page)[-2:] == ["origin", "sizes"]
    assert '<a href="#sizes">Sizes of rounds</a>' in page
    assert "<td>random</td><td>0</td><td>100</td>" in page
    assert {"sizes.svg", "sizes.png"} <= set(files)
    assert files["sizes.csv"].startswith(b"images\n100\n")
    assert b'"sizes"' in files["comparison.json"]


def test_a_section_that_cannot_be_imported_names_its_package(
    install_plugin: Callable[..., None],
) -> None:
    """Whoever installed it knows what to remove."""
    install_plugin("broken", "", "al_voc.report_sections", "broken = broken:Missing")
    with pytest.raises(ConfigError, match=r"report section: 'broken' of broken cannot be imported"):
        build_sections(context())


def test_a_section_that_fails_does_not_cost_the_page(install_plugin: Callable[..., None]) -> None:
    """The others are there, and the page names the plug-in and its error."""
    code = SIZES.replace("rows = [", "1 / 0\n        rows = [")
    install_plugin("failing", code, "al_voc.report_sections", "sizes = failing:SizesSection")
    page = report_page(context()).html().decode()
    assert re.findall(r'<section id="(\w+)">', page) == [*SECTIONS.built_in, "sizes"]
    assert "This section failed: failing.SizesSection: ZeroDivisionError: division by zero" in page
