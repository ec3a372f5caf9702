"""Who holds an experiment, as it is stored."""

import json

import pytest

from job.artifacts.holder import Holder, read_holder, write_holder
from job.errors import BadDataError
from job.keys import ExperimentKeys
from job.storage.memory import MemoryStore

KEY = ExperimentKeys("tiny").holder


def test_a_holder_is_read_as_it_was_written() -> None:
    """The object has its format, and says whose the experiment is."""
    store, holder = MemoryStore(), Holder("al-voc", "namespace al of cluster 6f1c2a90", "pod-1")
    write_holder(store, "tiny", holder.next_beat())
    content = json.loads(store.read(KEY))
    assert (content["format"], content["release"], content["beat"]) == (1, "al-voc", 1)
    found = read_holder(store, "tiny")
    assert found is not None
    assert (found.release, found.place, found.process, found.beat) == (
        "al-voc",
        "namespace al of cluster 6f1c2a90",
        "pod-1",
        1,
    )


def test_nobody_holds_what_has_no_holder() -> None:
    """An experiment of an earlier version has none."""
    assert read_holder(MemoryStore(), "tiny") is None


def test_a_damaged_holder_is_refused_with_what_to_do() -> None:
    """It may hide a driver that is at work."""
    store = MemoryStore()
    store.write(KEY, b'{"format": 1, "release": "al-voc"}')
    with pytest.raises(BadDataError, match=r"holder\.json is damaged .*: remove it"):
        read_holder(store, "tiny")
