"""Stores that tests of commands begin with."""

from pathlib import Path

import pytest

from job import experiment
from job.config import loading
from job.plan import Plan
from job.storage.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return tmp_path / "state"


@pytest.fixture
def begun(store: Path, tiny: str) -> Path:
    """A store in which one experiment of two arms has begun."""
    experiment.init(LocalStore(store), Plan(loading.parse(tiny, "tiny")))
    return store
