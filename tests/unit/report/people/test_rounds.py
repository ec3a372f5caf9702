"""Reading what people did."""

from dataclasses import replace

import pytest

from job.annotation.answers import Answer
from job.annotation.book import Book
from job.artifacts.outcome import AnnotatorOutcome, Edits, ImageOutcome, RoundOutcome
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.keys import RoundRef
from job.plan import Plan
from job.report.people.rounds import edits_of, read_people
from job.storage.local import LocalStore
from tests.unit.report.make_context import asked_round

EDITED = AnnotatorOutcome("ann", 3, edits=Edits(kept=2, moved=1, added=0, removed=4))


def test_an_oracle_is_nobody(store: LocalStore, settings: Config) -> None:
    """No round has an outcome."""
    assert read_people(Reader.listed(store, "tiny"), Plan(settings)) is None


def test_each_round_that_people_labelled_is_there_once(
    store: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Round 0 belongs to all arms; rounds that are not done have no outcome."""
    nobody = RoundOutcome("files", 1, ())
    monkeypatch.setattr(Reader, "outcome", lambda *_: nobody)
    found = read_people(Reader.listed(store, "tiny"), Plan(settings))
    assert found
    assert [(each.ref.seed, each.arm, each.ref.index) for each in found.rounds] == [
        (0, "all arms", 0),
        (0, "random", 1),
        (0, "brust", 1),
        (1, "all arms", 0),
        (1, "random", 1),
    ]


def test_late_answers_are_those_that_nobody_uses_or_waits_for(
    store: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image that was left open and answered later is late, and so is a stranger."""
    reader = Reader.listed(store, "tiny")
    first = RoundRef("tiny", 0, None, 0)
    one, two, three, *_ = [pick.id for pick in reader.picks(first)]
    outcome = RoundOutcome(
        "files",
        1,
        (
            ImageOutcome(one, "labelled"),
            ImageOutcome(two, "open"),
            ImageOutcome(three, "refused"),
        ),
    )
    outcomes = {first: outcome}
    monkeypatch.setattr(Reader, "outcome", lambda _, ref: outcomes.get(ref))
    answers = {each: (Answer(each),) for each in (one, two, three, "stranger")}
    monkeypatch.setattr(Book, "answers", lambda _: answers)
    found = read_people(reader, Plan(settings))
    assert found
    assert set(found.late) == {two, "stranger"}


def test_edits_of_an_image_are_those_of_all_its_annotators() -> None:
    """If no tool says them, nobody knows."""
    both = ImageOutcome("a", "labelled", (EDITED, EDITED, AnnotatorOutcome("other", 1)))
    assert edits_of(both) == Edits(kept=4, moved=2, added=0, removed=8)
    assert edits_of(ImageOutcome("a", "labelled", (AnnotatorOutcome("other", 1),))) is None
    assert edits_of(ImageOutcome("a", "labelled", (EDITED,))).shown == 7  # type: ignore[union-attr]


def test_images_that_another_arm_asked_for_do_not_count_again() -> None:
    """Neither their time nor their edits."""
    each = asked_round(
        ImageOutcome("a", "labelled", (EDITED,)),
        ImageOutcome("b", "labelled", (EDITED,), is_shared=True),
    )
    assert len(each.answers) == 1
    assert each.edits.shown == 7


def test_a_round_of_the_test_set_is_that_of_all_arms() -> None:
    """Its label says which version of the test set it is."""
    each = replace(asked_round(), ref=RoundRef.of_test("tiny", 1))
    assert (each.arm, each.ref.label) == ("all arms", "test-2")
