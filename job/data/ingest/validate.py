"""One image and its annotation, loaded and checked; what is wrong is told, not raised."""

import hashlib
from dataclasses import dataclass

import numpy as np

from job.data.decoding import SUFFIXES, decode_at_least
from job.data.formats.base import Content, Sample, SourceBox, is_text
from job.data.ingest.boxes import TOLERANCE_PIXELS, TOLERANCE_SHARE, Box, fit
from job.errors import BadDataError
from job.records.annotation import Annotation


@dataclass(frozen=True)
class Checked:
    """An image that may go into a data set."""

    id: str
    suffix: str
    """Lower case, such as `.jpg`."""
    data: bytes
    sha256: str
    annotation: Annotation
    """With the boxes that are right, clipped to the image."""
    where: str
    """The image's file."""
    num_clipped: int
    size_differs: bool
    """Whether the annotation claims a slightly other size than the image has, or has no box."""


@dataclass(frozen=True)
class Examined:
    """A sample after its checks."""

    image: Checked | None
    """None where the image itself, or its annotation as a whole, is bad."""
    problems: tuple[str, ...]
    """Each one line: the file and the reason."""


def examine(sample: Sample) -> Examined:
    """Load a sample and check all that it alone can show."""
    try:
        content = sample.load()
        width, height = _image_size(content)
        _check_frame(content, width, height)
    except BadDataError as error:
        return Examined(None, (str(error),))
    reasons = list(content.unreadable)
    kept: list[tuple[SourceBox, Box]] = []
    num_clipped = 0
    for box in content.boxes:
        try:
            fitted, clipped = _check(box, width, height)
        except BadDataError as error:
            reasons.append(f"{box.where}: {error}")
            continue
        kept.append((box, fitted))
        num_clipped += clipped
    image = Checked(
        id=sample.id,
        suffix=content.suffix.lower(),
        data=content.data,
        sha256=hashlib.sha256(content.data).hexdigest(),
        annotation=_annotation(kept, width, height),
        where=content.image_file,
        num_clipped=num_clipped,
        size_differs=content.declared_wh not in {None, (width, height)},
    )
    return Examined(image, tuple(f"{content.annotation_file}: {reason}" for reason in reasons))


def _image_size(content: Content) -> tuple[int, int]:
    """The size after decoding wholly, upright: the one that boxes have to fit."""
    if content.suffix.lower() not in SUFFIXES:
        message = f"{content.image_file}: an image's name ends in one of {', '.join(SUFFIXES)}"
        raise BadDataError(message)
    try:
        return decode_at_least(content.data, 1).size_wh
    except BadDataError as error:
        message = f"{content.image_file}: {error}"
        raise BadDataError(message) from error


def _check_frame(content: Content, width: int, height: int) -> None:
    """Refuse boxes in pixels of another image size, or of the image as it was before EXIF."""
    declared = content.declared_wh
    if not content.boxes or declared is None or min(declared) <= 0:
        return
    differs = any(
        abs(claim - side) > max(TOLERANCE_PIXELS, TOLERANCE_SHARE * side)
        for claim, side in zip(declared, (width, height), strict=True)
    )
    if differs or declared == (height, width) != (width, height):
        message = (
            f"{content.image_file}: {width} x {height} pixels when upright, but "
            f"{content.annotation_file} says {declared[0]} x {declared[1]}: "
            "its boxes are in another frame"
        )
        raise BadDataError(message)


def _check(box: SourceBox, width: int, height: int) -> tuple[Box, bool]:
    if not box.label:
        message = "its class has no name"
        raise BadDataError(message)
    if not is_text(box.label):
        message = "its class's name has characters that no text has"
        raise BadDataError(message)
    return fit(box.corners_xyxy, width, height)


def _annotation(kept: list[tuple[SourceBox, Box]], width: int, height: int) -> Annotation:
    return Annotation(
        width=width,
        height=height,
        boxes_xyxy=np.array([fitted for _, fitted in kept], dtype=np.float32).reshape(-1, 4),
        labels=tuple(box.label for box, _ in kept),
        difficult=tuple(box.difficult for box, _ in kept),
        crowd=tuple(box.crowd for box, _ in kept),
    )
