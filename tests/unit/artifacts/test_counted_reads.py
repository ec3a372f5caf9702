"""How often a report and a status read: each object once, with one listing."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from job.plan import Plan
from job.report.build import update_report, write_report
from job.standing import Progress
from job.storage import cache
from job.storage.memory import MemoryStore
from tests.unit.report.sketch import sketch


class CountingStore(MemoryStore):
    """Counts what is read and listed."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[str] = Counter()
        self.listings: Counter[str] = Counter()

    def read(self, key: str) -> bytes:
        self.reads[key] += 1
        return super().read(key)

    def read_range(self, key: str, start: int, size: int) -> bytes:
        self.reads[f"{key} from {start}"] += 1
        return MemoryStore.read(self, key)[start : start + size]

    def list(self, prefix: str) -> Iterator[str]:
        self.listings[prefix] += 1
        return super().list(prefix)


@pytest.fixture
def counted(
    copy_into: Callable[[MemoryStore], MemoryStore],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> CountingStore:
    """The finished experiment in a store that counts, and an empty cache."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "_verified", {})
    store = CountingStore()
    copy_into(store)
    store.reads.clear()
    store.listings.clear()
    return store


def most(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(key, number) for key, number in counts.items() if number > 1]


def test_a_report_reads_each_object_once(counted: CountingStore, plan: Plan) -> None:
    """Markers, picks, costs, metrics, shards and records, and the data set's objects, too."""
    write_report(counted, plan, draw=sketch)
    assert most(counted.reads) == []
    assert sum("done.json" in key for key in counted.reads) == 22
    assert counted.listings == {"experiments/tiny/": 1}


def test_an_updated_report_reads_each_object_once(counted: CountingStore, plan: Plan) -> None:
    """Also if the report is there and its results are compared first."""
    update_report(counted, plan, draw=sketch)
    assert most(counted.reads) == []
    assert counted.listings == {"experiments/tiny/": 1}


def test_a_status_reads_each_object_once(counted: CountingStore, plan: Plan) -> None:
    """A second look reads the markers again, but no metric whose marker is the same."""
    progress = Progress(counted, plan)
    first = progress.look()
    assert all(each.map50 is not None for each in first.rounds)
    assert most(counted.reads) == []
    assert progress.look() == first
    twice = [key for key, number in most(counted.reads)]
    assert all(key.endswith(("done.json", "status.json")) for key in twice)
    assert {number for _, number in most(counted.reads)} == {2}
    assert counted.listings == {"experiments/tiny/": 2}
