"""The stage `score`: the record of all images, by one process or by several."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from job import experiment
from job.annotators.oracle import Oracle
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers, load_marker
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.data.dataset import Dataset
from job.detection.inference import predict as inference
from job.keys import StageRef
from job.plan import Plan
from job.stages import run_stage
from job.stages.score import parts_of
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.unit.stages.tiny import ROUND_0, ROUND_1, growing, picks_of, without_scores


def record_of(store: LocalStore, ref: StageRef, kind: str) -> list[pa.Table]:
    """The parts of a score record, in the order of their names."""
    marker = Markers(store).get(ref)
    assert marker
    names = sorted(name for name in marker.outputs if name.startswith(kind))
    return [pq.read_table(store.local_path(marker.key_of(ref, name))) for name in names]


def test_every_unlabelled_image_is_scored(finished: LocalStore) -> None:
    """After round 0, 24 - 6 images are left: parts of 5, 5, 5 and 3, all of them once."""
    ref = ROUND_0.stage("score")
    tables = record_of(finished, ref, "part")
    assert [len(table) for table in tables] == [5, 5, 5, 3]
    ids = [image_id for table in tables for image_id in table["id"].to_pylist()]
    labelled = {row["id"] for row in picks_of(finished, ROUND_0)}
    assert set(ids) == set(Dataset.open(finished, "drawn").ids("pool")) - labelled
    assert len(ids) == len(set(ids))


def test_every_labelled_image_is_scored_with_its_truth(finished: LocalStore) -> None:
    """After round 1, 6 + 4 images are labelled: two parts of 5, in the order of labelling."""
    tables = record_of(finished, ROUND_1.stage("score"), "labelled")
    assert [len(table) for table in tables] == [5, 5]
    ids = [image_id for table in tables for image_id in table["id"].to_pylist()]
    picks = [row["id"] for ref in (ROUND_0, ROUND_1) for row in picks_of(finished, ref)]
    assert ids == picks
    dataset = Dataset.open(finished, "drawn")
    true = Oracle(dataset).annotate(ids)
    found = [labels for table in tables for labels in table["truth_classes"].to_pylist()]
    assert [[dataset.classes[label] for label in labels] for labels in found] == [
        list(true[image_id].labels) for image_id in ids
    ]
    for table in tables:
        for row in table.to_pylist():
            assert len(row["truth_box"]) == len(row["truth_iou"]) == len(row["objectness"])
            assert all(-1 <= box < len(row["truth_classes"]) for box in row["truth_box"])


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_share_all_parts(count: int) -> None:
    """However many shards there are, each part belongs to one of them."""
    parts = [part for index in range(count) for part in parts_of(4, (index, count))]
    assert parts == [0, 1, 2, 3]


def test_only_scoring_compiles_the_network(
    finished: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is asked for; the images of an evaluation are too few."""
    compiled: list[str] = []
    monkeypatch.setattr(inference, "compile_network", lambda *_: compiled.append("a network"))
    store = MemoryStore()
    for key in finished.list(""):
        if "/score/" not in key and "/evaluate/" not in key:
            store.write(key, finished.read(key))
    begun = load_experiment(store, settings.experiment)
    runtime = begun.runtime.model_copy(update={"compile": True})
    plan = Plan(begun.model_copy(update={"runtime": runtime}))
    run_stage(store, plan, ROUND_0.stage("evaluate"))
    assert not compiled
    run_stage(store, plan, ROUND_0.stage("score"))
    assert compiled == ["a network"]


@pytest.mark.parametrize("count", [3, 5, 8])
def test_scoring_in_shards_gives_the_same_record(
    finished: LocalStore, settings: Config, count: int
) -> None:
    """The union of n shards is the record of one process, and done when the last shard is."""
    store = without_scores(finished)
    begun = load_experiment(store, settings.experiment)
    ref = ROUND_0.stage("score")
    for index in reversed(range(count)):
        assert not store.exists(ref.done)
        assert not Markers(store).is_done(ref, begun, (index, count))
        run_stage(store, Plan(begun), ref, (index, count))
        assert Markers(store).is_done(ref, begun, (index, count))
    marker, expected = Markers(store).get(ref), Markers(finished).get(ref)
    assert marker
    assert expected
    assert marker.outputs == expected.outputs
    assert marker.digest == expected.digest
    assert marker.keys == expected.keys
    keys = [ref.key(place) for place in marker.keys.values()]
    assert all(store.read(key) == finished.read(key) for key in keys)
    assert Markers(store).is_done(ref, begun)


def test_a_share_killed_before_the_shares_were_joined_is_joined_later(
    finished: LocalStore, settings: Config
) -> None:
    """All shares are done, but not the stage: the next attempt at any of them finds out."""
    store = without_scores(finished)
    begun = load_experiment(store, settings.experiment)
    ref = ROUND_0.stage("score")
    for index in range(2):
        experiment.run_one_stage(store, Plan(begun), ref, (index, 2))
    joined = store.read(ref.done)
    store.delete(ref.done)
    shares = [store.read(ref.partition_done(index, 2)) for index in range(2)]
    experiment.run_one_stage(store, Plan(begun), ref, (0, 2))
    assert json.loads(store.read(ref.done))["digest"] == json.loads(joined)["digest"]
    assert load_marker(joined, "m").pace.images == 24
    assert [store.read(ref.partition_done(index, 2)) for index in range(2)] == shares


def test_scores_are_of_the_pool_that_the_next_round_selects_from(grown: MemoryStore) -> None:
    """Of 24 images 6 came along and 4 are picks; those of round 2's version are scored in round 1.

    In round 0, of the 16 images of version 1, 4 came along and 2 are picks.
    """
    for index, unlabelled, labelled in ((0, 10, 6), (1, 14, 10)):
        reader = Reader(grown)
        parts = reader.score_parts(growing(index)), reader.labelled_parts(growing(index))
        tables = [pa.concat_tables(map(pq.read_table, paths)) for paths in parts]
        assert [len(table) for table in tables] == [unlabelled, labelled]
        ids = [image_id for table in tables for image_id in table["id"].to_pylist()]
        assert sorted(ids) == [f"{number:06d}" for number in range(unlabelled + labelled)]
