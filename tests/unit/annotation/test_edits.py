"""What becomes of proposals."""

from dataclasses import replace

from job.annotation.answers import DrawnBox
from job.annotation.batch import Proposal
from job.annotation.edits import edits_of
from job.artifacts.outcome import Edits
from tests.unit.annotation.answering import CAT, DOG, answer

PROPOSALS = [
    Proposal((10.0, 10.0, 30.0, 30.0), "dog", 0.9),
    Proposal((0.0, 0.0, 20.0, 20.0), "dog", 0.8),
    Proposal((5.0, 5.0, 9.0, 9.0), "cat", 0.7),
    Proposal((1.0, 1.0, 9.0, 9.0), "cat", 0.6),
]


def begun_as(box: DrawnBox, number: int) -> DrawnBox:
    """A box that began as the proposal of that number."""
    return replace(box, proposal=f"proposal-{number}")


def test_boxes_are_counted_by_what_they_began_as() -> None:
    """The first is kept though rounded, the second has another class, the third moved by a pixel.

    The fourth is gone; a new one and one of an unknown proposal are added.
    """
    rounded = DrawnBox("dog", (10.2, 10.0, 29.8, 30.0))
    moved = DrawnBox("cat", (6.0, 5.0, 9.0, 9.0))
    boxes = (begun_as(rounded, 0), begun_as(CAT, 1), begun_as(moved, 2), DOG, begun_as(DOG, 9))
    found = edits_of(answer(*boxes, tells_proposals=True), PROPOSALS)
    assert found == Edits(kept=1, moved=2, added=2, removed=1)


def test_a_copy_of_a_proposal_removes_none() -> None:
    """Both boxes began as it."""
    boxes = (begun_as(DOG, 0), begun_as(CAT, 0))
    found = edits_of(answer(*boxes, tells_proposals=True), PROPOSALS[:1])
    assert found == Edits(kept=1, moved=1)


def test_nothing_is_counted_that_nobody_knows() -> None:
    """Of tools that do not tell, of refused images, and where nothing was proposed."""
    assert edits_of(answer(DOG), PROPOSALS) is None
    assert edits_of(answer(is_refused=True, tells_proposals=True), PROPOSALS) is None
    assert edits_of(answer(DOG, tells_proposals=True), []) is None
