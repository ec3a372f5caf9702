"""A finished tiny experiment, and copies of it that a test may change."""

from collections.abc import Callable

import pytest

from job.artifacts.experiment_file import load_experiment
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.stores import filled


@pytest.fixture(scope="module")
def finished(tiny: str, finished_state: FinishedState) -> MemoryStore:
    """A store with the whole experiment; tests only read it."""
    return filled(MemoryStore(), LocalStore(finished_state(tiny)))


@pytest.fixture(scope="module")
def plan(finished: MemoryStore) -> Plan:
    """The plan of the experiment as it began."""
    return Plan(load_experiment(finished, "tiny"))


@pytest.fixture
def copy(finished: MemoryStore) -> MemoryStore:
    """A copy of the finished experiment's store."""
    return filled(MemoryStore(), finished)


@pytest.fixture
def copy_into(finished: MemoryStore) -> Callable[[MemoryStore], MemoryStore]:
    """A function that fills a store with the finished experiment."""
    return lambda store: filled(store, finished)
