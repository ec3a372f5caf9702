"""How figures look: colours that differ for the colour-blind, direct labels, SVG and PNG.

A figure's ink is one colour that its SVG leaves to the page around it (`currentColor`), so that one
drawing reads on light and on dark.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito, Color Universal Design (2008), but its black and yellow: one is the ink, and the
# other is too pale to be a line on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = "osD^vP"
INK = "#010203"
PAPER_INK = "#1a1a1a"
GREY = "#808080"

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "font.family": "sans-serif",
    "font.size": 10,
    "grid.alpha": 0.25,
    "grid.color": GREY,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class Drawing:
    """A figure in both forms, and in words."""

    name: str
    """Of its files, without suffix."""
    title: str
    """What it shows, as a sentence."""
    alt: str
    """What a reader who cannot see it has to know."""
    svg: str
    """Without a size in pixels or a background; its ink is `currentColor`."""
    png: bytes
    """On white."""

    def standalone(self) -> bytes:
        """Return the SVG as a file of its own, its ink that of paper."""
        return self.svg.replace("currentColor", PAPER_INK).encode()


def render(
    name: str,
    title: str,
    alt: str,
    draw: Callable[[Figure], None],
    size: tuple[float, float] = (7.0, 4.2),
) -> Drawing:
    """Draw a figure in both forms; the same content gives the same bytes.

    Args:
        name: Of its files, without suffix.
        title: What it shows, as a sentence.
        alt: What a reader who cannot see it has to know.
        draw: TrainingDataset on an empty figure.
        size: Width and height, in inches.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    ink = {key: PAPER_INK for key, value in _STYLE.items() if value == INK}
    with mpl.rc_context({**_STYLE, **ink}):
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        draw(figure)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
    return Drawing(name, title, alt, _inline(file.getvalue()), png.getvalue())


def _inline(svg: str) -> str:
    """An SVG that can stand in a page: no XML prologue, its ink the page's."""
    return svg[svg.index("<svg") :].replace(INK, "currentColor")


def label_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write each line's name beside its end, moved apart where they would overlap.

    Args:
        axes: Limits have to be set already.
        ends: x and y of the end, the name, and the colour of each line.
    """
    bottom, top = axes.get_ylim()
    heights = _apart([y for _, y, _, _ in ends], (top - bottom) * 0.06)
    for (x, _, name, color), height in zip(ends, heights, strict=True):
        label_line(axes, (x, height), name, color)


def label_line(
    axes: Axes, point: tuple[float, float], name: str, color: str, drop: float = 0
) -> None:
    """Write a line's name to the right of a point, `drop` below it, after a dot of its colour.

    The name itself is in ink: not every colour that makes a good line can be read as text.

    Args:
        axes: Where.
        point: x and y.
        name: The line's.
        color: The line's.
        drop: In 1/72 inch.
    """
    for text, offset, ink, size in (("\N{BLACK CIRCLE}", 8, color, 8), (name, 18, INK, 10)):
        axes.annotate(
            text,
            xy=point,
            xytext=(offset, -drop),
            textcoords="offset points",
            annotation_clip=False,
            va="center",
            color=ink,
            fontsize=size,
        )


def _apart(values: Sequence[float], least: float) -> list[float]:
    """Values moved up as far as needed to be `least` from the next lower one."""
    result = list(values)
    for before, after in pairwise(sorted(range(len(values)), key=values.__getitem__)):
        result[after] = max(result[after], result[before] + least)
    return result
