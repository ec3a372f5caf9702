"""The answers of files, by the images of a round."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from job.annotation.answers import Answer, DrawnBox
from job.annotation.batch import PickedImage
from job.annotation.imports.layouts import AnswerFile
from job.annotation.imports.names import ImageNames
from job.errors import BadDataError

TOLERANCE_PIXELS = 0.5
"""Layouts round boxes when they write them. A smaller difference changes nothing."""


@dataclass
class Matched:
    """What files say of the images of a round."""

    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    """The last answer by the image's id and who gave it."""
    silent: list[PickedImage] = field(default_factory=list)
    """Images without boxes, at which nobody may have looked."""
    unknown: list[str] = field(default_factory=list)
    """Where files have images of no round."""
    num_of_others: int = 0
    """Images of earlier rounds in the files."""


def match(
    files: Iterable[AnswerFile], images: ImageNames, others: ImageNames, *, complete: bool
) -> Matched:
    """Return what files say of the images of a round.

    Args:
        files: The files.
        images: The round's.
        others: Those of earlier rounds.
        complete: Whether an image without boxes shows no object, whatever the layout.

    Raises:
        BadDataError: Files contradict each other.
    """
    matched, silent, places = Matched(), dict[str, tuple[PickedImage, Answer]](), dict[str, str]()
    for found in (each for file in files for each in file.found):
        image = images.find(found.name)
        if image is None and others.find(found.name):
            matched.num_of_others += 1
        elif image is None:
            matched.unknown.append(found.where)
        elif found.is_silent:
            silent[image.id] = (image, found.of(image))
        else:
            _add(matched.answers, found.of(image), found.where, places)
    answered = {image_id for image_id, _ in matched.answers}
    for image, answer in silent.values():
        if image.id in answered:
            continue
        if complete:
            matched.answers[image.id, ""] = answer
        else:
            matched.silent.append(image)
    return matched


def _add(
    answers: dict[tuple[str, str], Answer], answer: Answer, where: str, places: dict[str, str]
) -> None:
    """Add an answer; where the layout has times, the last one of somebody counts."""
    key = (answer.image_id, answer.by)
    before = answers.get(key)
    if before and answer.at is None and not is_same(before, answer):
        message = (
            f"{where}: has other boxes than {places[answer.image_id]}; name only the right one of "
            "the two"
        )
        raise BadDataError(message)
    places.setdefault(answer.image_id, where)
    if before is None or before.at is None or answer.at is None or answer.at >= before.at:
        answers[key] = answer


def is_same(one: Answer, other: Answer) -> bool:
    """Return whether two answers say the same, with boxes in any order and nearly as large."""
    left = [*other.boxes]
    for box in one.boxes:
        near = next((each for each in left if _is_near(box, each)), None)
        if near is None:
            return False
        left.remove(near)
    return not left and (one.is_refused, one.problems) == (other.is_refused, other.problems)


def _is_near(one: DrawnBox, other: DrawnBox) -> bool:
    pairs = zip(one.corners_xyxy, other.corners_xyxy, strict=True)
    return one.label == other.label and all(abs(a - b) <= TOLERANCE_PIXELS for a, b in pairs)
