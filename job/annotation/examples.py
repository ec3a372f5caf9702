"""An example picture of each class, from images that are labelled already."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import ImageDraw

from job.artifacts.round_reader import RoundReader
from job.data.decoding import decode_rgb
from job.data.shards import LabelledImage

_SIDE = 320
"""Pixels of a picture's longer side, at most."""
_LINE = 4
_INK = "#E69F00"


@dataclass(frozen=True)
class _Best:
    """The largest box of a class so far."""

    share: float
    """The share of its image that it covers."""
    image: LabelledImage
    number: int
    """Of the box in its image."""


def examples_of(io: RoundReader, classes: Collection[str]) -> dict[str, bytes]:
    """Return a picture of each of these classes that is labelled anywhere before a round, as JPEG.

    It shows the image whose box of that class covers the largest share of it, with this box.

    Args:
        io: Reads what is labelled; nothing of it becomes an input of a stage.
        classes: Those to find.
    """
    if not classes:
        return {}
    best = _largest_boxes(_labelled(io), classes)
    return {name: _drawn(best[name]) for name in classes if name in best}


def _labelled(io: RoundReader) -> list[LabelledImage]:
    if io.earlier:
        return io.unrecorded(io.earlier[-1]).labelled_so_far()
    return io.dataset.known_images(io.dataset.given_ids())


def _largest_boxes(images: Iterable[LabelledImage], classes: Collection[str]) -> dict[str, _Best]:
    best: dict[str, _Best] = {}
    for image in images:
        annotation = image.annotation
        area = annotation.width * annotation.height
        flags = zip(annotation.labels, annotation.difficult, annotation.crowd, strict=True)
        for number, (label, is_difficult, is_crowd) in enumerate(flags):
            if label not in classes or is_difficult or is_crowd:
                continue
            xmin, ymin, xmax, ymax = map(float, annotation.boxes_xyxy[number])
            share = (xmax - xmin) * (ymax - ymin) / area
            if label not in best or share > best[label].share:
                best[label] = _Best(share, image, number)
    return best


def _drawn(best: _Best) -> bytes:
    """Return an image with one of its boxes, small."""
    picture = decode_rgb(best.image.read().data, best.image.id)
    width = picture.width
    picture.thumbnail((_SIDE, _SIDE))
    scale = picture.width / width
    box = [float(each) * scale for each in best.image.annotation.boxes_xyxy[best.number]]
    ImageDraw.Draw(picture).rectangle(box, outline=_INK, width=_LINE)
    data = BytesIO()
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()
