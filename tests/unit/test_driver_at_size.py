"""The driver of a study, which is larger than anything that a test could run; see benchmarks."""

import tracemalloc

import pytest

from job import experiment
from job.artifacts.done_stages import DoneStages
from job.artifacts.experiment_file import load_experiment
from job.board import MAX_BYTES
from job.driver import drive
from job.plan import Plan
from job.storage.memory import MemoryStore
from tests.driving import Room
from tests.made_up import finish, study


@pytest.fixture
def begun() -> tuple[MemoryStore, Plan]:
    """An experiment of hundreds of stages, of which all but the last 40 are done."""
    store = MemoryStore()
    plan = experiment.init(store, Plan(study(arms=4, seeds=3, rounds=9)))
    stages = list(plan.stages())
    finish(store, plan, stages[:-40])
    return store, plan


def test_a_status_of_many_stages_is_small(begun: tuple[MemoryStore, Plan]) -> None:
    """From the start to the end, with 16 stages at a time."""
    store, _ = begun
    room = Room(store, running=16)
    assert drive(store, load_experiment(store, "study"), room) == 40
    assert 0 < room.largest <= MAX_BYTES


def test_of_each_stage_little_is_remembered(begun: tuple[MemoryStore, Plan]) -> None:
    """Less than a kB, of a marker that has several: 7,000 stages take 7 MB."""
    store, plan = begun
    stages = list(plan.stages())
    done = DoneStages(store)
    tracemalloc.start()
    try:
        done.read(stages, plan.config)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(done.known) == len(stages) - 40
    assert size / len(done.known) < 1000
