"""Contact sheets: picked images with their boxes and the reason for each, as one JPEG."""

import io
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from job.records.arrays import Floats
from job.report.drawing.boxes import INK, draw_boxes
from job.report.drawing.fonts import readable, write

_TILE = 280
_CAPTION = 84
_GAP = 10
_COLUMNS = 4
_LINE = 17
_WIDE = "\N{WORD JOINER}"
_PAPER = "#ffffff"


@dataclass(frozen=True)
class Tile:
    """One image of a sheet."""

    image: Image.Image
    """RGB."""
    boxes_xyxy: Floats
    """(boxes, 4), in its pixels."""
    labels: Sequence[int]
    """The index of each box's class."""
    words: Sequence[str]
    """The text at each box, such as `cow 0.41`."""
    caption: str


@dataclass(frozen=True)
class Sheet:
    """A contact sheet of the picks of one round."""

    arm: str
    seed: int
    round: int
    jpeg: bytes


def contact_sheet(tiles: Sequence[Tile], title: str) -> bytes:
    """Return a sheet of images, in rows of four, as JPEG; the same tiles give the same bytes."""
    num_rows = -(-len(tiles) // _COLUMNS)
    width = _COLUMNS * (_TILE + _GAP) + _GAP
    top = 40
    sheet = Image.new("RGB", (width, top + num_rows * (_TILE + _CAPTION + _GAP)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    write(draw, (_GAP, 10), title, 18, INK)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, _COLUMNS)
        left = _GAP + column * (_TILE + _GAP)
        upper = top + row * (_TILE + _CAPTION + _GAP)
        sheet.paste(_drawn(tile), (left, upper))
        for line, words in enumerate(_wrapped(f"{number + 1}. {tile.caption}")[:5]):
            write(draw, (left, upper + _TILE + 4 + line * _LINE), words, 13, INK)
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=85)
    return file.getvalue()


def _wrapped(caption: str) -> list[str]:
    """Return the lines of a caption; a letter of Chinese and the like takes the room of two."""
    room = "".join(
        f"{letter}{_WIDE}" if unicodedata.east_asian_width(letter) in "WF" else letter
        for letter in readable(caption)
    )
    return [line.replace(_WIDE, "") for line in textwrap.wrap(room, 44)]


def _drawn(tile: Tile) -> Image.Image:
    """The image in its square, with its boxes."""
    scale = _TILE / max(tile.image.size)
    size = [max(round(side * scale), 1) for side in tile.image.size]
    square = Image.new("RGB", (_TILE, _TILE), "#e8e8e8")
    square.paste(tile.image.resize((size[0], size[1]), Image.Resampling.BILINEAR))
    draw_boxes(square, tile.boxes_xyxy.astype(float) * scale, tile.labels, tile.words)
    return square
