"""A finished tiny experiment, and copies of it that a test may change."""

from collections.abc import Callable

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.config import loading
from job.config.schema import Config
from job.plan import Plan
from job.storage import Store
from job.storage.memory import MemoryStore


@pytest.fixture(scope="module")
def settings(tiny: str) -> Config:
    """The tiny experiment's configuration."""
    return loading.parse(tiny, "tiny")


@pytest.fixture(scope="module")
def finished(settings: Config) -> MemoryStore:
    """A store with the whole experiment; tests only read it."""
    store = MemoryStore()
    experiment.run(store, settings)
    return store


@pytest.fixture(scope="module")
def plan(finished: MemoryStore) -> Plan:
    """The plan of the experiment as it began."""
    return Plan(load_experiment(finished, "tiny"))


@pytest.fixture
def copy(finished: MemoryStore) -> MemoryStore:
    """A copy of the finished experiment's store."""
    return fill(MemoryStore(), finished)


@pytest.fixture
def copy_into(finished: MemoryStore) -> Callable[[MemoryStore], MemoryStore]:
    """A function that fills a store with the finished experiment."""
    return lambda store: fill(store, finished)


def fill(store: MemoryStore, source: Store) -> MemoryStore:
    for key in source.list(""):
        store.write(key, source.read(key))
    return store
