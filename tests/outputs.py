"""What stages have written, by the names that their markers give it."""

import re

from job.artifacts.markers import Markers
from job.keys import StageRef
from job.storage import Store


def output_key(store: Store, ref: StageRef, name: str) -> str:
    """Return where an output of a finished stage lies."""
    marker = Markers(store).get(ref)
    assert marker is not None, f"{ref} is not done"
    return marker.key_of(ref, name)


def read_output(store: Store, ref: StageRef, name: str) -> bytes:
    """Return an output of a finished stage."""
    return store.read(output_key(store, ref, name))


def is_output(key: str) -> bool:
    """Whether a key is that of an output that holds no time: equal runs have the same ones."""
    name = key.rpartition("/")[2]
    holds_times = name.startswith(("checkpoint-", "history-"))
    return bool(re.search(r"-[0-9a-f]{16}\.\w+$", name)) and not holds_times
