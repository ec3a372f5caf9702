"""How long a step and an image take here."""

from collections.abc import Iterator

import pytest

from job.config import loading
from job.config.schema import Config
from job.errors import ConfigError
from job.estimate import probe as module
from job.estimate.probe import probe
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A minute is long for a test."""
    monkeypatch.setattr(module, "SECONDS", dict.fromkeys(module.SECONDS, 0.01))
    monkeypatch.setattr(module, "FEWEST_STEPS", 2)
    monkeypatch.setattr(module, "NUM_IMAGES", 4)
    return iter([None])


KINDS = {("train",), ("score",), ("evaluate",), ("select", "brust"), ("annotate",)}


def test_only_what_runs_the_network_is_measured(finished: LocalStore, settings: Config) -> None:
    """Whatever else is asked for stays unknown."""
    rates = probe(finished, settings, KINDS)
    assert rates.keys() == {("train",), ("score",), ("evaluate",)}
    assert all(rate.seconds > 0 for rate in rates.values())
    assert all(rate.source.startswith("this machine, 1 thread") for rate in rates.values())


def test_what_is_not_asked_for_is_not_told(finished: LocalStore, settings: Config) -> None:
    """A finished stage tells it better."""
    assert probe(finished, settings, {("score",)}).keys() == {("score",)}
    assert probe(finished, settings, {("annotate",)}) == {}


def test_a_synthetic_data_set_need_not_be_drawn_yet(settings: Config) -> None:
    """A few of its images are drawn for this, and nothing is written."""
    store = MemoryStore()
    assert probe(store, settings, {("train",)}).keys() == {("train",)}
    assert list(store.list("")) == []


def test_a_gpu_that_is_not_there_cannot_be_measured(finished: LocalStore, tiny: str) -> None:
    """The message is that of a run."""
    config = loading.parse(tiny.replace("threads: 1", "threads: 1, device: cuda"), "tiny")
    with pytest.raises(ConfigError, match=r"runtime\.device: cuda, but torch sees no GPU"):
        probe(finished, config, KINDS)


def test_a_busy_machine_is_told(
    finished: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured then is slower than it will be."""
    monkeypatch.setattr(module, "usable_cpus", lambda: 2)
    for load, words in ((1.0, ""), (9.2, "; busy: a load of 9 on 2 CPUs")):
        monkeypatch.setattr("os.getloadavg", lambda load=load: (load, 0.0, 0.0))
        (rate,) = probe(finished, settings, {("train",)}).values()
        assert rate.source == f"this machine, 1 thread{words}"
