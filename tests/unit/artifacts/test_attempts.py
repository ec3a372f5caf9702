"""Several attempts at one stage: a pod of a lost node that comes back harms nobody."""

import hashlib
import json
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.artifacts.markers import Markers, digest_of, join_partitions
from job.artifacts.prune import find_prunable
from job.artifacts.reader import Reader
from job.artifacts.stage_io import StageIO
from job.config.schema import Config
from job.keys import StageRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.memory import MemoryStore
from tests.outputs import is_output, output_key, read_output
from tests.unit.stages.tiny import ROUND_0, ROUND_1

TRAIN = ROUND_1.stage("train")


def attempt_at(store: MemoryStore, plan: Plan, ref: StageRef = TRAIN) -> StageIO:
    """Return an attempt that has begun, and has read what a training reads."""
    io = StageIO(store, plan, ref)
    io.begin()
    list(io.labelled_shards())
    return io


@pytest.fixture
def retrained(copy: MemoryStore) -> MemoryStore:
    """A finished experiment in which one training is about to run again."""
    copy.delete(TRAIN.done)
    return copy


def test_the_first_attempt_that_ends_is_the_one_that_counts(
    retrained: MemoryStore, plan: Plan
) -> None:
    """On a GPU the bytes differ; those of the later one are rubbish, which pruning removes."""
    zombie, winner = attempt_at(retrained, plan), attempt_at(retrained, plan)
    winner.write("model.safetensors", b"winner")
    winner.write("history.jsonl", b"of the winner", volatile=True)
    winner.commit(1)
    marker = retrained.read(TRAIN.done)
    zombie.write("model.safetensors", b"zombie")
    zombie.write("history.jsonl", b"of the zombie", volatile=True)
    zombie.commit(2)
    assert retrained.read(TRAIN.done) == marker
    assert Reader(retrained).model(ROUND_1) == b"winner"
    assert read_output(retrained, TRAIN, "history.jsonl") == b"of the winner"
    assert Markers(retrained).is_done(TRAIN, plan.config)
    left = [each for each in find_prunable(retrained, plan) if each.kind == "orphans"]
    found = [retrained.read(each.key) for each in left if each.key.startswith(TRAIN.prefix)]
    assert b"zombie" in found
    assert b"winner" not in found


def test_a_finished_stage_keeps_its_marker_when_an_attempt_wakes_up(
    retrained: MemoryStore, plan: Plan
) -> None:
    """It was suspended after it had looked whether the stage is done."""
    winner = attempt_at(retrained, plan)
    winner.write("model.safetensors", b"winner")
    winner.commit(1)
    attempt_at(retrained, plan)
    assert Markers(retrained).is_done(TRAIN, plan.config)


def test_a_marker_of_the_same_moment_is_not_overwritten(
    retrained: MemoryStore, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the writing, a store with conditional writes decides."""
    slow, quick = attempt_at(retrained, plan), attempt_at(retrained, plan)
    for io, name in ((slow, b"slow"), (quick, b"quick")):
        io.write("model.safetensors", name)
        io.write("history.jsonl", name, volatile=True)
    look = Markers.at

    def look_and_sleep(self: Markers, key: str) -> object:
        found = look(self, key)
        if self is slow.markers:
            monkeypatch.setattr(Markers, "at", look)
            quick.commit(1)
        return found

    monkeypatch.setattr(Markers, "at", look_and_sleep)
    slow.commit(2)
    assert Reader(retrained).model(ROUND_1) == b"quick"
    assert read_output(retrained, TRAIN, "history.jsonl") == b"quick"


def test_a_marker_that_is_written_while_another_attempt_begins_stays(
    retrained: MemoryStore, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not there at the look, so that it is not the one that does not fit."""
    slow, quick = StageIO(retrained, plan, TRAIN), attempt_at(retrained, plan)
    quick.write("model.safetensors", b"quick")
    look = Markers.at

    def look_and_sleep(self: Markers, key: str) -> object:
        found = look(self, key)
        if self is slow.markers and key == TRAIN.done:
            monkeypatch.setattr(Markers, "at", look)
            quick.commit(1)
        return found

    monkeypatch.setattr(Markers, "at", look_and_sleep)
    slow.begin()
    assert Reader(retrained).model(ROUND_1) == b"quick"


def test_a_marker_whose_answer_was_lost_is_nobody_elses(
    retrained: MemoryStore, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request was repeated, and then the store says that there is an object."""
    io, write = attempt_at(retrained, plan), retrained.write

    def write_and_lose(key: str, data: bytes, *, if_absent: bool = False) -> bool:
        return write(key, data, if_absent=if_absent) and not if_absent

    monkeypatch.setattr(retrained, "write", write_and_lose)
    io.write("model.safetensors", b"mine")
    with capture_logs() as logs:
        io.commit(1)
    assert Reader(retrained).model(ROUND_1) == b"mine"
    assert logs == []


def annotate_again(store: MemoryStore) -> None:
    """Let the stage before the training have run again, with another output."""
    annotate = ROUND_1.stage("annotate")
    content = json.loads(store.read(annotate.done)) | {"digest": "another"}
    store.write(annotate.done, json.dumps(content).encode())


def test_an_attempt_with_inputs_of_the_past_overwrites_nothing(
    retrained: MemoryStore, plan: Plan
) -> None:
    """While it slept, an earlier stage ran again, and this one with its new output."""
    zombie = attempt_at(retrained, plan)
    zombie.write("model.safetensors", b"zombie")
    annotate_again(retrained)
    winner = attempt_at(retrained, plan)
    winner.write("model.safetensors", b"winner")
    winner.commit(1)
    zombie.commit(2)
    assert Reader(retrained).model(ROUND_1) == b"winner"
    assert Markers(retrained).is_done(TRAIN, plan.config)


def test_a_marker_of_the_past_is_overwritten(retrained: MemoryStore, plan: Plan) -> None:
    """The attempt with the present inputs counts, although the other one was faster."""
    zombie = attempt_at(retrained, plan)
    zombie.write("model.safetensors", b"zombie")
    annotate_again(retrained)
    winner = attempt_at(retrained, plan)
    winner.write("model.safetensors", b"winner")
    zombie.commit(2)
    winner.commit(1)
    assert Reader(retrained).model(ROUND_1) == b"winner"
    assert Markers(retrained).is_done(TRAIN, plan.config)


def test_a_partition_that_comes_back_changes_nothing(copy: MemoryStore, plan: Plan) -> None:
    """The record that all partitions joined stays, and each marker of a partition."""
    ref = ROUND_0.stage("score")
    copy.delete(ref.done)
    for index in (0, 1):
        run_stage(copy, plan, ref, (index, 2))
    before = {key: copy.read(key) for key in copy.list(ref.prefix) if key.endswith(".json")}
    assert len(before) == 3
    zombie = StageIO(copy, plan, ref, (1, 2))
    zombie.begin()
    assert zombie.model(ROUND_0)
    assert zombie.dataset
    own = Markers(copy).at(ref.partition_done(1, 2))
    assert own is not None
    zombie._inputs = own.inputs  # noqa: SLF001 - it has read what the partition reads
    zombie.write("part-00003.parquet", b"zombie")
    zombie.commit(1)
    assert {key: copy.read(key) for key in before} == before


def test_partitions_of_the_past_do_not_join_over_a_finished_record(
    copy: MemoryStore, plan: Plan
) -> None:
    """Later stages have read it, and would run again; on a GPU its bytes would be others, too."""
    ref = ROUND_0.stage("score")
    for index in (0, 1):
        copy.delete(ref.done)
        run_stage(copy, plan, ref, (index, 2))
    copy.delete(ref.done)
    run_stage(copy, plan, ref)
    marker = copy.read(ref.done)
    own = Markers(copy).at(ref.partition_done(1, 2))
    assert own is not None
    join_partitions(copy, ref, replace(own, attempt="zombie"), 2)
    assert copy.read(ref.done) == marker


def test_an_output_that_is_read_before_its_stage_is_done_keeps_its_name(
    retrained: MemoryStore, plan: Plan
) -> None:
    """What people are asked is there before anybody has answered."""
    io = attempt_at(retrained, plan)
    io.write("batch.json", b"asked", volatile=True, in_place=True)
    io.commit(1)
    assert retrained.read(TRAIN.key("batch.json")) == b"asked"
    marker = Markers(retrained).get(TRAIN)
    assert marker is not None
    assert (marker.key_of(TRAIN, "batch.json"), marker.digest) == (
        TRAIN.key("batch.json"),
        digest_of({}),
    )


def test_an_output_lies_under_the_digest_of_its_bytes(finished: MemoryStore) -> None:
    """By the README of a marker: stem, 16 digits of SHA-256, suffix; equal runs have equal keys."""
    key = output_key(finished, TRAIN, "model.safetensors")
    digest = hashlib.sha256(finished.read(key)).hexdigest()
    assert key == f"{TRAIN.prefix}model-{digest[:16]}.safetensors"


def in_the_older_format(store: MemoryStore) -> MemoryStore:
    """Return the store as a version before named it: all outputs under their own names."""
    for key in list(store.list("experiments/")):
        if not key.endswith("/done.json"):
            continue
        marker, folder = json.loads(store.read(key)), key.removesuffix("done.json")
        for name, place in marker.pop("keys").items():
            store.write(f"{folder}{name}", store.read(f"{folder}{place}"))
            store.delete(f"{folder}{place}")
        store.write(key, json.dumps(marker | {"format": 1}).encode())
    assert not any(is_output(key) for key in store.list("experiments/"))
    return store


def test_a_store_of_the_older_format_is_read(
    copy: MemoryStore, plan: Plan, settings: Config
) -> None:
    """Nothing that is finished runs again, and a stage that does finds its inputs."""
    evaluate = ROUND_1.stage("evaluate")
    metrics = read_output(copy, evaluate, "metrics.json")
    old = in_the_older_format(copy)
    assert experiment.run(old, settings).num_run == 0
    assert len(Reader(old).labelled_images(ROUND_1)) == 4
    assert {each.kind for each in find_prunable(old, plan)} == {"models"}
    old.delete(evaluate.done)
    run_stage(old, plan, evaluate)
    assert read_output(old, evaluate, "metrics.json") == metrics
