"""Images with their boxes as HTML: the browser draws boxes and names, in any script and size."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from PIL import Image

from job.data.dataset import Dataset
from job.data.decoding import decode_at_least
from job.report.data.odd import Shown
from job.report.drawing.contact_sheet import COLORS
from job.report.drawing.names import shorten
from job.report.markup import render

SIDE = 320
"""The longest side of an image on the page, in pixels."""
MAX_BOXES = 200
"""So many boxes of one image are drawn."""
MAX_NAMED = 8
"""If an image has more boxes, only those that it is shown for have their names beside them."""
MIN_ZOOM = 96
"""A zoomed image shows at least this many pixels each way."""
MAX_LETTERS = 24
"""Longer names are shortened beside a box."""
CONTEXT = 6
"""And this many times the box."""

STYLE = """
<style>
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
</style>
"""
_TILES = """
<div class="tiles">
{% for tile in tiles %}
<figure>
<svg viewBox="{{ tile.view }}" role="img" aria-label="{{ tile.caption }}">
<image href="data:image/jpeg;base64,{{ tile.jpeg }}" {{ tile.place }} preserveAspectRatio="none"/>
{% for box in tile.boxes %}
<rect {{ box.place }} stroke="{{ box.color }}"{% if not box.is_main %} class="other"{% endif %}>
<title>{{ box.title }}</title></rect>
{% if box.name %}
<text x="{{ box.x }}" y="{{ box.y }}" text-anchor="{{ box.anchor }}" font-size="{{ tile.letter }}"
 stroke-width="{{ tile.letter / 5 }}">{{ box.name }}</text>
{% endif %}
{% endfor %}
</svg>
<figcaption><strong>{{ tile.split }}</strong> {{ tile.id }}: {{ tile.caption }}</figcaption>
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

    def place(self) -> Markup:
        """Return it as attributes of SVG."""
        return _attributes(self.left, self.top, self.width, self.height)


def tiles(dataset: Dataset, shown: Sequence[Shown]) -> Markup:
    """Return images beside each other, in their order.

    Raises:
        BadDataError: An image of the data set is damaged or missing.
    """
    return render(_TILES, tiles=list(_tiles(dataset, shown)))


def _tiles(dataset: Dataset, shown: Sequence[Shown]) -> Iterator[dict[str, object]]:
    for each in shown:
        view = _view(each)
        yield {
            "split": each.labels.split,
            "id": each.id,
            "caption": each.caption,
            "view": f"{view.left:g} {view.top:g} {view.width:g} {view.height:g}",
            "place": view.place(),
            "letter": max(view.width, view.height) / 18,
            "jpeg": base64.b64encode(_jpeg(dataset, each, view)).decode(),
            "boxes": list(_boxes(each, view)),
        }


def _view(each: Shown) -> View:
    """Return what is shown of an image: all of it, or a square around its boxes."""
    width, height = each.labels.sizes_N2[each.row].tolist()
    if not each.is_zoomed:
        return View(0, 0, width, height)
    corners = each.labels.boxes_B4[list(each.boxes)]
    low, high = corners[:, :2].min(axis=0).tolist(), corners[:, 2:].max(axis=0).tolist()
    side = max(CONTEXT * max(high[0] - low[0], high[1] - low[1]), MIN_ZOOM)
    spans = []
    for first, last, size in zip(low, high, (width, height), strict=True):
        length = min(round(side), size)
        begin = round(min(max((first + last - length) / 2, 0), size - length))
        spans.append((begin, length))
    (left, view_width), (top, view_height) = spans
    return View(left, top, view_width, view_height)


def _jpeg(dataset: Dataset, each: Shown, view: View) -> bytes:
    """Return the part of the image as a small JPEG."""
    encoded = dataset.read_image(each.labels.split, each.id)
    decoded = decode_at_least(encoded.data, None if each.is_zoomed else SIDE, each.id)
    left, top, width, height = decoded.frame
    scale = width / decoded.size_wh[0], height / decoded.size_wh[1]
    part = (
        left + view.left * scale[0],
        top + view.top * scale[1],
        left + (view.left + view.width) * scale[0],
        top + (view.top + view.height) * scale[1],
    )
    shrink = SIDE / max(view.width, view.height)
    size = [max(round(side * shrink), 1) for side in (view.width, view.height)]
    small = decoded.image.resize((size[0], size[1]), Image.Resampling.BILINEAR, box=part)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=80)
    return file.getvalue()


def _boxes(each: Shown, view: View) -> Iterator[dict[str, object]]:
    """Yield the boxes of an image, those that it is shown for last, so that they lie on top."""
    labels = each.labels
    numbers = labels.boxes_of(each.row).tolist()
    others = [box for box in numbers if box not in each.boxes]
    for box in [*others[:MAX_BOXES], *each.boxes[:MAX_BOXES]]:
        left, top, right, bottom = labels.boxes_B4[box].tolist()
        label = int(labels.class_B[box])
        is_main = box in each.boxes
        is_named = len(numbers) <= MAX_NAMED or (is_main and len(each.boxes) <= MAX_NAMED)
        letter = max(view.width, view.height) / 18
        flags = [("difficult", labels.difficult_B), ("a crowd region", labels.crowd_B)]
        told = [labels.classes[label], *(name for name, flag_B in flags if flag_B[box])]
        yield {
            "place": _attributes(left, top, right - left, bottom - top),
            "color": COLORS[label % len(COLORS)],
            "is_main": is_main or not each.boxes,
            "title": ", ".join(told),
            "name": shorten(labels.classes[label], MAX_LETTERS) if is_named else "",
            **_beside(left, right, view),
            "y": f"{_baseline(top, bottom, view, letter):g}",
        }


def _beside(left: float, right: float, view: View) -> dict[str, str]:
    """Return where a name begins or ends: in the right half of the image it ends with its box."""
    if left + right > 2 * view.left + view.width:
        return {"x": f"{min(right, view.left + view.width):g}", "anchor": "end"}
    return {"x": f"{max(left, view.left):g}", "anchor": "start"}


def _baseline(top: float, bottom: float, view: View, letter: float) -> float:
    """Return where a name stands: above its box, or below it, or within it if there is no room."""
    if top - letter >= view.top:
        return top - letter / 4
    below = bottom + letter
    return below if below <= view.top + view.height else max(top, view.top) + letter


def _attributes(left: float, top: float, width: float, height: float) -> Markup:
    return Markup('x="{:g}" y="{:g}" width="{:g}" height="{:g}"').format(left, top, width, height)
