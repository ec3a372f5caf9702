"""Small memories."""

from itertools import count
from threading import Barrier, Thread

import pytest

from job.errors import TemporaryError
from job.serve.cache import Kept, Pictures, Remembered


def test_what_is_remembered_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its seconds are over."""
    now = [100.0]
    monkeypatch.setattr("job.serve.cache.time.monotonic", lambda: now[0])
    remembered = Remembered(count(1).__next__, seconds=5)
    assert [remembered.get(), remembered.get()] == [1, 1]
    now[0] += 5
    assert remembered.get() == 2


def test_a_failure_is_remembered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a store that is away does not wait once for each browser."""
    monkeypatch.setattr("job.serve.cache.time.monotonic", lambda: 100.0)
    calls = []

    def fail() -> int:
        calls.append(1)
        message = "away"
        raise TemporaryError(message)

    remembered = Remembered(fail, seconds=5)
    for _ in range(2):
        with pytest.raises(TemporaryError, match="away"):
            remembered.get()
    assert len(calls) == 1


def test_several_threads_share_one_call() -> None:
    """The others wait for it."""
    remembered = Remembered(count(1).__next__, seconds=60)
    barrier, results = Barrier(4), list[int]()

    def ask() -> None:
        barrier.wait()
        results.append(remembered.get())

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1, 1, 1, 1]


def test_the_longest_unused_one_makes_room() -> None:
    """What was asked for lately stays."""
    kept: Kept[str, str] = Kept(2)
    assert [kept.get(key, lambda key=key: key.upper()) for key in "abab"] == ["A", "B", "A", "B"]  # type: ignore[misc]
    assert kept.get("a", lambda: "not made again") == "A"
    kept.get("c", lambda: "C")
    assert kept.get("b", lambda: "made again") == "made again"


def test_pictures_take_no_more_than_their_bytes() -> None:
    """One that is larger than all of the room is shown, and not kept."""
    pictures, made = Pictures(max_bytes=10, at_once=1), list[str]()

    def ask(name: str, size: int) -> int:
        def make() -> bytes:
            made.append(name)
            return b"x" * size

        return len(pictures.get((name,), make))

    assert [ask("a", 4), ask("b", 4), ask("a", 4), ask("c", 4), ask("a", 4)] == [4] * 5
    assert made == ["a", "b", "c"]
    assert ask("b", 4) == 4
    assert ask("huge", 11) == 11
    assert ask("huge", 11) == 11
    assert made == ["a", "b", "c", "b", "huge", "huge"]
