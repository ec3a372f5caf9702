import threading
import time
from collections.abc import Iterator

import pytest

from job.runtime.parallel import DroppedError, in_threads, stop_if_dropped


def numbers(drawn: list[int]) -> Iterator[int]:
    """0, 1, 2, ... up to 99; each is noted when it is drawn."""
    for number in range(100):
        drawn.append(number)
        yield number


def test_results_come_in_order() -> None:
    """Also where the earlier ones take longer."""

    def slow_when_even(number: int) -> int:
        time.sleep(0.002 * (number % 2 == 0))
        return -number

    assert list(in_threads(slow_when_even, range(20), 4, 4)) == [-number for number in range(20)]


def test_few_items_are_under_way_at_any_time() -> None:
    """So that no more than a handful is in memory, however slowly results are taken."""
    drawn: list[int] = []
    results = in_threads(lambda number: number, numbers(drawn), 2, 4)
    for _ in range(3):
        next(results)
    assert len(drawn) == 3 + 4
    results.close()
    assert len(drawn) == 3 + 4


def test_items_are_worked_on_beside_each_other() -> None:
    """Two that wait for each other both end."""
    meeting = threading.Barrier(2, timeout=60)
    assert len(list(in_threads(lambda _: meeting.wait(), range(2), 2, 2))) == 2


def test_what_a_function_raises_comes_in_its_turn() -> None:
    """After the results before it; of the items after it, those that wait are dropped."""
    begun: list[int] = []

    def divide(number: int) -> float:
        begun.append(number)
        return 6 / (2 - number)

    results = in_threads(divide, range(50), 1, 40)
    assert [next(results), next(results)] == [3, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert len(begun) < 50


def test_what_nobody_waits_for_can_stop() -> None:
    """Once the caller has closed the results, and not before."""
    ended: list[str] = []
    begun = threading.Event()

    def work(number: int) -> int:
        stop_if_dropped()
        if number == 0:
            return number
        begun.set()
        try:
            for _ in range(1000):
                time.sleep(0.005)
                stop_if_dropped()
            ended.append("late")
        except DroppedError:
            ended.append("dropped")
            raise
        return number

    results = in_threads(work, range(2), 2, 1)
    assert next(results) == 0
    assert begun.wait(60)
    results.close()
    assert ended == ["dropped"]
    stop_if_dropped()  # this thread is nobody's
