"""experiment.yaml: its format, and settings of a newer version."""

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.config import loading
from job.config.schema import Config
from job.errors import BadDataError
from job.keys import ExperimentKeys
from job.plan import Plan
from job.storage.memory import MemoryStore

KEY = ExperimentKeys("tiny").config


@pytest.fixture
def store(settings: Config) -> MemoryStore:
    """A store in which the experiment has begun."""
    made = MemoryStore()
    experiment.init(made, Plan(settings))
    return made


def test_a_stored_configuration_says_its_format(store: MemoryStore) -> None:
    """And a copy of it is a configuration like any other."""
    text = store.read(KEY).decode()
    assert text.startswith("format: 1\n")
    assert loading.parse(text, "copy") == load_experiment(store, "tiny")


def test_settings_of_a_newer_version_are_left_alone(store: MemoryStore) -> None:
    """At the top and within a section."""
    before = load_experiment(store, "tiny")
    text = store.read(KEY).decode().replace("train:\n", "new: 1\ntrain:\n  newer: {a: 1}\n")
    store.write(KEY, text.encode())
    assert load_experiment(store, "tiny") == before


@pytest.mark.parametrize(
    ("first", "words"),
    [("format: 2\n", "written by a newer version"), ("", "has no `format`")],
)
def test_a_configuration_of_another_format_gets_one_line(
    store: MemoryStore, first: str, words: str
) -> None:
    """It says which version reads it."""
    store.write(KEY, store.read(KEY).replace(b"format: 1\n", first.encode()))
    with pytest.raises(BadDataError, match=words):
        load_experiment(store, "tiny")
