"""`pruned.json`: what was removed on purpose."""

import pytest

from job.artifacts.pruned import is_pruned, read_pruned, write_pruned
from job.errors import BadDataError
from job.keys import ExperimentKeys
from job.storage.memory import MemoryStore

MODEL = "experiments/tiny/seed-0/random/round-001/train/model.safetensors"


def test_what_was_pruned_is_read_as_it_was_written() -> None:
    """Each key with the bytes it had; other keys were not pruned."""
    store = MemoryStore()
    write_pruned(store, "tiny", {MODEL: 3})
    assert read_pruned(store, "tiny") == {MODEL: 3}
    assert is_pruned(store, MODEL)
    assert not is_pruned(store, MODEL + "x")


def test_without_a_record_nothing_was_pruned() -> None:
    """An experiment that was never pruned has none."""
    assert read_pruned(MemoryStore(), "tiny") == {}
    assert not is_pruned(MemoryStore(), MODEL)


@pytest.mark.parametrize(
    "data", [b"{", b'{"format": 1, "objects": {"a": "many"}}', b'{"format": 9}']
)
def test_a_record_that_cannot_be_read_is_named_and_says_nothing(data: bytes) -> None:
    """Whoever asks for it gets one line; whoever only looks for a reason gets none."""
    store = MemoryStore()
    store.write(ExperimentKeys("tiny").pruned, data)
    with pytest.raises(BadDataError, match=r"pruned\.json"):
        read_pruned(store, "tiny")
    assert not is_pruned(store, MODEL)
