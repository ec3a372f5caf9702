"""When trackers are asked: after stages in one process, and in a thread beside a driver."""

from datetime import UTC, datetime
from threading import Event

import pytest

from job.artifacts.usage import Usage
from job.errors import ConfigError, StopRequested
from job.keys import RoundRef, StageRef
from job.launch.observer import JobEnd
from job.storage.memory import MemoryStore
from job.tracking import following
from job.tracking.following import Beside, Between
from job.tracking.tracker import Tracker
from tests.unit.tracking.conftest import Shown

ROUND = RoundRef("voc", 0, "brust", 1)


class Asked(Tracker):
    """A tracker that notes when it is asked."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), "voc", Shown())
        self.last: list[bool] = []
        self.is_asked = Event()

    def try_update(self, *, is_last: bool = False) -> None:
        self.last.append(is_last)
        self.is_asked.set()


class Done:
    """A launcher whose stages are done, one after another."""

    def __init__(self, *stages: StageRef) -> None:
        self._stages = iter(stages)

    def has_room(self, ref: StageRef) -> bool:  # noqa: ARG002 - of the protocol
        return True

    def start(self, ref: StageRef) -> None:
        """Do nothing."""

    def wait(self) -> list[StageRef]:
        return [next(self._stages)]


def ended(error: str = "") -> JobEnd:
    began = datetime(2026, 11, 30, tzinfo=UTC)
    return JobEnd(ROUND.stage("train"), "t-1", 1, began, (), Usage(), error)


def test_stages_that_show_something_are_followed_by_a_look() -> None:
    """A training has losses, and an evaluation is a point of a curve."""
    tracker = Asked()
    stages = [ROUND.stage(stage) for stage in ("select", "annotate", "train", "evaluate", "score")]
    launcher = Between(Done(*stages), [tracker])
    assert launcher.has_room(stages[0])
    looks = []
    for stage in stages:
        launcher.start(stage)
        assert launcher.wait() == [stage]
        looks.append(len(tracker.last))
    assert looks == [0, 0, 1, 2, 2]


def test_a_driver_shows_what_a_job_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread of its own looks at the beginning, after each Job that is done, and at the end."""
    monkeypatch.setattr(following, "SECONDS_BETWEEN_UPDATES", 0.0)
    tracker = Asked()
    with Beside([tracker]) as thread:
        thread.looked({})
        assert tracker.is_asked.wait(5)
        tracker.is_asked.clear()
        thread.job_ended(ended("no memory"))
        assert not tracker.is_asked.wait(0.01)
        thread.job_ended(ended())
        assert tracker.is_asked.wait(5)
    assert tracker.last == [False, False, True]


def test_what_ended_while_the_thread_rested_is_shown_at_the_end() -> None:
    """The end does not wait for the rest of the pause."""
    tracker = Asked()
    with Beside([tracker]) as thread:
        thread.looked({})
        assert tracker.is_asked.wait(5)
        thread.job_ended(ended())
    assert tracker.last == [False, True]


def test_a_driver_that_is_asked_to_stop_does_not_wait_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that does not answer would use up the time until SIGKILL."""
    monkeypatch.setattr(following, "_SECONDS_WHEN_STOPPED", 0.01)
    release = Event()

    class Stuck(Asked):
        def try_update(self, *, is_last: bool = False) -> None:  # noqa: ARG002 - of the tracker
            release.wait(5)

    thread = Beside([Stuck()])
    thread.looked({})
    with pytest.raises(StopRequested), thread:
        raise StopRequested
    release.set()


def test_a_driver_that_does_not_hold_the_experiment_shows_nothing() -> None:
    """The one that holds it shows the same, and what two write at once is there twice."""
    tracker = Asked()
    thread = Beside([tracker])
    thread.phase_changed("waiting", "whether another driver is alive")
    with pytest.raises(ConfigError), thread:
        raise ConfigError
    assert tracker.last == []


def test_a_driver_that_finds_all_done_shows_what_is_unshown() -> None:
    """It has nothing to look at, and an earlier one may have been stopped before it had shown."""
    tracker = Asked()
    with Beside([tracker]):
        pass
    assert tracker.last == [True]


def test_without_a_place_there_is_no_thread() -> None:
    """As for most experiments."""
    with Beside([]) as thread:
        thread.job_ended(ended())
