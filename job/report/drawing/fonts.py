"""Letters that the usual fonts lack, such as Chinese ones: from a font of this machine, or codes.

Figures and sheets are drawn with fonts that come with matplotlib and Pillow, so that they look the
same on every machine. A letter that these lack is taken from the first font of this machine that
has it. If none has it, its code is drawn: `<U+8ECA>` tells one letter from another, and an empty
box does not.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont

Point = tuple[float, float]
_MAX_CODES = 7
_USUAL = ""
"""Stands for the file of Pillow's own font, which has no file."""


def readable(text: str) -> str:
    """Return a text with the codes of those letters that no font has."""
    if text.isascii():
        return text
    shown = [letter for letter in text if font_of(letter) is not None or not _is_joined(letter)]
    runs = groupby(shown, key=lambda letter: font_of(letter) is None)
    return "".join(_codes("".join(run)) if is_missing else "".join(run) for is_missing, run in runs)


def _codes(letters: str) -> str:
    """Return the codes of letters, those in the middle of a long run left out."""
    codes = [f"{ord(letter):04X}" for letter in letters]
    if len(codes) > _MAX_CODES:
        codes[3:-3] = ["..."]
    return f"<U+{' '.join(codes)}>"


def _is_joined(letter: str) -> bool:
    """Whether a letter shows nothing by itself, such as the joiners in sequences of emoji."""
    return unicodedata.category(letter) in {"Cf", "Mn", "Zs"}


def families_of(texts: Iterable[str]) -> list[str]:
    """Return the families that texts need beside matplotlib's own; from now on it knows them."""
    # Matplotlib takes a second to import, and few names need it.
    from matplotlib import font_manager  # noqa: PLC0415

    letters = sorted({letter for text in texts for letter in text if not letter.isascii()})
    own, *_ = _files()
    files = dict.fromkeys(file for letter in letters if (file := font_of(letter)) and file != own)
    for file in files:
        font_manager.fontManager.addfont(file)
    return [font_manager.get_font(file).family_name for file in files]


@cache
def font_of(letter: str) -> str | None:
    """Return the file of the first font that has a letter; None: there is none."""
    return next((file for file in _files() if ord(letter) in _letters(file)), None)


@cache
def _files() -> list[str]:
    """Matplotlib's own font, and those of this machine: Noto's before others."""
    import matplotlib as mpl  # noqa: PLC0415 - see `families_of`
    from matplotlib import font_manager  # noqa: PLC0415 - see `families_of`

    own = str(Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")
    others = font_manager.findSystemFonts()
    return [own, *sorted(others, key=lambda file: ("noto" not in file.lower(), file))]


@cache
def _letters(file: str) -> frozenset[int]:
    """The code points of a font's letters.

    A font that cannot be scaled, such as one of coloured emoji, is as good as none.
    """
    from matplotlib.ft2font import FaceFlags, FT2Font  # noqa: PLC0415 - see `families_of`

    try:
        font = FT2Font(BytesIO(_usual(12).font_bytes) if file == _USUAL else file)
    except (OSError, RuntimeError):  # not a font that FreeType reads
        return frozenset()
    return frozenset(font.get_charmap() if FaceFlags.SCALABLE in font.face_flags else ())


@cache
def _usual(size: int) -> Any:
    return ImageFont.load_default(size)


@cache
def _sheet_font(file: str, size: int) -> Any:
    return ImageFont.truetype(file, size) if file else _usual(size)


def write(draw: ImageDraw.ImageDraw, place: Point, text: str, size: int, ink: str) -> None:
    """Write a line on a picture, from its upper left corner on."""
    if text.isascii():
        draw.text(place, text, fill=ink, font=_usual(size))
        return
    x, baseline = place[0], place[1] + _usual(size).getmetrics()[0]
    for file, part in _parts(text):
        font = _sheet_font(file, size)
        draw.text((x, baseline), part, fill=ink, font=font, anchor="ls")
        x += font.getlength(part)


def box_of(
    draw: ImageDraw.ImageDraw, place: Point, text: str, size: int
) -> tuple[float, float, float, float]:
    """Return the rectangle that a line will cover: left, upper, right, lower."""
    if text.isascii():
        return draw.textbbox(place, text, font=_usual(size))
    fonts = [(_sheet_font(file, size), part) for file, part in _parts(text)]
    width = sum(font.getlength(part) for font, part in fonts)
    return place[0], place[1], place[0] + width, place[1] + sum(_usual(size).getmetrics())


def _parts(text: str) -> list[tuple[str, str]]:
    """Return the parts of a text that one font can draw, each with the file of that font.

    A space goes with what is before it: words of a language that runs to the left stay together.
    """
    parts: list[tuple[str, str]] = []
    for letter in readable(text):
        file = _USUAL if ord(letter) in _letters(_USUAL) else font_of(letter) or _USUAL
        if parts and (file == parts[-1][0] or letter == " " or _is_joined(letter)):
            parts[-1] = (parts[-1][0], parts[-1][1] + letter)
        else:
            parts.append((file, letter))
    return parts
