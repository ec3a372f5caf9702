"""The tiny experiment, begun and finished."""

import pytest

from job import experiment
from job.artifacts.moving import find_move, make_move
from job.config import loading
from job.config.schema import Config
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.growing import begin, correct, grow, run_with_people


@pytest.fixture(scope="session")
def settings(tiny: str) -> Config:
    """The tiny experiment's configuration."""
    return loading.parse(tiny, "tiny")


@pytest.fixture(scope="session")
def finished(tiny: str, finished_state: FinishedState) -> LocalStore:
    """A store with the whole experiment; tests only read it."""
    return LocalStore(finished_state(tiny))


@pytest.fixture(scope="session")
def held_out_text(tiny: str) -> str:
    """The tiny experiment of two rounds, with 5 images of its pool as the test set."""
    return tiny.replace("rounds: 3", "rounds: 2") + "test: {from: pool, size: 5}\n"


@pytest.fixture(scope="session")
def held_out(held_out_text: str, finished_state: FinishedState) -> LocalStore:
    """A store with that experiment; tests only read it."""
    return LocalStore(finished_state(held_out_text))


@pytest.fixture
def begun(settings: Config) -> tuple[MemoryStore, Config]:
    """A store in which the experiment has begun, and its configuration."""
    store = MemoryStore()
    return store, experiment.init(store, Plan(settings)).config


@pytest.fixture(scope="session")
def grown() -> MemoryStore:
    """A finished experiment on a data set that grew; tests only read it.

    Rounds 0 and 1 use version 1, in which 4 of 16 images came along with labels. Round 2 uses
    version 5: of 8 more images 2 came along, and the labels of images 0 and 1 were corrected.
    """
    store = MemoryStore()
    config = begin(store)
    run_with_people(store, config.model_copy(update={"rounds": 2}))
    grow(store)
    correct(store, (0, 1))
    plan = experiment.init(store, Plan(config))
    make_move(store, plan, find_move(store, plan))
    run_with_people(store, config)
    return store
