"""YOLO's label files: a row for each object, with coordinates that are shares of the image."""

from collections.abc import Sequence
from dataclasses import dataclass

from job.data.formats.base import SourceBox
from job.data.formats.files import decode
from job.data.formats.values import Corners, to_number
from job.errors import BadDataError
from job.runtime.names import shortened

DECIMALS = 15
"""A corner is rounded to so many decimals of the image's side: 0.1 - 0.2 / 2 is 0, not 1e-17."""

FAR_OUTSIDE = 2.0
"""A coordinate beyond this is not a share: it is in pixels or percent."""

BOX, PREDICTION, SMALLEST_OUTLINE = 5, 6, 7
"""The number of values of a row: a class with centre and size; the same with a confidence; a class
with three points."""


@dataclass(frozen=True)
class YoloLabels:
    """What a label file says of its image."""

    boxes: tuple[SourceBox, ...] = ()
    """In shares of the image's width and height."""
    unreadable: tuple[str, ...] = ()


def read_labels(
    data: bytes, where: str, classes: Sequence[str], keypoint_shape: tuple[int, int] | None = None
) -> YoloLabels:
    """Read a label file.

    Args:
        data: Its bytes.
        where: The file, for messages.
        classes: The classes by their numbers.
        keypoint_shape: For a data set of poses, how many points follow a box, and how many values
            each of them has.

    Raises:
        BadDataError: The file is not text.
    """
    text = decode(data, where)
    boxes, unreadable = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                boxes.append(_read_row(line, f"line {number}", classes, keypoint_shape))
            except BadDataError as error:
                unreadable.append(str(error))
    return YoloLabels(tuple(boxes), tuple(unreadable))


def _read_row(
    line: str, where: str, classes: Sequence[str], keypoint_shape: tuple[int, int] | None
) -> SourceBox:
    """Return the box of a row, with its corners as shares."""
    words = line.split()
    _check_length(len(words), where, keypoint_shape)
    label = _class_name(words[0], where, classes)
    is_outline = len(words) >= SMALLEST_OUTLINE and keypoint_shape is None
    values = _shares(words[1:] if is_outline else words[1:BOX], where)
    corners = _around(values) if is_outline else _from_centre(values)
    told = f"outline of {len(values) // 2} points" if is_outline else " ".join(words[1:BOX])
    return SourceBox(corners, label, f"{where} {label!r} ({told})")


def _check_length(length: int, where: str, keypoint_shape: tuple[int, int] | None) -> None:
    """Raise unless a row has the values of a box, or of an outline, or of a pose if it is one."""
    if keypoint_shape:
        num_points, num_values = keypoint_shape
        expected = BOX + num_points * num_values
        if length in {BOX, expected}:
            return
        reason = f"a pose of {num_points} points with {num_values} values has {expected}"
    elif length == BOX or (length >= SMALLEST_OUTLINE and length % 2):
        return
    elif length == PREDICTION:
        reason = (
            "a class, a box and a confidence are a prediction, and not a label: remove the last "
            "column if it is one all the same"
        )
    else:
        reason = (
            "a label has 5 (class, centre x and y, width, height), or a class and at least 3 points"
        )
    message = f"{where}: {length} values: {reason}"
    raise BadDataError(message)


def _class_name(word: str, where: str, classes: Sequence[str]) -> str:
    """Return the name of a class. Some tools write whole numbers as 1.0."""
    try:
        number = to_number(word)
    except ValueError:
        number = -1
    if number not in range(len(classes)):
        message = (
            f"{where}: the class {_told([word])} is not one of the {len(classes)} classes, which "
            f"are numbered from 0 to {len(classes) - 1}"
        )
        raise BadDataError(message)
    return classes[int(number)]


def _shares(words: Sequence[str], where: str) -> list[float]:
    try:
        values = [to_number(word) for word in words]
    except ValueError:
        message = f"{where}: a coordinate is not a number: {_told(words)}"
        raise BadDataError(message) from None
    if not all(abs(value) <= FAR_OUTSIDE for value in values):  # so that NaN is refused, too
        message = (
            f"{where}: {_told(words)}: coordinates must be shares of the image's width and "
            "height, from 0 to 1"
        )
        raise BadDataError(message)
    return values


def _told(words: Sequence[str]) -> str:
    return shortened(repr(" ".join(words)))


def _from_centre(values: Sequence[float]) -> Corners:
    """Return the corners of a box that is given by its centre, width and height."""
    x, y, width, height = values
    return (
        round(x - width / 2, DECIMALS),
        round(y - height / 2, DECIMALS),
        round(x + width / 2, DECIMALS),
        round(y + height / 2, DECIMALS),
    )


def _around(points: Sequence[float]) -> Corners:
    """Return the corners of the smallest box around points, whose x and y alternate."""
    return min(points[::2]), min(points[1::2]), max(points[::2]), max(points[1::2])
