"""What people were asked in each round, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from job.annotation.book import Book
from job.artifacts.outcome import AnnotatorOutcome, Edits, ImageOutcome, RoundOutcome
from job.artifacts.reader import Reader
from job.keys import RoundRef
from job.plan import Plan

COLD_START = "all arms"
"""Whose images round 0 and the test set have."""


@dataclass(frozen=True)
class AskedRound:
    """A round that people labelled."""

    ref: RoundRef
    outcome: RoundOutcome

    @property
    def arm(self) -> str:
        """The arm that picked; round 0 and the test set are those of all arms."""
        return self.ref.arm or COLD_START

    @property
    def asked(self) -> list[ImageOutcome]:
        """The images that were asked for in this round, and not for another arm or seed before."""
        return [each for each in self.outcome.images if not each.is_shared]

    @property
    def answers(self) -> list[AnnotatorOutcome]:
        """What each annotator did with each image that was asked for."""
        return [answer for image in self.asked for answer in image.annotators]

    @property
    def edits(self) -> Edits:
        """What people made of all proposals of which the tool says it."""
        return sum((made for each in self.asked if (made := edits_of(each))), Edits())


def edits_of(image: ImageOutcome) -> Edits | None:
    """Return what all annotators of an image made of its proposals; None if nobody knows."""
    known = [answer.edits for answer in image.annotators if answer.edits]
    return sum(known, Edits()) if known else None


@dataclass(frozen=True)
class People:
    """What people did in an experiment."""

    rounds: tuple[AskedRound, ...]
    """Those that are done, in their order; at least one."""
    late: tuple[str, ...]
    """Images with an answer that came after their round was done. It counts if one is picked
    again."""


def read_people(reader: Reader, plan: Plan) -> People | None:
    """Return what people did; None if nobody was asked yet.

    Raises:
        BadDataError: An outcome or the book of labels is damaged.
    """
    stages = [stage for stage in plan.stages() if stage.stage == "annotate"]
    done = [stage.round for stage in stages if reader.markers.get(stage)]
    found = [(ref, reader.outcome(ref)) for ref in done]
    rounds = tuple(AskedRound(ref, outcome) for ref, outcome in found if outcome)
    if not rounds:
        return None
    waiting = [stage.round for stage in stages if stage.round not in done]
    return People(rounds, _late(reader, plan, rounds, waiting))


def _late(
    reader: Reader, plan: Plan, rounds: Sequence[AskedRound], waiting: Sequence[RoundRef]
) -> tuple[str, ...]:
    """Return the images of the book that no round has used, and that no round asks for now."""
    used = {image.id for each in rounds for image in each.outcome.images if image.fate != "open"}
    asked = {
        pick.id
        for ref in waiting
        if reader.markers.get(ref.stage("select"))
        for pick in reader.picks(ref)
    }
    book = Book(reader.store, plan.config.experiment).answers()
    return tuple(sorted(book.keys() - used - asked))
