"""What people are asked for, before they are."""

import pytest

from job.annotation.intent import dump_intent, make_intent, read_intent
from job.annotation.proposals import min_confidence_of, proposals_of
from job.artifacts.experiment_file import load_experiment
from job.artifacts.stage_io import StageIO
from job.config.annotation import AnnotationConfig
from job.errors import BadDataError
from job.keys import RoundRef
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore

LOW = 0.06


def stage_io(store: LocalStore, index: int) -> StageIO:
    """The stage of a round of people who begin with proposals."""
    people = {"annotator": "files", "proposals": LOW}
    config = load_experiment(store, "tiny").model_copy(
        update={"annotation": AnnotationConfig.model_validate(people)}
    )
    return StageIO(store, Plan(config), RoundRef("tiny", 0, "brust", index).stage("annotate"))


def test_proposals_are_what_the_model_saw(finished: LocalStore) -> None:
    """They are asked for with the batch; the score record is not an input of the labels."""
    io = stage_io(finished, 2)
    ids = io.picked_ids(io.round)
    intent = make_intent(io)
    assert {image.id: image.proposals for image in intent.images} == proposals_of(io, ids, LOW)
    batch = intent.batch(io, ids[1:])
    assert [image.id for image in batch.images] == ids[1:]
    assert (batch.num_picks, batch.model) == (4, "tiny/seed-0/brust/round-001")
    fresh = stage_io(finished, 2)
    make_intent(fresh)
    assert not fresh._make_marker(0.0).reads_scores  # noqa: SLF001


def test_round_0_has_no_proposals(finished: LocalStore) -> None:
    """No model is there yet, so the setting does not refuse it."""
    io = stage_io(finished, 0)
    intent = make_intent(io)
    assert intent.min_confidence is None
    assert intent.batch(io, io.picked_ids(io.round)).model is None


def test_a_test_set_has_no_proposals(finished: LocalStore) -> None:
    """Nor has what it grows by later: no model may suggest its boxes."""
    io = stage_io(finished, 2)
    assert min_confidence_of(io) == LOW
    assert min_confidence_of(io.unrecorded(RoundRef.of_test("tiny", 1))) is None


def test_what_is_written_is_read_again(finished: LocalStore) -> None:
    """All of it, and its digest is checked by nobody: it is there before the marker."""
    store, io = MemoryStore(), stage_io(finished, 2)
    intent = make_intent(io)
    assert read_intent(store, io.ref.prefix) is None
    key = io.ref.key("batch.json")
    store.write(key, dump_intent(intent))
    assert read_intent(store, io.ref.prefix) == intent
    store.write(key, b"{")
    with pytest.raises(BadDataError, match=rf"{key} is damaged: .*; without one, remove it"):
        read_intent(store, io.ref.prefix)
