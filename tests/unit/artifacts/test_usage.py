"""What Jobs took of a cluster: the ledger, and its sums."""

import pytest

from job.artifacts.usage import Ledger, Usage, load_page
from job.errors import BadDataError
from job.keys import RoundRef
from job.records.pace import NO_PACE, Pace
from job.storage.memory import MemoryStore

TRAIN = RoundRef("exp", 0, "random", 1).stage("train")
SCORE = RoundRef("exp", 1, None, 0).stage("score")
ONE = Usage(1, 12.0, 100.0, 200.0, 0.5, 2, 1)


def test_sums_are_by_stage() -> None:
    """Whatever the seed, the arm, the round and the attempt."""
    ledger = Ledger(MemoryStore(), "exp")
    ledger.record(TRAIN, "1", ONE)
    ledger.record(TRAIN, "2", Usage(1, 3.0, 50.0, 100.0, 0.25, 1, 0))
    ledger.record(SCORE, "1", Usage(1, 1.0, 8.0, 0.0, 0.0, 4, 0))
    assert ledger.totals() == {
        "train": Usage(2, 15.0, 150.0, 300.0, 0.75, 3, 1),
        "score": Usage(1, 1.0, 8.0, 0.0, 0.0, 4, 0),
    }


def test_a_seed_has_an_object_of_its_own() -> None:
    """So a write is small, and a reader needs as many requests as there are seeds."""
    store = MemoryStore()
    ledger = Ledger(store, "exp")
    for ref in (TRAIN, SCORE, RoundRef.of_test("exp", 0).stage("annotate")):
        ledger.record(ref, "1", ONE)
    assert list(store.list("experiments/exp/usage/")) == [
        "experiments/exp/usage/seed-0.json",
        "experiments/exp/usage/seed-1.json",
        "experiments/exp/usage/test.json",
    ]


def test_a_job_counts_once() -> None:
    """A driver that was killed after it had recorded a Job records it again."""
    store = MemoryStore()
    Ledger(store, "exp").record(TRAIN, "1", ONE)
    again = Ledger(store, "exp")
    again.record(TRAIN, "1", ONE)
    assert again.totals() == {"train": ONE}


def test_a_damaged_page_is_named() -> None:
    """With what to do about it."""
    store = MemoryStore()
    store.write("experiments/exp/usage/seed-0.json", b'{"format": 1, "jobs": {"a": 1}}')
    with pytest.raises(BadDataError, match=r"usage/seed-0.json is damaged .*: remove it"):
        Ledger(store, "exp").totals()


def test_a_pod_s_container_image_is_kept() -> None:
    """By the pod's name, which its marker has, too; a page of before has none."""
    store = MemoryStore()
    key = "experiments/exp/usage/seed-0.json"
    store.write(key, b'{"format": 1, "jobs": {}}')
    Ledger(store, "exp").record(TRAIN, "1", ONE, {"pod-a": "registry.example/al-job@sha256:12"})
    Ledger(store, "exp").record(TRAIN, "2", ONE, {"pod-b": "registry.example/al-job@sha256:34"})
    assert load_page(store.read(key), key).images == {
        "pod-a": "registry.example/al-job@sha256:12",
        "pod-b": "registry.example/al-job@sha256:34",
    }


def test_how_fast_stages_were_is_summed_up() -> None:
    """Images and seconds are added, memory is not; a page of before says nothing of it."""
    store = MemoryStore()
    ledger = Ledger(store, "exp")
    ledger.record(TRAIN, "1", Usage(1, pace=Pace(60, 3.0, 1.0, 300)))
    ledger.record(TRAIN, "2", Usage(1, pace=Pace(40, 2.0, 0.5, 200)))
    again = Ledger(store, "exp").totals()
    assert again == {"train": Usage(2, pace=Pace(100, 5.0, 1.5, 300))}
    old = b'{"format": 1, "jobs": {"a/train/1": {"jobs": 1}}}'
    assert load_page(old, "p").jobs["a/train/1"].pace == NO_PACE
