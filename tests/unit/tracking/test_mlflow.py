"""Runs of MLflow: written once, resumed, and begun anew if a part was made anew.

With MLFLOW_TRACKING_URI these tests ask that server, and not the double.
"""

from typing import Any
from uuid import uuid4

import pytest
import urllib3

from job.errors import TemporaryError
from job.tracking import mlflow_api
from job.tracking.mlflow import Mlflow
from job.tracking.runs import Row
from tests.unit.tracking.conftest import READER, MadeUp


@pytest.fixture
def name() -> str:
    """The name of an experiment that no server has."""
    return f"voc-{uuid4().hex}"


def runs(server: str, name: str) -> list[Any]:
    """What the server has of an experiment, in the order in which the runs began."""
    asked = f"{server}/api/2.0/mlflow/experiments/get-by-name?experiment_name={name}"
    found = urllib3.request("GET", asked).json()["experiment"]
    body = {
        "experiment_ids": [found["experiment_id"]],
        "max_results": 100,
        "order_by": ["attributes.start_time ASC"],
    }
    answer = urllib3.request("POST", f"{server}/api/2.0/mlflow/runs/search", json=body)
    return list(answer.json()["runs"])


def points(server: str, run: Any, key: str = "map/iou50") -> list[tuple[int, float]]:
    """The values of a metric: each step with its value."""
    asked = f"run_id={run['info']['run_id']}&metric_key={key}"
    url = f"{server}/api/2.0/mlflow/metrics/get-history?{asked}"
    found = urllib3.request("GET", url).json()["metrics"]
    return sorted((int(each["step"]), each["value"]) for each in found)


def put(server: str, name: str, run: MadeUp) -> None:
    """Show a run, as a new process does."""
    Mlflow(server, name).put(run, run.digests, READER)


def test_a_run_has_its_curve_its_parameters_and_its_state(server: str, name: str) -> None:
    """The steps are those of the rows, and it is finished with its last part."""
    put(server, name, MadeUp("brust/seed-0", 0.25))
    (run,) = runs(server, name)
    assert (run["info"]["run_name"], run["info"]["status"]) == ("brust/seed-0", "RUNNING")
    assert run["data"]["params"] == [{"key": "arm", "value": "brust"}]
    put(server, name, MadeUp("brust/seed-0", 0.25, 0.5))
    (run,) = runs(server, name)
    assert points(server, run) == [(10, 0.25), (20, 0.5)]
    assert run["info"]["status"] == "FINISHED"


def test_nothing_is_written_twice(server: str, name: str) -> None:
    """Another process finds the parts that are there, and does not read theirs."""
    put(server, name, MadeUp("brust/seed-0", 0.25))
    again = MadeUp("brust/seed-0", 0.25, 0.5)
    put(server, name, again)
    put(server, name, again)
    (run,) = runs(server, name)
    assert points(server, run) == [(10, 0.25), (20, 0.5)]
    assert again.read == [1]


def test_a_part_that_was_made_anew_begins_another_run(server: str, name: str) -> None:
    """The older one stays as it is, and the new one has all parts."""
    put(server, name, MadeUp("brust/seed-0", 0.25, 0.5))
    put(server, name, MadeUp("brust/seed-0", 0.25, 0.75))
    curves = [points(server, run) for run in runs(server, name)]
    assert sorted(curves) == [[(10, 0.25), (20, 0.5)], [(10, 0.25), (20, 0.75)]]
    put(server, name, MadeUp("brust/seed-0", 0.25, 0.75))
    assert len(runs(server, name)) == 2


def test_a_part_of_many_rows_is_resumed_where_it_broke_off(server: str, name: str) -> None:
    """What was written before the connection broke is not written again."""
    run = Long()
    sink = Mlflow(server, name)
    log = sink._api.log  # noqa: SLF001 - the connection breaks after its second answer
    sent: list[None] = []

    def breaking(*args: Any, **kwargs: Any) -> None:
        if len(sent) == 2:
            message = "no answer"
            raise TemporaryError(message)
        log(*args, **kwargs)
        sent.append(None)

    sink._api.log = breaking  # type: ignore[method-assign]  # noqa: SLF001
    with pytest.raises(TemporaryError):
        sink.put(run, run.digests, READER)
    sink._api.log = log  # type: ignore[method-assign]  # noqa: SLF001
    sink.put(run, run.digests, READER)
    (found,) = runs(server, name)
    assert points(server, found, "loss/total") == [(step, 1 / step) for step in range(1, 251)]


class Long(MadeUp):
    """A training with more rows than a request takes, a second each."""

    def __init__(self) -> None:
        super().__init__("brust/seed-0/round-001", 0, of=1)

    def rows(self, reader: Any, part: int) -> list[Row]:  # noqa: ARG002 - nothing is stored
        return [Row(step, {"loss/total": 1 / step}, float(step)) for step in range(1, 251)]


class Still(MadeUp):
    """A curve of which a round has labelled nothing: two parts at the same place."""

    def rows(self, reader: Any, part: int) -> list[Row]:  # noqa: ARG002 - nothing is stored
        return [Row(10, {"map/iou50": self.values[part]})]


def test_a_round_without_new_labels_has_its_point(server: str, name: str) -> None:
    """Also if another process finds the run as it was before that round."""
    put(server, name, Still("brust/seed-0", 0.25))
    put(server, name, Still("brust/seed-0", 0.25, 0.5))
    (run,) = runs(server, name)
    assert points(server, run) == [(10, 0.25), (10, 0.5)]


def test_a_training_lies_below_its_curve(server: str, name: str) -> None:
    """Also if it ends before the curve has its first part."""
    curve = MadeUp("brust/seed-0", 0.25)
    sink = Mlflow(server, name)
    training = MadeUp("brust/seed-0/round-001", 3, of=1, parent=curve)
    sink.put(training, training.digests, READER)
    sink.put(curve, curve.digests, READER)
    found = {run["info"]["run_name"]: run for run in runs(server, name)}
    assert len(found) == 2
    tags = {each["key"]: each["value"] for each in found[training.name]["data"]["tags"]}
    assert tags["mlflow.parentRunId"] == found[curve.name]["info"]["run_id"]
    assert points(server, found[curve.name]) == [(10, 0.25)]


def test_all_pages_of_runs_are_read(
    server: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large experiment has more runs than an answer."""
    monkeypatch.setattr(mlflow_api, "_PAGE", 2)
    for _ in range(2):
        for seed in range(5):
            put(server, name, MadeUp(f"brust/seed-{seed}", seed, of=1))
    assert len(runs(server, name)) == 5


def test_the_page_of_the_experiment_is_told(server: str, name: str) -> None:
    """It is the server's address until the experiment is there."""
    sink = Mlflow(server, name)
    assert sink.place == server
    run = MadeUp("brust/seed-0", 0.25)
    sink.put(run, run.digests, READER)
    assert sink.place.startswith(f"{server}/#/experiments/")
