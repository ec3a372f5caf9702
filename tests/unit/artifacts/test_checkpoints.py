"""Checkpoints are found by the inputs of the attempt that saved them."""

from job.artifacts.checkpoints import Checkpoint, remove_checkpoints
from job.keys import RoundRef
from job.storage.memory import MemoryStore

TRAIN = RoundRef("tiny", 0, None, 0).stage("train")


def test_a_checkpoint_of_other_inputs_is_not_found() -> None:
    """The same inputs and configuration find it; anything else does not."""
    store = MemoryStore()
    Checkpoint.of(store, TRAIN, {"a": "1"}, "c").save(b"state")
    assert Checkpoint.of(store, TRAIN, {"a": "1"}, "c").load() == b"state"
    assert Checkpoint.of(store, TRAIN, {"a": "2"}, "c").load() is None
    assert Checkpoint.of(store, TRAIN, {"a": "1"}, "other").load() is None


def test_checkpoints_of_a_finished_stage_are_removed() -> None:
    """All of them, and nothing else."""
    store = MemoryStore()
    store.write(TRAIN.done, b"x")
    for inputs in ({"a": "1"}, {"a": "2"}):
        Checkpoint.of(store, TRAIN, inputs, "c").save(b"state")
    remove_checkpoints(store, TRAIN)
    assert list(store.list("")) == [TRAIN.done]
