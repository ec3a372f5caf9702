"""The loop: each stage runs once, after all that it needs."""

import pytest

from job import loop
from job.config import loading
from job.config.schema import Config
from job.keys import StageRef
from job.plan import Plan


@pytest.fixture
def settings(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


class Recorder:
    """A launcher that runs nothing and remembers."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.started: list[StageRef] = []
        self.running: list[StageRef] = []
        self.most = 0

    def has_room(self, _: StageRef) -> bool:
        return len(self.running) < self._capacity

    def start(self, ref: StageRef) -> None:
        self.started.append(ref)
        self.running.append(ref)
        self.most = max(self.most, len(self.running))

    def wait(self) -> list[StageRef]:
        return [self.running.pop(0)]


@pytest.mark.parametrize("capacity", [1, 3])
def test_every_stage_runs_once_after_what_it_needs(settings: Config, capacity: int) -> None:
    """Whatever the capacity, each stage starts once, when its needs are done, and none beyond."""
    launcher = Recorder(capacity)
    num_run = loop.run(Plan(settings), launcher, lambda _: False)
    assert num_run == len(launcher.started) == len(set(launcher.started))
    assert set(launcher.started) == set(Plan(settings).stages())
    assert launcher.most == capacity
    for position, ref in enumerate(launcher.started):
        assert set(launcher.started[:position]).issuperset(Plan(settings).needs(ref))


def test_what_is_done_does_not_run(settings: Config) -> None:
    """A stage with a valid marker is skipped."""
    launcher = Recorder(1)
    assert loop.run(Plan(settings), launcher, lambda _: True) == 0
    assert launcher.started == []


def test_a_stage_is_asked_about_when_all_it_needs_is_done(settings: Config) -> None:
    """Whether a marker fits is only known when the stages before have ended: not before."""
    launcher = Recorder(1)
    asked: list[StageRef] = []

    def is_done(ref: StageRef) -> bool:
        assert not set(launcher.running).intersection(Plan(settings).needs(ref))
        asked.append(ref)
        return ref.stage != "train"

    assert loop.run(Plan(settings), launcher, is_done) == len(launcher.started)
    assert {ref.stage for ref in launcher.started} == {"train"}
    for position, ref in enumerate(asked):
        assert set(asked[:position]).issuperset(Plan(settings).needs(ref))
