"""Letters that the usual fonts lack, with a font of this machine and without one."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from job.records.arrays import Integers
from job.report.drawing import fonts
from job.report.drawing.contact_sheet import Tile, contact_sheet
from job.report.drawing.render import Plot, draw

CAR, BIKE = "\u8eca", "\u81ea\u884c\u8eca"


def font_of_squares(path: Path, letters: str) -> None:
    """Write a font in which each letter is a black square as high and as wide as the letter is."""
    pen = TTGlyphPen(None)
    for step, point in enumerate([(0, 0), (0, 1000), (1000, 1000), (1000, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({ord(letter): "square" for letter in letters})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": pen.glyph()})
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", "square"), (1000, 0)))
    builder.setupHorizontalHeader(ascent=1000, descent=0)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stands for the fonts of this machine."""
    caches = (fonts.font_of, fonts._files, fonts._letters)  # noqa: SLF001 - they remember other tests' fonts
    monkeypatch.setattr(
        "matplotlib.font_manager.findSystemFonts",
        lambda: [str(path) for path in tmp_path.iterdir()],
    )
    for each in caches:
        each.cache_clear()
    yield tmp_path
    for each in caches:
        each.cache_clear()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cow <b>", "cow <b>"),
        ("caf\u00e9 \u0416 \u0628", "caf\u00e9 \u0416 \u0628"),
        (f"{CAR} a", "<U+8ECA> a"),
        (f"a {BIKE}", "a <U+81EA 884C 8ECA>"),
        (CAR * 8, "<U+8ECA 8ECA 8ECA ... 8ECA 8ECA 8ECA>"),
        ("\U0001f469\U000e0067\U0001f52c", "<U+1F469 1F52C>"),
    ],
)
def test_without_a_font_the_codes_of_letters_are_shown(
    machine: Path, text: str, shown: str
) -> None:
    """Those that matplotlib's font has are shown; joiners of emoji show nothing by themselves."""
    (machine / "broken.ttf").write_bytes(b"not a font")
    assert fonts.readable(text) == shown


def ink(picture: Image.Image) -> Integers:
    """Count the dark pixels of each column."""
    return np.asarray(np.count_nonzero(np.asarray(picture.convert("L")) < 60, axis=0))


def test_a_font_of_the_machine_draws_what_the_usual_one_lacks(machine: Path) -> None:
    """At 20 pixels a letter is a square of 20 by 20; what follows it begins after it."""
    font_of_squares(machine / "squares.ttf", BIKE)
    assert fonts.readable(BIKE) == BIKE
    picture = Image.new("RGB", (100, 40), "#ffffff")
    pen = ImageDraw.Draw(picture)
    fonts.write(pen, (10, 5), f"{CAR}|", 20, "#000000")
    columns = ink(picture)
    assert columns[10:30].tolist() == [20] * 20
    assert columns[:10].sum() == 0
    assert columns[30:].any()
    left, _, right, _ = fonts.box_of(pen, (10, 5), BIKE, 20)
    assert (left, right) == (10, 70)


def test_a_sheet_has_such_letters(machine: Path) -> None:
    """In the title and at a box, in which they take 12 pixels each."""
    font_of_squares(machine / "squares.ttf", BIKE)
    tile = Tile(
        Image.new("RGB", (280, 280), "#ffffff"), np.array([[50.0, 50, 200, 200]]), [0], [CAR], ""
    )
    sheet = Image.open(io.BytesIO(contact_sheet([tile], "")))
    columns = ink(sheet.crop((10, 40, 290, 320)))
    assert (columns[53:63] >= 11).all()


def test_the_pixels_of_a_figure_have_such_letters_and_its_page_the_names(machine: Path) -> None:
    """Three letters of 10 points at 150 dots an inch: squares of 20.8 pixels, one after another."""
    font_of_squares(machine / "squares.ttf", BIKE)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_yticks([0], [BIKE])
        axes.set_xticks([])
        axes.spines[:].set_visible(False)

    drawing = draw(Plot("names", "", "", paint, (3.0, 2.0)))
    columns = ink(Image.open(io.BytesIO(drawing.png)))
    assert columns.sum() == pytest.approx(3 * (10 * 150 / 72) ** 2, rel=0.1)
    assert f">{BIKE}<" in drawing.svg


def test_the_pixels_of_a_figure_have_the_codes_of_letters_without_a_font(machine: Path) -> None:
    """A figure that says them is drawn alike."""
    assert not list(machine.iterdir())

    def named(name: str) -> bytes:
        def paint(figure: Figure) -> None:
            axes = figure.subplots()
            axes.set(title=name)
            axes.set_xticks([0], [name])

        return draw(Plot("names", "", "", paint, (3.0, 2.0))).png

    assert named(f"a {CAR}") == named("a <U+8ECA>")
