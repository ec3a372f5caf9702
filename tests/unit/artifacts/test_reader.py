"""Typed reads, held against the markers."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from job.artifacts.metrics import dump_metrics, load_metrics
from job.artifacts.pruned import read_pruned, write_pruned
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.errors import BadDataError, UsageError
from job.keys import RoundRef
from job.plan import Plan
from job.storage.memory import MemoryStore
from tests.outputs import output_key, read_output

ROUND_0 = RoundRef("tiny", 0, None, 0)
ROUND_1 = RoundRef("tiny", 0, "brust", 1)


def test_what_a_stage_wrote_is_read_typed(finished: MemoryStore) -> None:
    """Picks, cost, metrics, images and records of a round: 4 picks after 6."""
    reader = Reader(finished)
    picks = reader.picks(ROUND_1)
    assert [pick.score for pick in picks] == sorted((p.score for p in picks), reverse=True)
    assert (reader.cost(ROUND_1).own.images, reader.cost(ROUND_1).cumulative.images) == (4, 10)
    assert reader.metrics(ROUND_1).num_images == 6
    assert [image.id for image in reader.labelled_images(ROUND_1)] == [pick.id for pick in picks]
    assert len(reader.score_parts(ROUND_0)) == 4
    assert len(reader.labelled_parts(ROUND_0)) == 2
    assert len(reader.model(ROUND_1)) > 1000


@pytest.mark.parametrize(
    ("stage", "name", "read"),
    [
        ("select", "picks.csv", Reader.picks),
        ("annotate", "cost.json", Reader.cost),
        ("evaluate", "metrics.json", Reader.metrics),
        ("train", "model.safetensors", Reader.model),
    ],
)
def test_an_object_that_was_changed_is_refused(
    copy: MemoryStore, stage: str, name: str, read: object
) -> None:
    """Whoever reads it: the message names the object, and what to do."""
    key = output_key(copy, ROUND_1.stage(stage), name)  # type: ignore[arg-type]
    copy.write(key, copy.read(key) + b" ")
    with pytest.raises(BadDataError, match=f"{key} is not what its marker says"):
        read(Reader(copy), ROUND_1)  # type: ignore[operator]


def test_a_stage_that_is_not_done_is_answered_with_its_command(finished: MemoryStore) -> None:
    """The round after the last has no picks."""
    with pytest.raises(UsageError, match="is not done yet; `al-job select --round 3 --arm brust"):
        Reader(finished).picks(ROUND_1.at(3))


def test_an_object_that_is_missing_says_whether_it_was_pruned(copy: MemoryStore) -> None:
    """Both answers have the command that makes it again."""
    key = output_key(copy, ROUND_1.stage("train"), "model.safetensors")
    copy.delete(key)
    with pytest.raises(BadDataError, match="is missing although its stage is done"):
        Reader(copy).model(ROUND_1)
    write_pruned(copy, "tiny", {key: 3})
    with pytest.raises(BadDataError, match=r"was pruned; .*`al-job train --round 1 --arm brust"):
        Reader(copy).model(ROUND_1)


def test_metrics_of_a_newer_version_are_not_taken_for_damage(copy: MemoryStore) -> None:
    """A marker that fits and a newer format: the line says to update."""
    content = json.loads(read_output(copy, ROUND_1.stage("evaluate"), "metrics.json"))
    data = json.dumps(content | {"format": 9}).encode()
    with pytest.raises(BadDataError, match="format 9, written by a newer version"):
        load_metrics(data, "m")


def test_what_was_written_anew_is_read_by_its_new_marker(copy: MemoryStore) -> None:
    """Another process may run a stage again while this one remembers the old marker."""
    reader, ref = Reader(copy), ROUND_1.stage("evaluate")
    reader.metrics(ROUND_1)
    key = output_key(copy, ref, "metrics.json")
    data = dump_metrics(replace(reader.metrics(ROUND_1), num_images=99))
    marker = json.loads(copy.read(ref.done))
    marker["outputs"]["metrics.json"] = sha256(data).hexdigest()
    copy.write(key, data)
    remembering = Reader(copy)
    remembering.marker(ref)
    copy.write(ref.done, json.dumps(marker).encode())
    assert remembering.metrics(ROUND_1).num_images == 99


def test_a_budget_of_nothing_is_not_an_unset_one(copy: MemoryStore, plan: Plan) -> None:
    """0 images are fewer than what the plan says."""
    assert RoundReader(copy, plan, ROUND_1, budget=0).budget == 0
    assert RoundReader(copy, plan, ROUND_1).budget == 4


@pytest.mark.parametrize("content", [b"{", b'{"format": 1, "objects": [1]}', b'{"format": 1}'])
def test_a_damaged_record_of_what_was_pruned_says_what_to_do(
    copy: MemoryStore, content: bytes
) -> None:
    """It is worth little: without it, a model that is gone is only called missing."""
    copy.write("experiments/tiny/pruned.json", content)
    with pytest.raises(BadDataError, match=r"pruned\.json is damaged.*remove it"):
        read_pruned(copy, "tiny")
