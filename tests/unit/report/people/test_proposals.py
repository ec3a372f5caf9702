"""Edits of proposals, held against the test set."""

from dataclasses import replace

import pytest

from job.artifacts.outcome import AnnotatorOutcome, Edits, ImageOutcome, RoundOutcome
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.keys import RoundRef
from job.plan import Plan
from job.report.people import anchoring
from job.report.people.proposals import read_anchoring
from job.report.people.rounds import AskedRound
from job.storage.local import LocalStore

ALL_KEPT = AnnotatorOutcome("ann", 2, edits=Edits(kept=2))
ROUND = AskedRound(
    RoundRef("tiny", 0, "brust", 1),
    RoundOutcome(
        "label_studio",
        1,
        tuple(ImageOutcome(each, "labelled", (ALL_KEPT,), 2) for each in "abcd"),
        min_confidence=0.05,
    ),
)


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchoring, "MIN_IMAGES", 2)


@pytest.mark.usefixtures("few_are_enough")
def test_kept_proposals_stand_beside_right_boxes(store: LocalStore, settings: Config) -> None:
    """Those of the model of the previous round, in the test images, above the same confidence."""
    reader = Reader.listed(store, "tiny")
    found = read_anchoring(reader, Plan(settings), [ROUND])
    assert found
    assert (found.kept.value, found.kept.boxes, found.kept.images) == (1.0, 8, 4)
    seen = reader.detections(RoundRef("tiny", 0, None, 0))["scores"].to_pylist()
    assert found.right.images == sum(any(score >= 0.05 for score in each) for each in seen)


@pytest.mark.usefixtures("few_are_enough")
@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": replace(ROUND.outcome, min_confidence=None)},
        {"ref": RoundRef("tiny", 0, None, 0)},
        {"ref": RoundRef("tiny", 9, "brust", 1)},
        {"outcome": replace(ROUND.outcome, images=(ImageOutcome("a", "labelled"),))},
    ],
    ids=["no proposals", "no model", "not evaluated", "no edits known"],
)
def test_where_nobody_can_tell_nothing_is_said(
    store: LocalStore, settings: Config, changes: dict[str, object]
) -> None:
    """A warning rests on proposals that were shown, and on the model's boxes in test images."""
    reader = Reader.listed(store, "tiny")
    each = replace(ROUND, **changes)  # type: ignore[arg-type]
    assert read_anchoring(reader, Plan(settings), [each]) is None


def test_of_few_images_nothing_is_said(store: LocalStore, settings: Config) -> None:
    """Ten are needed on each side."""
    assert read_anchoring(Reader.listed(store, "tiny"), Plan(settings), [ROUND]) is None
