"""Looks at experiments: what is read, and how often."""

import json
from collections import Counter

import pytest

from job.errors import ConfigError
from job.keys import RoundRef
from job.serve.looks import SECONDS_BETWEEN_REFRESHES, Experiment, Looks, Summaries
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import output_key
from tests.stores import filled

TRAINED = RoundRef("tiny", 0, "random", 1).stage("train").done


class Counting(MemoryStore):
    """Counts what is read and listed."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[str] = Counter()
        self.lists: list[str] = []

    def read(self, key: str) -> bytes:
        self.reads[key] += 1
        return super().read(key)

    def list(self, prefix: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - as the store's
        self.lists.append(prefix)
        return super().list(prefix)


@pytest.fixture
def store(finished: LocalStore) -> Counting:
    return filled(Counting(), finished)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds."""
    clock = [1000.0]
    monkeypatch.setattr("job.serve.looks.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("job.serve.cache.time.monotonic", lambda: clock[0])
    return clock


def test_a_second_look_reads_nothing_again(store: Counting, now: list[float]) -> None:
    """It is one listing and the configuration, which may change."""
    looks = Looks(store)
    first = looks.at("tiny")
    assert max(store.reads.values()) == 1
    store.reads.clear()
    store.lists.clear()
    assert looks.at("tiny") is first
    assert not store.reads
    now[0] += 5
    second = looks.at("tiny")
    assert (second.status, second.rows) == (first.status, first.rows)
    assert store.reads == {"experiments/tiny/experiment.yaml": 1}
    assert store.lists == ["experiments/tiny/"]


def test_what_ran_again_is_seen_after_some_minutes(store: Counting, now: list[float]) -> None:
    """A marker that was written anew, with other seconds."""
    experiment = Experiment(store, "tiny")
    experiment.look()
    store.write(TRAINED, json.dumps(json.loads(store.read(TRAINED)) | {"seconds": 9.5}).encode())

    def seconds() -> set[float | None]:
        rounds = experiment.look().status.rounds
        return {each.stages["train"].seconds for each in rounds if "train" in each.stages}

    assert 9.5 not in seconds()
    now[0] += SECONDS_BETWEEN_REFRESHES
    assert 9.5 in seconds()


def test_a_stage_that_has_gone_is_seen_at_once(store: Counting) -> None:
    """It is about to run again."""
    experiment = Experiment(store, "tiny")
    before = experiment.look()
    store.delete(TRAINED)
    gone = [each for each in experiment.look().status.rounds if "train" not in each.stages]
    assert [(each.arm, each.round) for each in gone] == [("random", 1)]
    assert all("train" in each.stages for each in before.status.rounds)


def test_damage_is_told_and_hides_nothing_else(store: Counting) -> None:
    """A marker, metrics, and how far people are: what can be read is there."""
    evaluate = RoundRef("tiny", 0, "brust", 2).stage("evaluate")
    metrics = output_key(store, evaluate, "metrics.json")
    annotate = RoundRef("tiny", 0, "brust", 2).stage("annotate")
    store.write(TRAINED, b"{")
    store.write(metrics, b"damaged")
    store.delete(RoundRef("tiny", 0, "random", 2).stage("annotate").done)
    store.write(RoundRef("tiny", 0, "random", 2).stage("annotate").key("annotating.json"), b"{")
    look = Experiment(store, "tiny").look()
    told = "; ".join(look.problems)
    assert all(word in told for word in ("done.json", metrics, "annotating.json"))
    assert annotate.done in look.listing
    assert not look.annotating


def test_an_experiment_that_is_damaged_stays_so(store: Counting, now: list[float]) -> None:
    """The failure is remembered for some seconds, too."""
    store.write("experiments/tiny/experiment.yaml", b"[")
    looks = Looks(store)
    for _ in range(2):
        with pytest.raises(ConfigError):
            looks.at("tiny")
    assert store.reads["experiments/tiny/experiment.yaml"] == 1
    assert now == [1000.0]


def test_the_list_needs_one_listing(store: Counting, people: MemoryStore, now: list[float]) -> None:
    """Of all experiments; how far people are is told in it."""
    summaries = Summaries(store)
    (found,) = summaries.get()
    assert (found.name, found.dataset, found.state) == ("tiny", "drawn", "finished")
    assert found.num_done == found.num_stages == 22  # 5 of round 0, 4 + 4 of random, 5 + 4 of brust
    assert store.lists == ["experiments/"]
    now[0] += 15
    store.reads.clear()
    summaries.get()
    assert not store.reads
    (found,) = Summaries(people).get()
    assert found.state == "annotating: 3 of 4 to go"
