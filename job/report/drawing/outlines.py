"""Images with their boxes as HTML: the browser draws boxes and names, in any script and size."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from PIL import Image

from job.data.decoding import decode_at_least
from job.report.drawing.boxes import COLORS
from job.report.drawing.names import shorten
from job.report.markup import render

MAX_LETTERS = 24
"""Longer names are shortened beside a box."""
QUALITY = 80
"""Of the JPEGs."""

RULES = """\
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .8rem; }
.columns { display: grid; column-gap: .8rem; }
@media (min-width: 60rem) { .columns { grid-template-columns: 1fr 1fr; } }
.tiles figure { margin: 0; break-inside: avoid; }
.tiles figure svg { background: var(--soft); max-height: 15rem; }
.tiles figcaption { overflow-wrap: anywhere; line-height: 1.3; }
.tiles rect { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
.tiles rect.other { stroke-dasharray: 4 3; stroke-width: 1.5; }
.tiles text { font-family: system-ui, sans-serif; fill: #fff; stroke: #000; paint-order: stroke; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; overflow-wrap: anywhere; }
"""
"""The CSS of these images."""
STYLE = f"""
<style>
{RULES}</style>
"""
_IMAGES = """
<div class="tiles">
{% for image, outlines in images %}
{% set letter = image.letter %}
<figure>
{% if image.link %}<a href="{{ image.link }}">{% endif %}
<svg viewBox="{{ image.view.box() }}" role="img" aria-label="{{ image.alt }}">
<image href="{{ image.href }}" {{ image.view.place() }} preserveAspectRatio="none"/>
{% for box in outlines %}
<rect {{ box.place }} stroke="{{ box.color }}"{% if box.is_dashed %} class="other"{% endif %}>
<title>{{ box.title }}</title></rect>
{% if box.name %}
<text x="{{ box.x }}" y="{{ box.y }}" text-anchor="{{ box.anchor }}" font-size="{{ letter }}"
 stroke-width="{{ letter / 5 }}">{{ box.name }}</text>
{% endif %}
{% endfor %}
</svg>
{% if image.link %}</a>{% endif %}
<figcaption>{{ image.caption }}</figcaption>
</figure>
{% endfor %}
</div>
"""


@dataclass(frozen=True)
class View:
    """The part of an image that is shown, in its pixels."""

    left: float
    top: float
    width: float
    height: float

    def box(self) -> str:
        """Return it as the `viewBox` of SVG."""
        return f"{self.left:g} {self.top:g} {self.width:g} {self.height:g}"

    def place(self) -> Markup:
        """Return it as attributes of SVG."""
        return _attributes(self.left, self.top, self.width, self.height)


@dataclass(frozen=True)
class Outline:
    """A box of an image."""

    corners_xyxy: tuple[float, float, float, float]
    """In pixels of the image."""
    label: int
    """The index of its class, by which it has its colour."""
    title: str
    """What a reader is told who points at it."""
    name: str = ""
    """What stands beside it."""
    is_dashed: bool = False
    is_named_below: bool = False
    """Whether its name stands below it or at its lower edge, apart from that of an equal box."""


@dataclass(frozen=True)
class OutlinedImage:
    """An image with boxes, as it is shown."""

    href: str
    """The address of the picture of `view`."""
    view: View
    alt: str
    """What it is, for those who cannot see it."""
    caption: Markup | str
    outlines: Sequence[Outline] = ()
    """The last one lies on top."""
    link: str = ""
    """Where the picture leads; if empty, nowhere."""
    num_letters: int = 18
    """The longer side of the picture is so many times the height of a letter."""

    @property
    def letter(self) -> float:
        """The height of a letter beside a box."""
        return max(self.view.width, self.view.height) / self.num_letters


def view_around(
    corners_xyxy: Sequence[Sequence[float]], size_wh: tuple[int, int], factor: float, least: int
) -> View:
    """Return a square of an image around some boxes, or what the image has of it.

    Args:
        corners_xyxy: The boxes, in pixels of the image.
        size_wh: The image's.
        factor: The square is so many times what the boxes span.
        least: And at least this many pixels each way.
    """
    lefts, tops, rights, bottoms = zip(*corners_xyxy, strict=True)
    spanned = (min(lefts), max(rights)), (min(tops), max(bottoms))
    side = max(factor * max(last - first for first, last in spanned), least)
    spans = []
    for (first, last), size in zip(spanned, size_wh, strict=True):
        length = min(round(side), size)
        begin = round(min(max((first + last - length) / 2, 0), size - length))
        spans.append((begin, length))
    (left, width), (top, height) = spans
    return View(left, top, width, height)


def outlined(images: Sequence[OutlinedImage]) -> Markup:
    """Return images beside each other, in their order; the page needs `STYLE` once."""
    return render(
        _IMAGES,
        images=[(each, list(_drawn(each))) for each in images],
    )


def small_jpeg(
    data: bytes, name: str, side: int, view: View | None = None, *, is_whole: bool = True
) -> bytes:
    """Return an image, or a part of it, as a JPEG whose longer side has `side` pixels.

    Args:
        data: The image's file.
        name: The image's name, for messages.
        side: The longest side of the result.
        view: The part; None: all of it, and a small image is not enlarged.
        is_whole: Whether the part is about all of it, so that it need not be decoded wholly.

    Raises:
        BadDataError: It cannot be decoded.
    """
    decoded = decode_at_least(data, side if is_whole else None, name)
    if view is None:
        view = View(0, 0, *decoded.size_wh)
        side = min(side, max(decoded.size_wh))
    left, top, width, height = decoded.frame
    scale = width / decoded.size_wh[0], height / decoded.size_wh[1]
    part = (
        left + view.left * scale[0],
        top + view.top * scale[1],
        left + (view.left + view.width) * scale[0],
        top + (view.top + view.height) * scale[1],
    )
    shrink = side / max(view.width, view.height)
    size = [max(round(each * shrink), 1) for each in (view.width, view.height)]
    small = decoded.image.resize((size[0], size[1]), Image.Resampling.BILINEAR, box=part)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _drawn(image: OutlinedImage) -> Iterator[dict[str, object]]:
    for box in image.outlines:
        left, top, right, bottom = box.corners_xyxy
        yield {
            "place": _attributes(left, top, right - left, bottom - top),
            "color": COLORS[box.label % len(COLORS)],
            "is_dashed": box.is_dashed,
            "title": box.title,
            "name": shorten(box.name, MAX_LETTERS),
            **_beside(left, right, image.view),
            "y": f"{_baseline(box, image):g}",
        }


def _beside(left: float, right: float, view: View) -> dict[str, str]:
    """Return where a name begins or ends: in the right half of the image it ends with its box."""
    if left + right > 2 * view.left + view.width:
        return {"x": f"{min(right, view.left + view.width):g}", "anchor": "end"}
    return {"x": f"{max(left, view.left):g}", "anchor": "start"}


def _baseline(box: Outline, image: OutlinedImage) -> float:
    """Return where a name stands: above its box, or below it, or within it if there is no room."""
    view, letter = image.view, image.letter
    _, top, _, bottom = box.corners_xyxy
    has_room_above = top - letter >= view.top
    has_room_below = bottom + letter <= view.top + view.height
    if box.is_named_below:  # without room above, the name of an equal box is below
        return bottom + letter if has_room_above and has_room_below else bottom - letter / 4
    if has_room_above:
        return top - letter / 4
    return bottom + letter if has_room_below else max(top, view.top) + letter


def _attributes(left: float, top: float, width: float, height: float) -> Markup:
    return Markup('x="{:g}" y="{:g}" width="{:g}" height="{:g}"').format(left, top, width, height)
