"""`outcome.json`: what became of each pick."""

import json

import pytest

from job.artifacts.outcome import (
    AnnotatorOutcome,
    Edits,
    ImageOutcome,
    RoundOutcome,
    dump_outcome,
    load_outcome,
)
from job.errors import BadDataError

ANN = AnnotatorOutcome(
    by="ann", boxes=3, seconds=41.5, counted_seconds=41.5, edits=Edits(1, 1, 1, 2), answers="0123"
)
BOB = AnnotatorOutcome("bob", 0, is_refused=True, counted_seconds=63.0)
OUTCOME = RoundOutcome(
    annotator="label_studio",
    per_image=1,
    images=(
        ImageOutcome("c", "labelled", (ANN,), proposals=4),
        ImageOutcome("a", "open", problem="'cow' is not a class"),
        ImageOutcome("b", "refused", (BOB,)),
        ImageOutcome("d", "labelled", (ANN, BOB), agreement=0.5, is_shared=True),
    ),
    seconds_waited=3600.0,
)


def test_what_is_written_is_read_again() -> None:
    """The object says its format."""
    data = dump_outcome(OUTCOME)
    assert json.loads(data)["format"] == 1
    assert load_outcome(data, "here") == OUTCOME


def test_each_pick_has_one_fate() -> None:
    """Ids come in the order of rank."""
    assert OUTCOME.ids("labelled") == ("c", "d")
    assert OUTCOME.ids("refused") == ("b",)
    assert OUTCOME.ids("open") == ("a",)


def test_edits_add_up() -> None:
    """Kind by kind."""
    assert Edits(1, 2, 3, 4) + Edits(10, 20, 30, 40) == Edits(11, 22, 33, 44)


def test_an_unknown_fate_is_damage() -> None:
    """An image is labelled, refused or open."""
    data = dump_outcome(OUTCOME).replace(b'"open"', b'"lost"')
    with pytest.raises(BadDataError, match=r"here is damaged \(images.1.fate: "):
        load_outcome(data, "here")
