"""Taking the answers of files into the book of an experiment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from job.annotation.answers import Answer
from job.annotation.batch import PickedImage, picked_images
from job.annotation.book import Book, Said
from job.annotation.checks import problems_of
from job.annotation.imports.layouts import AnswerFile
from job.annotation.imports.matching import Matched, is_same, match
from job.annotation.imports.names import ImageNames
from job.artifacts.round_reader import RoundReader
from job.errors import BadDataError, UsageError
from job.keys import RoundRef

SILENT = "without boxes"
"""How the line of an image begins that may be empty, or that nobody has looked at."""


@dataclass
class Taken:
    """What became of the answers in files."""

    num_picks: int
    num_new: int = 0
    num_changed: int = 0
    num_same: int = 0
    num_of_others: int = 0
    """Images of earlier rounds in the files, which were left alone."""
    num_missing: int = 0
    """Picks of which the book has no answer."""
    num_wrong: int = 0
    """Picks whose answer cannot be taken as it is."""
    lines: list[str] = field(default_factory=list)
    """One for each image that is changed, wrong, missing or unknown, the first three by rank."""


def take(
    io: RoundReader,
    files: Sequence[AnswerFile],
    *,
    complete: bool = False,
    refused: Collection[str] = (),
) -> Taken:
    """Take the answers of files to a round's picks into the book: all of them, or none.

    Args:
        io: The round.
        files: What tools have exported.
        complete: Whether somebody has looked at every image in them.
        refused: The names of images that cannot be labelled.

    Raises:
        UsageError: A refused image is not one of the picks.
        BadDataError: No image in the files is one of the picks, or files contradict each other.
    """
    picks = _picks(io, io.round)
    images = ImageNames(picks, io.round.experiment)
    earlier = [image for ref in io.earlier for image in _picks(io, ref)]
    matched = match(files, images, ImageNames(earlier, io.round.experiment), complete=complete)
    _refuse(matched, images, refused)
    if not (matched.answers or matched.silent):
        places = ", ".join(file.place for file in files)
        message = f"{places}: none of its images is one of the {len(picks)} picks of this round"
        raise BadDataError(message)
    taken = Taken(len(picks), num_of_others=matched.num_of_others)
    book = Book(io.store, io.round.experiment)
    before = book.answers([image.id for image in picks])
    book.add(_new(matched, before, taken, picks))
    _tell(taken, picks, book, matched, io.dataset.classes)
    return taken


def _picks(io: RoundReader, ref: RoundRef) -> tuple[PickedImage, ...]:
    return picked_images(io.dataset, ref, io.picks(ref), {})


def _refuse(matched: Matched, images: ImageNames, names: Collection[str]) -> None:
    """Put refusals in the place of what files say of their images."""
    for name in names:
        image = images.find(name)
        if image is None:
            message = f"--refuse {name}: is not one of the picks of this round"
            raise UsageError(message)
        matched.silent = [each for each in matched.silent if each != image]
        matched.answers[image.id, ""] = Answer(image_id=image.id, is_refused=True)


def _new(
    matched: Matched,
    before: Mapping[str, Sequence[Said]],
    taken: Taken,
    picks: Sequence[PickedImage],
) -> list[Answer]:
    """Return the answers that the book lacks, and count them and those that it has."""
    new, files = [], {image.id: image.file for image in picks}
    for (image_id, by), answer in matched.answers.items():
        known = [each.answer for each in before.get(image_id, ())]
        last = next((each for each in reversed(known) if each.by == by), None)
        if any(_is_known(answer, each) for each in known):
            taken.num_same += 1
            continue
        new.append(answer)
        if last is None:
            taken.num_new += 1
        else:
            taken.num_changed += 1
            taken.lines.append(f"changed: {files[image_id]}: {_change(last, answer)}")
    return new


def _is_known(answer: Answer, other: Answer) -> bool:
    """Return whether another answer is the same one, perhaps by another way."""
    is_one = answer.by == other.by or (answer.at is not None and answer.at == other.at)
    return is_one and is_same(answer, other)


def _change(before: Answer, now: Answer) -> str:
    told = _said(now), _said(before)
    return "other boxes than before" if told[0] == told[1] else f"{told[0]}, before {told[1]}"


def _said(answer: Answer) -> str:
    if answer.is_refused:
        return "refused"
    num_boxes = len(answer.boxes)
    return f"{num_boxes} {'box' if num_boxes == 1 else 'boxes'}"


def _tell(
    taken: Taken,
    picks: Sequence[PickedImage],
    book: Book,
    matched: Matched,
    classes: tuple[str, ...],
) -> None:
    """Add a line for each pick that is not answered as it has to be, and each unknown image."""
    answers, silent = book.answers(), {image.id for image in matched.silent}
    for image in picks:
        said = answers.get(image.id, ())
        if not said:
            taken.num_missing += 1
            taken.lines.append(f"{SILENT if image.id in silent else 'missing'}: {image.file}")
            continue
        problems = problems_of(said[-1].answer, image.size_wh, classes)
        if problems:
            taken.num_wrong += 1
            taken.lines.append(f"wrong: {image.file}: {', '.join(problems)}")
    taken.lines += [f"unknown: {where}" for where in matched.unknown]
