"""How figures look."""

from html import unescape
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from job.report.drawing.render import GREY, INK, PALETTE, Plot, draw, label_ends


def bars(figure: Figure) -> None:
    axes = figure.subplots()
    axes.bar(["a", "b"], [1, 2])
    axes.set(title="Two bars")


def test_the_same_figure_gives_the_same_bytes() -> None:
    """Neither a date nor a random id; it has its words as text, and takes the page's ink."""
    plot = Plot("bars", "Two bars", "a 1, b 2", bars, (2.0, 1.5))
    drawing = draw(plot)
    assert drawing == draw(plot)
    assert (drawing.name, drawing.title, drawing.alt) == ("bars", "Two bars", "a 1, b 2")
    assert drawing.svg.startswith("<svg")
    assert "currentColor" in drawing.svg
    assert INK not in drawing.svg
    assert "Two bars" in drawing.svg
    assert drawing.png.startswith(b"\x89PNG")


def test_an_svg_file_has_the_ink_of_paper() -> None:
    """It stands alone: there is no page to take a colour from."""
    files = dict(draw(Plot("bars", "", "", bars, (2.0, 1.5))).files())
    assert files.keys() == {"bars.svg", "bars.png"}
    assert b"currentColor" not in files["bars.svg"]
    assert b"#1a1a1a" in files["bars.svg"]


def test_labels_that_would_overlap_are_moved_apart() -> None:
    """By 6 % of the axis, upwards, in the order of the lines' ends."""
    axes = Figure().subplots()
    axes.set(ylim=(0, 1))
    label_ends(axes, [(1, 0.51, "b", PALETTE[0]), (1, 0.5, "a", PALETTE[1]), (1, 0.9, "c", GREY)])
    heights = {text.get_text(): round(text.xy[1], 6) for text in axes.texts}  # type: ignore[attr-defined]
    assert (heights["a"], heights["b"], heights["c"]) == (0.5, 0.56, 0.9)


@pytest.mark.parametrize("name", ["p$_$", "US$1 & EUR$", r"a\$b", "$x^{2}$", "50 %"])
def test_names_are_text_and_no_formulas(name: str) -> None:
    """Letters of TeX are letters, in a title as at an axis."""

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set(title=name)
        axes.set_xticks([0], [name])

    drawing = draw(Plot("names", "", "", paint, (3.0, 2.0)))
    assert unescape(drawing.svg).count(f">{name}<") == 2


def test_the_users_settings_do_not_matter() -> None:
    """Neither a matplotlibrc nor a style changes a byte."""
    plot = Plot("bars", "Two bars", "a 1, b 2", bars, (2.0, 1.5))
    expected = draw(plot)
    theirs: Any = {
        "text.usetex": True,
        "savefig.bbox": "tight",
        "axes.facecolor": "red",
        "font.size": 30,
        "svg.fonttype": "path",
        "lines.linewidth": 9,
    }
    with mpl.rc_context(theirs):
        assert draw(plot) == expected
        assert mpl.rcParams["font.size"] == 30


@pytest.mark.filterwarnings("error")
def test_letters_that_the_font_lacks_are_no_matter_for_warnings() -> None:
    """In the SVG they are text, which a browser shows in a font of its own."""

    def paint(figure: Figure) -> None:
        figure.subplots().set(title="\u732b\U0001f408")

    assert "\u732b\U0001f408" in draw(Plot("names", "", "", paint, (2.0, 1.5))).svg
