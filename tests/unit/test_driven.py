"""Whether somebody is at work on an experiment, as its driver's status says."""

from collections.abc import Callable

import pytest

from job.driven import refuse_while_driven
from job.errors import UsageError
from job.progress import Status, dump_status
from job.storage.memory import MemoryStore
from tests.unit.test_progress import KEY, told


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: told("running"), r"\(running\); maybe at work: the driver\. Stop it first"),
        (lambda: told("failed", train="running"), "maybe at work: seed 0 arm random round 1 train"),
        (lambda: told("finished", score="other spec"), "at work: seed 0 arm random round 1 score"),
    ],
)
def test_what_may_be_at_work_is_named(make: Callable[[], Status], words: str) -> None:
    """Jobs that a driver started keep running after it failed, and write markers."""
    store = MemoryStore()
    store.write(KEY, dump_status(make()))  # now: a status grows old while other tests run
    with pytest.raises(UsageError, match=words):
        refuse_while_driven(store, "tiny")


@pytest.mark.parametrize(
    "status",
    [
        told("failed", train="failed", select="done"),
        told("failed", minutes=6, train="running"),
        told("running", minutes=6),
        told("failed", annotate="annotating"),
    ],
)
def test_what_has_ended_hinders_nobody(status: Status) -> None:
    """A stage is done, failed or with people; and an old status says nothing of now."""
    store = MemoryStore()
    store.write(KEY, dump_status(status))
    refuse_while_driven(store, "tiny")
