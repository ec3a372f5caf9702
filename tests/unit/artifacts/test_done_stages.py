"""What a driver remembers of stages that are done."""

from collections import Counter

import pytest

from job.artifacts.done_stages import Done, DoneStages
from job.errors import BadDataError
from job.keys import RoundRef
from job.plan import Plan
from job.storage.memory import MemoryStore
from tests.made_up import finish, study

PLAN = Plan(study(arms=2, seeds=2, rounds=3))
STAGES = list(PLAN.stages())
FIRST = RoundRef("study", 0, None, 0)


class CountingStore(MemoryStore):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[str] = Counter()

    def read(self, key: str) -> bytes:
        self.reads[key] += 1
        return super().read(key)


@pytest.fixture
def store() -> CountingStore:
    """Where all stages but the last ten are done."""
    made = CountingStore()
    finish(made, PLAN, STAGES[:-10])
    return made


def test_what_is_done_is_read_once_and_for_all(store: CountingStore) -> None:
    """By one listing; nothing is asked for that is not there, and nothing again."""
    done = DoneStages(store)
    done.read(STAGES, PLAN.config)
    assert set(done.known) == {ref.done for ref in STAGES[:-10]}
    assert all(done.is_done(ref, PLAN.config) for ref in STAGES[:-10])
    assert set(store.reads.values()) == {1}


def test_of_a_marker_only_what_is_needed_is_kept(store: CountingStore) -> None:
    """A digest for those that read it, how long it took, and the metric of an evaluation."""
    done = DoneStages(store)
    done.read(STAGES, PLAN.config)
    evaluated = done.known[FIRST.stage("evaluate").done]
    assert (evaluated.seconds, evaluated.map50) == (12.5, 0.5)
    assert done.known[FIRST.stage("train").done].map50 is None
    assert not hasattr(Done("", 1.0), "__dict__")


def test_what_read_a_stage_that_is_not_done_is_not_done(store: CountingStore) -> None:
    """The stage will run again, and may write other bytes: whoever read it is asked about later."""
    store.delete(FIRST.stage("train").done)
    done = DoneStages(store)
    done.read(STAGES, PLAN.config)
    assert FIRST.stage("annotate").done in done.known
    assert FIRST.stage("evaluate").done not in done.known
    finish(store, PLAN, [FIRST.stage("train")])
    assert done.is_done(FIRST.stage("train"), PLAN.config)
    assert done.is_done(FIRST.stage("evaluate"), PLAN.config)


def test_a_marker_of_another_configuration_does_not_count(store: CountingStore) -> None:
    """Neither when all are read, nor when it is asked about."""
    longer = PLAN.config.train.model_copy(update={"steps": 9})
    config = PLAN.config.model_copy(update={"train": longer})
    done = DoneStages(store)
    done.read(STAGES, config)
    train = FIRST.stage("train")
    assert train.done not in done.known
    assert not done.is_done(train, config)


def test_a_damaged_marker_is_told_by_whoever_asks_for_its_stage(store: CountingStore) -> None:
    """Reading all of them skips it: the stage may not be part of what is run."""
    store.write(FIRST.stage("train").done, b"{")
    done = DoneStages(store)
    done.read(STAGES, PLAN.config)
    with pytest.raises(BadDataError, match="damaged"):
        done.is_done(FIRST.stage("train"), PLAN.config)


def test_metrics_that_cannot_be_read_leave_the_stage_done(store: CountingStore) -> None:
    """The metric goes untold."""
    store.write(FIRST.stage("evaluate").key("metrics.json"), b"{")
    done = DoneStages(store)
    done.read(STAGES, PLAN.config)
    assert done.known[FIRST.stage("evaluate").done].map50 is None
