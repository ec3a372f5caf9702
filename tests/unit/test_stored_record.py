"""What a strategy is given of the score records in the store."""

import json
from typing import ClassVar

import pytest

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Selection, Strategy, Task
from job.artifacts.experiment_file import load_experiment
from job.artifacts.stage_io import StageIO
from job.config.schema import ArmConfig, Config
from job.errors import BadDataError, ConfigError
from job.plan import Plan
from job.records.score_record import GROUND_TRUTH_COLUMNS
from job.selection import StoredRecord, task_of
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import output_key
from tests.stores import filled
from tests.unit.stages.tiny import ROUND_0, ROUND_1


def test_what_a_strategy_is_given(finished: LocalStore, settings: Config) -> None:
    """The record of what is unlabelled, that of what is labelled, and nothing it does not read."""
    begun = load_experiment(finished, settings.experiment)
    io = StageIO(finished, Plan(begun), ROUND_1.at(2).stage("select"))
    task = task_of(io, ReadsBoth())
    seen = [image for part in task.unlabelled.record.parts({"objectness"}) for image in part.ids]
    assert sorted(seen) == sorted(task.unlabelled.ids)
    known = list(task.labelled.record.parts({*GROUND_TRUTH_COLUMNS, "objectness"}))
    ids = [image_id for part in known for image_id in part.ids.tolist()]
    assert sorted(ids) == sorted(task.labelled.ids)
    assert sum(len(part.ground_truth.classes) for part in known) == sum(task.class_counts.values())
    nothing = task_of(io, make_strategy(ArmConfig(strategy="random"))).unlabelled
    assert list(nothing.record.parts(["objectness"])) == []


def test_a_round_scored_by_an_older_version_is_named(
    finished: LocalStore, settings: Config
) -> None:
    """Without the record of the labelled images; the message says what to do."""
    store = filled(MemoryStore(), finished)
    ref = ROUND_1.stage("score")
    content = json.loads(store.read(ref.done))
    content["outputs"] = {k: v for k, v in content["outputs"].items() if k.startswith("part")}
    store.write(ref.done, json.dumps(content).encode())
    plan = Plan(load_experiment(store, settings.experiment))
    io = StageIO(store, plan, ROUND_1.at(2).stage("select"))
    with pytest.raises(BadDataError, match="no record of the labelled images"):
        task_of(io, ReadsBoth())


class ReadsBoth(Strategy):
    """Reads both records, and picks nothing."""

    reads: ClassVar[frozenset[str]] = frozenset({"objectness"})
    reads_labelled: ClassVar[frozenset[str]] = GROUND_TRUTH_COLUMNS | {"objectness"}

    def select(self, task: Task) -> Selection:
        del task
        return Selection(())


def test_a_column_that_was_not_scored_is_named(finished: LocalStore) -> None:
    """A strategy that reads box features says which setting makes them."""
    path = finished.local_path(output_key(finished, ROUND_0.stage("score"), "part-00000.parquet"))
    assert path
    candidates = StoredRecord((path,))
    with pytest.raises(ConfigError, match=r"reads box_features, .* score\.box_features"):
        next(candidates.parts({"probabilities", "box_features"}))
