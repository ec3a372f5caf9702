"""The tiny experiment, begun and finished."""

import pytest

from job import experiment
from job.config import loading
from job.config.schema import Config
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState


@pytest.fixture(scope="session")
def settings(tiny: str) -> Config:
    """The tiny experiment's configuration."""
    return loading.parse(tiny, "tiny")


@pytest.fixture(scope="session")
def finished(tiny: str, finished_state: FinishedState) -> LocalStore:
    """A store with the whole experiment; tests only read it."""
    return LocalStore(finished_state(tiny))


@pytest.fixture
def begun(settings: Config) -> tuple[MemoryStore, Config]:
    """A store in which the experiment has begun, and its configuration."""
    store = MemoryStore()
    return store, experiment.init(store, Plan(settings)).config
