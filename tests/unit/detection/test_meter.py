"""How fast a stage goes through its images, by a clock that the test moves."""

import pytest

from job.detection.meter import Meter
from job.records.pace import NO_PACE, Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that pass only when a test says so."""
    now = [100.0]
    monkeypatch.setattr("job.detection.meter.time.perf_counter", lambda: now[0])
    return now


def test_the_time_until_an_item_is_there_is_waiting(clock: list[float]) -> None:
    """Two batches of 8 images, 2 s to read and 3 s to compute each: 4 of 10 s are waiting."""

    def read() -> list[int]:
        clock[0] += 2
        return [1]

    measured = Meter()
    for _ in measured.waiting((read() for _ in range(2)), images_each=8):
        clock[0] += 3
    assert measured.pace() == Pace(images=16, seconds=10.0, waiting_seconds=4.0, gpu_mib=0)


def test_several_series_count_together(clock: list[float]) -> None:
    """Parts that are read one after the other; what passes between them is no waiting."""
    measured = Meter()
    for part in ("ab", "c"):
        for _ in measured.waiting(part):
            clock[0] += 1
        clock[0] += 0.5
    assert measured.pace() == Pace(images=3, seconds=4.0, waiting_seconds=0.0, gpu_mib=0)


def test_nothing_that_was_asked_for_took_no_time(clock: list[float]) -> None:
    """An evaluation without a test set."""
    clock[0] += 1
    assert Meter().pace() == NO_PACE


def test_the_peak_of_a_gpu_is_that_of_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whole MiB, and that of an earlier stage in the same process is forgotten."""
    told: list[str] = []
    cuda = "job.detection.meter.torch.cuda"
    monkeypatch.setattr(f"{cuda}.is_initialized", lambda: True)
    monkeypatch.setattr(f"{cuda}.reset_peak_memory_stats", lambda: told.append("reset"))
    monkeypatch.setattr(f"{cuda}.max_memory_allocated", lambda: 3_500_000)
    measured = Meter()
    assert list(measured.waiting("ab")) == ["a", "b"]
    assert (measured.pace().gpu_mib, told) == (3, ["reset"])
