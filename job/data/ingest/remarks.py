"""What ingest accepts and tells, since it may be a mistake of the source."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from job.data.decoding import Decoded
from job.data.formats.base import LoadedSample, SourceBox

BOX_TWICE = "have a box twice, which was taken once"
TURNED = (
    "are turned by EXIF, and nothing tells whether their boxes are those of the upright image, as "
    "they must be"
)
DARK = (
    "have 16 bits per pixel, of which the upper 8 are used, and are almost black: stretch their "
    "values to 0..65535"
)

DARK_LEVEL = 32
"""A gray image of 16 bits is dark if all of its upper 8 bits are below this: so are 12 bits."""
HALF_TURNS = (2, 3, 4)
"""The EXIF orientations other than upright that keep width and height."""


def distinct_boxes(boxes: tuple[SourceBox, ...]) -> tuple[SourceBox, ...]:
    """Return the boxes without exact repetitions.

    A detector can find only one of two equal boxes, so a repetition would limit its precision.
    """
    keys = ((box.corners_xyxy, box.label, box.difficult, box.crowd) for box in boxes)
    first: dict[object, SourceBox] = {}
    for key, box in zip(keys, boxes, strict=True):
        first.setdefault(key, box)
    return tuple(first.values())


def image_remarks(loaded: LoadedSample, decoded: Decoded, num_distinct: int) -> tuple[str, ...]:
    """Return what to tell of an image, of which `num_distinct` boxes differ."""
    remarks = []
    if num_distinct < len(loaded.boxes):
        remarks.append(BOX_TWICE)
    if loaded.boxes and _may_be_turned(loaded, decoded):
        remarks.append(TURNED)
    if decoded.has_16_bits and max(decoded.image.tobytes()) < DARK_LEVEL:
        remarks.append(DARK)
    return tuple(remarks)


def _may_be_turned(loaded: LoadedSample, decoded: Decoded) -> bool:
    """Return whether boxes may be those of the image before EXIF turned it.

    The declared size, which was found to be that of the upright image, tells a quarter turn.
    """
    if decoded.orientation == 1:
        return False
    width, height = loaded.declared_wh or (0, 0)
    return decoded.orientation in HALF_TURNS or not width or not height or width == height


def spellings(classes: Iterable[str]) -> list[list[str]]:
    """Return the groups of classes that differ only in case, blanks, `_`, `-` or Unicode form."""
    groups = defaultdict(list)
    for name in sorted(classes):
        plain = unicodedata.normalize("NFKC", name).casefold()
        groups["".join(plain.replace("_", " ").replace("-", " ").split())].append(name)
    return [names for names in groups.values() if len(names) > 1]
