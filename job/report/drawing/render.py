"""How figures look: colours that differ for the colour-blind, direct labels, SVG and PNG.

The ink of a figure is one colour that its SVG leaves to the page around it (`currentColor`). So one
drawing can be read on light and on dark.
"""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

from job.report.drawing.fonts import families_of, readable

# Okabe and Ito, Color Universal Design (2008), without its black and its yellow: black is the ink,
# and yellow is too pale for a line on white.
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
    "text.parse_math": False,  # names are text, also those with dollar signs
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class Plot:
    """A figure that is described and not drawn yet."""

    name: str
    """The name of its files, without suffix."""
    title: str
    """What it shows, as a sentence."""
    alt: str
    """Its content in words, for readers who cannot see it."""
    paint: Callable[[Figure], None]
    """Draws on an empty figure."""
    size: tuple[float, float] = (7.0, 4.2)
    """Width and height, in inches."""


@dataclass(frozen=True)
class Drawing:
    """A figure as SVG, as PNG, and in words."""

    name: str
    """The name of its files, without suffix."""
    title: str
    """What it shows, as a sentence."""
    alt: str
    """Its content in words, for readers who cannot see it."""
    svg: str
    """Without a size in pixels and without a background; its ink is `currentColor`."""
    png: bytes
    """On white."""

    def files(self) -> list[tuple[str, bytes]]:
        """Return the names and contents of its files; in them the SVG's ink is that of paper."""
        svg = self.svg.replace("currentColor", PAPER_INK).encode()
        return [(f"{self.name}.svg", svg), (f"{self.name}.png", self.png)]


Draw = Callable[[Plot], Drawing]
"""Makes a drawing of a plot, as `draw` does."""


def draw(plot: Plot) -> Drawing:
    """Draw a figure as SVG and as PNG; the same content gives the same bytes."""
    return Drawing(plot.name, plot.title, plot.alt, draw_svg(plot), _draw_png(plot))


def draw_svg(plot: Plot) -> str:
    """Draw a figure as the SVG of a `Drawing`."""
    with _style({**_STYLE, "svg.hashsalt": plot.name}):
        figure = Figure(figsize=plot.size, layout="constrained")
        plot.paint(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _inline(file.getvalue())


def _draw_png(plot: Plot) -> bytes:
    ink = {key: PAPER_INK for key, value in _STYLE.items() if value == INK}
    with _style({**_STYLE, **ink}):
        figure = Figure(figsize=plot.size, layout="constrained", facecolor="white")
        plot.paint(figure)
        _spell_out(figure)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
    return png.getvalue()


def _spell_out(figure: Figure) -> None:
    """Let a figure that is about to become pixels have each letter, of some font or as its code."""
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis)]
    ticks = [label.get_text() for axis in axes for label in axis.get_ticklabels()]
    texts = [each for each in figure.findobj(Text) if isinstance(each, Text)]
    shown = [*ticks, *(each.get_text() for each in texts)]
    if "".join(shown).isascii():
        return
    families = ["DejaVu Sans", *families_of(shown)]
    for each in texts:
        each.set_text(readable(each.get_text()))
        each.set_fontfamily(families)
    for axis in axes:
        axis.set_tick_params(labelfontfamily=families)
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FuncFormatter):  # of labels that are names
            axis.set_major_formatter(partial(_readable_tick, formatter))


def _readable_tick(formatter: FuncFormatter, value: float, position: int) -> str:
    return readable(formatter(value, position))


@contextmanager
def _style(settings: Any) -> Iterator[None]:
    """Set what matplotlib draws by: its defaults and our settings, and none of the user's."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the SVG has the letter
        mpl.rcdefaults()
        mpl.rcParams.update(settings)
        yield


def _inline(svg: str) -> str:
    """An SVG that can stand in a page: no XML prologue, its ink the page's."""
    return svg[svg.index("<svg") :].replace(INK, "currentColor")


def label_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write the name of each line beside its end; names that would overlap are moved apart.

    Args:
        axes: Their limits have to be set already.
        ends: x and y of the end, the name, and the colour of each line.
    """
    bottom, top = axes.get_ylim()
    step = (top - bottom) * 0.06
    heights = _apart([y for _, y, _, _ in ends], step)
    if max(heights) > top + step / 2:  # over the title
        heights = _below(heights, top, step)
    for (x, _, name, color), height in zip(ends, heights, strict=True):
        label_line(axes, (x, height), name, color)


def label_line(
    axes: Axes, point: tuple[float, float], name: str, color: str, drop: float = 0
) -> None:
    """Write the name of a line to the right of a point, after a dot of the line's colour.

    The name itself is in ink: not every colour that makes a good line can be read as text.

    Args:
        axes: What to write on.
        point: x and y.
        name: The line's name.
        color: The line's colour.
        drop: How far below the point, in 1/72 inch.
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


def _below(values: Sequence[float], top: float, distance: float) -> list[float]:
    """Values moved down, in their order, so that none is above `top` or nearer than `distance`."""
    result = list(values)
    for index in sorted(range(len(values)), key=values.__getitem__, reverse=True):
        result[index] = min(result[index], top)
        top = result[index] - distance
    return result


def _apart(values: Sequence[float], min_distance: float) -> list[float]:
    """Values moved up so that each is at least `min_distance` above the next lower one."""
    result = list(values)
    for lower, upper in pairwise(sorted(range(len(values)), key=values.__getitem__)):
        result[upper] = max(result[upper], result[lower] + min_distance)
    return result
