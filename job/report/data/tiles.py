"""The images of a data set's page, each within the page itself."""

import base64
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from job.data.dataset import Dataset
from job.report.data.odd import Shown
from job.report.drawing.outlines import (
    Outline,
    OutlinedImage,
    View,
    outlined,
    small_jpeg,
    view_around,
)
from job.report.markup import render

SIDE = 320
"""The longest side of an image on the page, in pixels."""
MAX_BOXES = 200
"""So many boxes of one image are drawn."""
MAX_NAMED = 8
"""If an image has more boxes, only those that it is shown for have their names beside them."""
MIN_ZOOM = 96
"""A zoomed image shows at least this many pixels each way."""
CONTEXT = 6
"""And this many times the box."""

_CAPTION = "<strong>{{ split }}</strong> {{ id }}: {{ caption }}"


def tiles(dataset: Dataset, shown: Sequence[Shown]) -> Markup:
    """Return images beside each other, in their order.

    Raises:
        BadDataError: An image of the data set is damaged or missing.
    """
    return outlined([_image(dataset, each) for each in shown])


def _image(dataset: Dataset, each: Shown) -> OutlinedImage:
    view = _view(each)
    encoded = dataset.read_image(each.labels.split, each.id)
    jpeg = small_jpeg(encoded.data, each.id, SIDE, view, is_whole=not each.is_zoomed)
    split = each.labels.split
    return OutlinedImage(
        href=f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}",
        view=view,
        alt=each.caption,
        caption=render(_CAPTION, split=split, id=each.id, caption=each.caption),
        outlines=list(_outlines(each)),
    )


def _view(each: Shown) -> View:
    """Return what is shown of an image: all of it, or a square around its boxes."""
    width, height = each.labels.sizes_N2[each.row].tolist()
    if not each.is_zoomed:
        return View(0, 0, width, height)
    corners = each.labels.boxes_B4[list(each.boxes)].tolist()
    return view_around(corners, (width, height), CONTEXT, MIN_ZOOM)


def _outlines(each: Shown) -> Iterator[Outline]:
    """Yield the boxes of an image, those that it is shown for last, so that they lie on top."""
    labels = each.labels
    numbers = labels.boxes_of(each.row).tolist()
    others = [box for box in numbers if box not in each.boxes]
    for box in [*others[:MAX_BOXES], *each.boxes[:MAX_BOXES]]:
        label, is_main = int(labels.class_B[box]), box in each.boxes
        is_named = len(numbers) <= MAX_NAMED or (is_main and len(each.boxes) <= MAX_NAMED)
        flags = [("difficult", labels.difficult_B), ("a crowd region", labels.crowd_B)]
        told = [labels.classes[label], *(name for name, flag_B in flags if flag_B[box])]
        left, top, right, bottom = labels.boxes_B4[box].tolist()
        yield Outline(
            corners_xyxy=(left, top, right, bottom),
            label=label,
            title=", ".join(told),
            name=labels.classes[label] if is_named else "",
            is_dashed=not is_main and bool(each.boxes),
        )
