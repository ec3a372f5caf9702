"""What is shown of an experiment, by what stands in its store."""

import json
import math

import pytest

from job.artifacts.cost import Cost
from job.artifacts.experiment_file import load_experiment
from job.artifacts.reader import Reader
from job.keys import RoundRef
from job.plan import Plan
from job.storage.local import LocalStore
from job.tracking.runs import _of_picks, runs_of
from tests.conftest import FinishedState
from tests.outputs import output_key


@pytest.fixture(scope="module")
def store(tiny: str, finished_state: FinishedState) -> LocalStore:
    """A finished experiment of three rounds; tests only read it."""
    return LocalStore(finished_state(tiny))


@pytest.fixture
def plan(store: LocalStore) -> Plan:
    return Plan(load_experiment(store, "tiny"))


def test_each_arm_and_each_training_is_a_run(plan: Plan) -> None:
    """Round 0, which arms share, is a part of each curve, and one training."""
    runs = list(runs_of(plan))
    assert {run.name: run.num_parts for run in runs} == {
        "random/seed-0": 3,
        "brust/seed-0": 3,
        "round-000/seed-0": 1,
        "random/seed-0/round-001": 1,
        "random/seed-0/round-002": 1,
        "brust/seed-0/round-001": 1,
        "brust/seed-0/round-002": 1,
    }
    below = {run.name: run.parent.name for run in runs if run.parent}
    assert below["brust/seed-0/round-002"] == "brust/seed-0"
    assert "round-000/seed-0" not in below
    assert runs[1].about["settings"].startswith('{"')
    assert runs[1].about["strategy"] == "brust"


def test_a_curve_has_the_metrics_and_costs_of_each_round(store: LocalStore, plan: Plan) -> None:
    """Against labelled images: 6, and 4 more in each round."""
    reader = Reader(store)
    curve = next(run for run in runs_of(plan) if run.name == "brust/seed-0")
    rows = [row for part in range(3) for row in curve.rows(reader, part)]
    assert [row.step for row in rows] == [6, 10, 14]
    ref = RoundRef("tiny", 0, "brust", 2)
    metrics = json.loads(store.read(output_key(store, ref.stage("evaluate"), "metrics.json")))
    cost = json.loads(store.read(output_key(store, ref.stage("annotate"), "cost.json")))
    last = rows[-1].values
    assert last["map/iou50"] == metrics["map50_area"]
    assert last["cost/hours"] * 3600 == pytest.approx(cost["cumulative"]["seconds"])
    assert last["picks/boxes_per_image"] == cost["boxes"] / 4


def test_a_training_has_its_losses_and_when_they_were(store: LocalStore, plan: Plan) -> None:
    """4 steps of 4 images at so many images a second."""
    reader = Reader(store)
    training = next(run for run in runs_of(plan) if run.name == "brust/seed-0/round-001")
    stage = RoundRef("tiny", 0, "brust", 1).stage("train")
    (line,) = store.read(output_key(store, stage, "history.jsonl")).splitlines()
    history = json.loads(line)
    (row,) = training.rows(reader, 0)
    assert (row.step, row.values["loss/total"]) == (4, history["loss"])
    assert row.seconds == pytest.approx(16 / history["images_per_second"])


def test_a_part_is_shown_when_its_stages_are_done(store: LocalStore, plan: Plan) -> None:
    """It is known by what they left: the rounds of two arms differ."""
    reader = Reader(store)
    random, brust = (run for run in runs_of(plan) if not run.parent and run.num_parts == 3)
    assert random.digest(reader, 0) == brust.digest(reader, 0)
    assert random.digest(reader, 1) != brust.digest(reader, 1)
    grown = Plan(plan.config.model_copy(update={"rounds": 4}))
    longer = next(iter(runs_of(grown)))
    assert [longer.digest(reader, part) is None for part in range(4)] == [False] * 3 + [True]


def test_classes_that_are_rare_among_the_picks_count_less() -> None:
    """By the entropy: of 4 boxes, 2 + 1 + 1 are 1.5 bits."""
    values = _of_picks(Cost(2, 4, 0, 0, {"cat": 2, "dog": 1, "cow": 1, "sheep": 0}))
    assert values["picks/classes"] == 3
    assert values["picks/effective_classes"] == pytest.approx(math.pow(2, 1.5))
    assert _of_picks(Cost(2, 0, 0, 0, {"cat": 0}))["picks/effective_classes"] == 0
    assert _of_picks(Cost(0, 0, 0, 0)) == {"picks/images": 0}
