"""One driver an experiment, as the heartbeats in the store tell; no test waits for real time."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from job.artifacts.holder import Holder, read_holder, remove_holder, write_holder
from job.errors import ConfigError, TemporaryError
from job.hold import Hold, refuse_while_held
from job.storage.memory import MemoryStore

HERE = Holder("al-voc", "namespace al of cluster 11111111", "here-1")
THERE = Holder("al-voc", "namespace al of cluster 22222222", "there-1")


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: float = 0.0
    during_sleep: list[Callable[[], object]] = field(default_factory=list)
    """What happens during each sleep, in their order."""

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.during_sleep:
            self.during_sleep.pop(0)()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of those who wait for another's heartbeat."""
    made = Clock()
    monkeypatch.setattr("job.hold.time", made)
    return made


def take(store: MemoryStore, holder: Holder) -> list[str]:
    """Take hold of the experiment and let go, as a driver that ends; return what it told."""
    told: list[str] = []
    with Hold(store, "tiny", holder) as hold:
        hold.take(told.append)
        assert holder_of(store) == holder.process
        hold.let_go()
    return told


def holder_of(store: MemoryStore) -> str | None:
    """Return which process holds the experiment."""
    found = read_holder(store, "tiny")
    return found.process if found else None


@pytest.mark.usefixtures("clock")
def test_what_nobody_holds_is_taken_at_once() -> None:
    """It is let go of in the end, so that another cluster may continue."""
    store = MemoryStore()
    assert take(store, HERE) == []
    assert take(store, THERE) == []


def test_a_holder_whose_heartbeat_grows_is_left_alone(clock: Clock) -> None:
    """The second driver is told whose the experiment is, and changes nothing."""
    store = MemoryStore()
    write_holder(store, "tiny", THERE)
    clock.during_sleep = [
        lambda: None,
        lambda: write_holder(store, "tiny", THERE.next_beat()),
    ]
    words = r"'tiny' is run by release al-voc in namespace al of cluster 22222222 \(there-1\)"
    told: list[str] = []
    with Hold(store, "tiny", HERE) as hold, pytest.raises(ConfigError, match=words):
        hold.take(told.append)
    assert not hold.is_mine
    assert holder_of(store) == "there-1"
    assert told[-1] == f"to see whether {THERE}, which held tiny, is alive"


def test_a_holder_without_heartbeat_is_dead(clock: Clock) -> None:
    """Clocks do not count: only whether the heartbeat grows while somebody looks."""
    store = MemoryStore()
    write_holder(store, "tiny", THERE)
    take(store, HERE)
    assert 60 <= clock.now <= 80


def test_a_holder_that_lets_go_meanwhile_is_waited_for_no_longer(clock: Clock) -> None:
    """It has ended well."""
    store = MemoryStore()
    write_holder(store, "tiny", THERE)
    clock.during_sleep = [lambda: remove_holder(store, "tiny")]
    take(store, HERE)
    assert clock.now == 5


def test_a_driver_of_the_same_release_takes_over_at_once(clock: Clock) -> None:
    """The pod that came before it is gone; if it lives nevertheless, it ends by itself."""
    store = MemoryStore()
    later = Holder(HERE.release, HERE.place, "here-2")
    with Hold(store, "tiny", HERE) as hold:
        hold.take(print)
        hold.check()
        with Hold(store, "tiny", later) as other:
            other.take(print)
            hold.beat()
            with pytest.raises(TemporaryError, match=r"a later driver of .* \(here-2\) has taken"):
                hold.check()
            assert holder_of(store) == "here-2"
    assert clock.now == 0


@pytest.mark.usefixtures("clock")
def test_a_driver_that_was_cut_off_sees_that_another_holds() -> None:
    """It ends, since what it starts would run twice; and it does not remove the other's hold."""
    store = MemoryStore()
    with Hold(store, "tiny", HERE) as hold:
        hold.take(print)
        write_holder(store, "tiny", THERE)
        hold.beat()
        with pytest.raises(ConfigError, match="cluster 22222222"):
            hold.check()
        hold.let_go()
    assert holder_of(store) == "there-1"


@pytest.mark.usefixtures("clock")
def test_of_two_drivers_that_begin_at_the_same_time_one_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever does not find itself in the store looks again, and finds the other."""
    store = MemoryStore()
    write = MemoryStore.write

    def write_second(self: MemoryStore, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        monkeypatch.setattr(MemoryStore, "write", write)
        write_holder(store, "tiny", THERE)
        return self.write(key, data, if_absent=if_absent)

    monkeypatch.setattr(MemoryStore, "write", write_second)
    monkeypatch.setattr("job.runtime.retry.SECONDS_BETWEEN_ATTEMPTS", 0)
    with Hold(store, "tiny", HERE) as hold:
        told: list[str] = []
        hold.take(told.append)  # the other one has no heartbeat
    assert told[-1] == f"to see whether {THERE}, which held tiny, is alive"


@pytest.mark.usefixtures("clock")
def test_an_experiment_stays_held_until_its_driver_lets_go() -> None:
    """The next driver of the release continues, or the driver that failed has stages that run."""
    store = MemoryStore()
    with Hold(store, "tiny", HERE) as hold:
        hold.take(print)
    assert holder_of(store) == "here-1"
    hold.let_go()
    assert holder_of(store) is None


@pytest.mark.usefixtures("clock")
def test_who_lets_go_does_not_take_hold_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A last heartbeat would write what was just removed."""
    store = MemoryStore()
    monkeypatch.setattr("job.hold.SECONDS_BETWEEN_BEATS", 0.0)
    with Hold(store, "tiny", HERE) as hold:
        hold.take(print)
        hold.let_go()
        assert not hold._thread.is_alive()  # noqa: SLF001 - the heartbeat runs in it
    assert holder_of(store) is None


def test_a_heartbeat_survives_an_outage_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next beat is the next try."""
    store = MemoryStore()
    with Hold(store, "tiny", HERE) as hold:
        monkeypatch.setattr("job.hold.SECONDS_BETWEEN_BEATS", 0.0)
        outages = [TemporaryError("away"), ValueError("a bug of a library")]
        beats: list[int] = []

        def beat() -> None:
            if outages:
                raise outages.pop()
            beats.append(1)
            hold._ended.set()  # noqa: SLF001 - the last beat of this test

        monkeypatch.setattr(hold, "beat", beat)
        monkeypatch.setattr(hold._ended, "wait", lambda _: hold._ended.is_set())  # noqa: SLF001 - it waits for no real time
        hold.take(print)
        hold._thread.join(5)  # noqa: SLF001 - what is tested runs in it
    assert beats == [1]


def test_a_run_without_a_driver_leaves_alone_what_a_driver_holds(clock: Clock) -> None:
    """It would run every stage once more; nothing is waited for where nobody holds."""
    store = MemoryStore()
    refuse_while_held(store, "tiny")
    assert clock.now == 0
    write_holder(store, "tiny", THERE)
    clock.during_sleep = [lambda: write_holder(store, "tiny", THERE.next_beat())]
    with pytest.raises(ConfigError, match="take another experiment name or store"):
        refuse_while_held(store, "tiny")
    assert holder_of(store) == "there-1"


def test_a_run_forgets_a_driver_that_is_dead(clock: Clock) -> None:
    """So that the next one does not wait again."""
    store = MemoryStore()
    write_holder(store, "tiny", THERE)
    refuse_while_held(store, "tiny")
    assert holder_of(store) is None
    assert clock.now == 70
