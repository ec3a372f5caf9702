"""Validation of one image and its annotation. Problems are returned and not raised."""

import hashlib
from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np

from job.data.decoding import SUFFIXES, Decoded, decode_at_least
from job.data.formats.base import REMOTE_THREADS, LoadedSample, Sample, SourceBox, check_id, is_text
from job.data.ingest.boxes import TOLERANCE_PIXELS, TOLERANCE_SHARE, Box, clip_box
from job.data.ingest.remarks import distinct_boxes, image_remarks
from job.data.shards import EncodedImage
from job.errors import BadDataError
from job.records.annotation import Annotation
from job.runtime.cpus import usable_cpus
from job.runtime.names import suggestion
from job.runtime.parallel import batched, in_threads, stop_if_dropped

# Samples that a thread takes at a time. Handing over single ones would take a good part of the
# time, and all samples under way are in memory.
_BATCH_SIZE = 4
_MAX_THREADS = 8


@dataclass(frozen=True)
class ValidImage:
    """An image that may go into a data set."""

    encoded: EncodedImage
    """With its suffix in lower case."""
    sha256: str
    annotation: Annotation
    """With the valid boxes, clipped to the image."""
    where: str
    """The image's file."""
    num_clipped: int
    size_differs: bool
    """Whether the annotation claims another size than the image has. The difference is within the
    tolerance, or there are no boxes that it could spoil."""
    remarks: tuple[str, ...]
    """What was accepted and may be a mistake, as in `LoadedSample`."""
    group: str | None = None
    """The group of images that it belongs to, as in `Sample`."""

    @property
    def id(self) -> str:
        """The image's id."""
        return self.encoded.id


@dataclass(frozen=True)
class Validation:
    """The result for one sample."""

    image: ValidImage | None
    """None if the image itself, or its annotation as a whole, is bad."""
    problems: tuple[str, ...]
    """Each one line: the file and the reason."""


def validate_in_threads(
    samples: Iterator[Sample],
    classes: Collection[str] | None,
    whose: str,
    *,
    is_remote: bool,
) -> Generator[Validation]:
    """Yield the results for samples in their order; see `validate`."""
    batches = batched(samples, 1 if is_remote else _BATCH_SIZE)
    threads = REMOTE_THREADS if is_remote else min(_MAX_THREADS, usable_cpus())
    validate_all = partial(_validate_all, classes=classes, whose=whose)
    with closing(in_threads(validate_all, batches, threads, threads)) as validated:
        yield from chain.from_iterable(validated)


def _validate_all(
    samples: list[Sample], classes: Collection[str] | None, whose: str
) -> list[Validation]:
    results = []
    for sample in samples:
        stop_if_dropped()
        results.append(validate(sample, classes, whose))
    return results


def validate(
    sample: Sample, classes: Collection[str] | None = None, whose: str = "the source's"
) -> Validation:
    """Load a sample and check everything that can be checked without the other samples.

    Args:
        sample: What the source names.
        classes: The classes that a box may have; None: any.
        whose: Whose classes these are, for messages, such as `the source's`.
    """
    try:
        loaded = sample.load()
        check_id(sample.id, loaded.image_file)
        decoded = _decode(loaded)
        width, height = decoded.size_wh
        _check_size(loaded, width, height)
        loaded = _in_pixels(loaded, width, height)
    except BadDataError as error:
        return Validation(None, (str(error),))
    reasons = list(loaded.unreadable)
    valid: list[tuple[SourceBox, Box]] = []
    num_clipped = 0
    boxes = distinct_boxes(loaded.boxes)
    for box in boxes:
        try:
            _check_label(box.label, classes, whose)
            clipped, is_changed = clip_box(box.corners_xyxy, width, height)
        except BadDataError as error:
            reasons.append(f"{box.where}: {error}")
            continue
        valid.append((box, clipped))
        num_clipped += is_changed
    image = ValidImage(
        encoded=EncodedImage(sample.id, loaded.suffix.lower(), loaded.data),
        sha256=hashlib.sha256(loaded.data).hexdigest(),
        annotation=_annotation(valid, width, height),
        where=loaded.image_file,
        num_clipped=num_clipped,
        size_differs=any(
            claim not in {0, side}
            for claim, side in zip(loaded.declared_wh or (), (width, height), strict=False)
        ),
        remarks=loaded.remarks + image_remarks(loaded, decoded, len(boxes)),
        group=sample.group,
    )
    return Validation(image, tuple(f"{loaded.annotation_file}: {reason}" for reason in reasons))


def _decode(loaded: LoadedSample) -> Decoded:
    """Return the upright image, with few of its pixels."""
    if loaded.suffix.lower() not in SUFFIXES:
        message = f"{loaded.image_file}: an image's name ends in one of {', '.join(SUFFIXES)}"
        raise BadDataError(message)
    try:
        return decode_at_least(loaded.data, 1)
    except BadDataError as error:
        message = f"{loaded.image_file}: {error}"
        raise BadDataError(message) from error


def _in_pixels(loaded: LoadedSample, width: int, height: int) -> LoadedSample:
    """Return a sample with boxes in pixels; raise if they say that they are, and are not."""
    if not loaded.in_shares:
        _check_unit(loaded, width, height)
        return loaded
    boxes = tuple(
        replace(box, corners_xyxy=(x0 * width, y0 * height, x1 * width, y1 * height))
        for box in loaded.boxes
        for x0, y0, x1, y1 in [box.corners_xyxy]
    )
    return replace(loaded, boxes=boxes, in_shares=False)


def _check_size(loaded: LoadedSample, width: int, height: int) -> None:
    """Refuse boxes in pixels of another image size, or of the image before EXIF orientation."""
    declared = loaded.declared_wh
    if not loaded.boxes or declared is None:
        return
    differs = any(
        claim and abs(claim - side) > max(TOLERANCE_PIXELS, TOLERANCE_SHARE * side)
        for claim, side in zip(declared, (width, height), strict=True)
    )
    if differs or declared == (height, width) != (width, height):
        message = (
            f"{loaded.image_file}: {width} x {height} pixels when upright, but "
            f"{loaded.annotation_file} says {_told(declared[0])} x {_told(declared[1])}: "
            "its boxes belong to another size or orientation"
        )
        raise BadDataError(message)


def _told(side: float) -> str:
    return f"{side:g}" if side else "?"


def _check_unit(loaded: LoadedSample, width: int, height: int) -> None:
    """Refuse boxes in shares of the image, from 0 to 1, which would all be in its first pixel."""
    corners = [x for box in loaded.boxes for x in box.corners_xyxy]
    if corners and min(width, height) > 1 and max(corners) <= 1 and any(x % 1 for x in corners):
        message = (
            f"{loaded.annotation_file}: all boxes lie within the first pixel of "
            f"{loaded.image_file}: they seem to be shares of the image, and must be pixels"
        )
        raise BadDataError(message)


def _check_label(label: str, classes: Collection[str] | None, whose: str) -> None:
    if not label:
        message = "its class has no name"
        raise BadDataError(message)
    if not is_text(label):
        message = "its class's name has control characters or lone surrogates"
        raise BadDataError(message)
    if classes is not None and label not in classes:
        message = f"its class {label!r} is not one of {whose}; {suggestion(label, classes)}"
        raise BadDataError(message)


def _annotation(valid: list[tuple[SourceBox, Box]], width: int, height: int) -> Annotation:
    return Annotation(
        width=width,
        height=height,
        boxes_xyxy=np.array([clipped for _, clipped in valid], dtype=np.float32).reshape(-1, 4),
        labels=tuple(box.label for box, _ in valid),
        difficult=tuple(box.difficult for box, _ in valid),
        crowd=tuple(box.crowd for box, _ in valid),
    )
