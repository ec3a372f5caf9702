"""The section about people."""

from dataclasses import replace

from job.artifacts.outcome import AnnotatorOutcome, Edits, ImageOutcome
from job.keys import RoundRef
from job.report.people.anchoring import Anchoring, Rate, anchoring
from job.report.people.rounds import People
from job.report.sections.people import PeopleSection
from tests.unit.report.make_context import asked_image, asked_round, built, cells, context

KEPT = AnnotatorOutcome("bob", 3, edits=Edits(kept=2, moved=1, added=0, removed=1))
PEOPLE = People(
    (
        asked_round(
            asked_image("a", 5400.0),
            asked_image("b"),
            ImageOutcome("c", "refused", (AnnotatorOutcome("ann", 0, is_refused=True),)),
            ImageOutcome("d", "open"),
            ImageOutcome("e", "labelled", (KEPT,), is_shared=True),
            ImageOutcome("f", "labelled", (KEPT,), proposals=4),
        ),
    ),
    ("late",),
)


def suspicion(kept: float) -> Anchoring:
    return anchoring(Rate(100 * kept, 100, 40, kept - 0.1, kept + 0.1), Rate(50, 100, 80, 0.4, 0.6))


def test_without_people_there_is_no_section() -> None:
    """An oracle has no time, and nobody to agree with."""
    assert PeopleSection().build(context()) is None


def test_a_round_says_what_became_of_its_picks() -> None:
    """By hand: an hour and a half was measured, and a minute is assumed."""
    table = cells(built(PeopleSection(), context(people=PEOPLE)).html)
    counts = ["6", "4", "1", "1", "1", "2"]
    assert ["a", "0", "1", *counts, "1.50", "0.02", "0.00"] in table


def test_edits_of_proposals_stand_round_by_round() -> None:
    """Half of the four were kept; rounds without proposals are left out."""
    found = built(PeopleSection(), context(people=PEOPLE))
    assert ["a", "0", "1", "4", "2", "1", "1", "0", "50.0"] in cells(found.html)
    assert found.tables.keys() == {"people", "proposals"}
    plain = People((asked_round(asked_image("a")),), ())
    assert built(PeopleSection(), context(people=plain)).tables.keys() == {"people"}


def test_a_suspicion_stands_at_the_top() -> None:
    """Else the same facts are one line among others."""
    html = built(PeopleSection(), context(people=PEOPLE, anchoring=suspicion(0.9))).html
    assert "<strong>Labels may follow the model (anchoring): " in html
    html = built(PeopleSection(), context(people=PEOPLE, anchoring=suspicion(0.4))).html
    assert "<strong>" not in html
    assert "<li>Proposals: people kept 40 %" in html


def test_late_answers_are_told() -> None:
    """They are kept, and not used."""
    assert (
        "1 answered image (late) is not used" in built(PeopleSection(), context(people=PEOPLE)).html
    )


def test_the_test_set_has_a_row_without_a_seed() -> None:
    """All seeds share it."""
    tested = replace(asked_round(asked_image("a")), ref=RoundRef.of_test("made", 0))
    html = built(PeopleSection(), context(people=People((tested,), ()))).html
    assert cells(html)[1][:4] == ["all arms", "", "test", "1"]
