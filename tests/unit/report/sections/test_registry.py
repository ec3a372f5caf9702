"""Which sections the report has."""

import re
from collections.abc import Callable

import pytest

from job.report.build import report_page
from job.report.sections import SECTIONS, SectionBuilder, build_sections
from job.report.sections.verdict import VerdictSection
from tests.unit.report.make_context import context, full_context

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
    text = report_page(full_context()).html().decode()
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


BROKEN = """
from job.report.sections import Section, SectionBuilder

class Broken(SectionBuilder):
    def build(self, context):
        {}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "report section: &#39;broken&#39; of broken cannot be imported: "),
        (
            "raise ValueError('no luck')",
            "report section: &#39;broken&#39; of broken cannot be imported: ValueError",
        ),
        (BROKEN.format("1 / 0"), "&#39;broken&#39;: ZeroDivisionError: division by zero"),
        (
            BROKEN.format("return Section(title='x', html='', numbers={'n': float('inf')})"),
            "&#39;broken&#39;: ValueError: ",
        ),
        (
            BROKEN.format("return Section(title='x', html='', tables={'t': [1]})"),
            "&#39;broken&#39;: TypeError: ",
        ),
        (BROKEN.format("return 'x'"), "&#39;broken&#39;: AttributeError: "),
    ],
)
def test_a_broken_section_of_another_package_costs_itself_alone(
    install_plugin: Callable[..., None], code: str, reason: str
) -> None:
    """In its place stands why, with its name; all other sections and files are there."""
    before = dict(report_page(full_context()).files())
    install_plugin("broken", code, "al_voc.report_sections", "broken = broken:Broken")
    files = dict(report_page(full_context()).files())
    page = files.pop("index.html").decode()
    assert re.findall(r'<section id="(\w+)">', page) == [*SECTIONS.built_in, "broken"]
    assert f"This section could not be built: {reason}" in page
    assert files == {name: data for name, data in before.items() if name != "index.html"}


def test_a_section_with_nothing_to_show_is_left_out(install_plugin: Callable[..., None]) -> None:
    """It returns none, as that of the pool does without a random draw."""
    nothing = BROKEN.format("return None")
    install_plugin("nothing", nothing, "al_voc.report_sections", "nothing = nothing:Broken")
    found = build_sections(context())
    assert "nothing" not in found
    assert "pool" not in found


def test_a_broken_section_of_our_own_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the report: no page is better than one that lacks its verdict."""
    monkeypatch.setattr(VerdictSection, "build", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_sections(context())
