"""The report at every moment of an experiment, and of one whose stages are run again."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers
from job.artifacts.metrics import dump_metrics, load_metrics
from job.artifacts.reader import Reader
from job.config import loading
from job.errors import BadDataError, ConfigError
from job.keys import STAGES, ExperimentKeys, RoundRef, Stage, StageRef
from job.plan import Plan
from job.report.build import update_report, write_report
from job.report.drawing.render import Drawing, Plot
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import Ended
from tests.outputs import output_key
from tests.stores import filled
from tests.unit.report.sketch import sketch

KEYS = ExperimentKeys("tiny")
BRUST = RoundRef("tiny", 0, "brust", 1)


@pytest.fixture(scope="module")
def finished(two_seeds: Path) -> MemoryStore:
    """Two seeds and two rounds, with the fully supervised arm; tests only read it."""
    store = filled(MemoryStore(), LocalStore(two_seeds))
    config = load_experiment(store, "tiny")
    experiment.run(store, config.model_copy(update={"full_supervision": True}))
    return store


@pytest.fixture(scope="module")
def plan(finished: MemoryStore) -> Plan:
    return Plan(loading.parse(finished.read(KEYS.config).decode(), "tiny"))


@pytest.fixture
def copy(finished: MemoryStore) -> MemoryStore:
    """A copy that a test may change."""
    return fill(MemoryStore(), finished, "")


def fill(store: MemoryStore, source: Store, prefix: str) -> MemoryStore:
    for key in source.list(prefix):
        store.write(key, source.read(key))
    return store


def one_seed_ahead(plan: Plan) -> list[StageRef]:
    """The stages in an order in which the second seed begins when the first is half done."""
    first, second = ([ref for ref in plan.stages() if ref.round.seed == seed] for seed in (0, 1))
    half = len(first) // 2
    return [*first[:half], *second[:5], *first[half:], *second[5:]]


@pytest.mark.slow
def test_a_report_can_be_written_after_every_stage(
    finished: MemoryStore, plan: Plan, al_job: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 0; before the first evaluation, one line says that there is nothing to report."""
    store = fill(MemoryStore(), finished, "datasets/")
    store.write(KEYS.config, finished.read(KEYS.config))
    monkeypatch.setattr("job.cli.report.open_store", lambda _: store)
    for ref in one_seed_ahead(plan):
        fill(store, finished, ref.prefix)
        ended = al_job("report")
        if store.exists(RoundRef("tiny", 0, None, 0).stage("evaluate").done):
            assert ended.code == 0, f"{ref}: {ended.err}"
            assert store.exists(KEYS.page)
        else:
            assert ended.code == 64
            assert "no round is evaluated yet" in ended.error


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("ref", [BRUST, RoundRef("tiny", 0, None, 0)])
def test_a_report_can_be_written_while_a_stage_runs_again(
    copy: MemoryStore, plan: Plan, ref: RoundRef, stage: Stage
) -> None:
    """Its marker is gone meanwhile. A round that is annotated again has no row."""
    all_rows = write_report(copy, plan, draw=sketch)
    copy.delete(ref.stage(stage).done)
    rows = write_report(copy, plan, draw=sketch)
    is_left_out = stage in {"annotate", "evaluate"}
    assert len(rows) == len(all_rows) - is_left_out * (1 if ref.index else 2)


def evaluate_again(store: Store, ref: RoundRef, map50: float | None) -> None:
    """Leave what another evaluation of a round would leave."""
    key, done = output_key(store, ref.stage("evaluate"), "metrics.json"), ref.stage("evaluate").done
    content = json.loads(store.read(key)) | {"map50_area": map50}
    data = dump_metrics(load_metrics(json.dumps(content).encode(), "m"))
    marker = json.loads(store.read(done))
    marker["outputs"]["metrics.json"] = hashlib.sha256(data).hexdigest()
    store.write(key, data)
    store.write(done, json.dumps(marker).encode())


def test_a_run_reports_what_was_evaluated_anew_meanwhile(copy: MemoryStore, plan: Plan) -> None:
    """A process that has read the markers long ago reads them again."""
    markers = Markers(copy)
    for ref in plan.stages():
        markers.get(ref)
    evaluate_again(copy, BRUST, 0.77)
    rows = update_report(copy, plan, Reader(copy, markers), draw=sketch)
    assert [row.mAP for row in rows if (row.seed, row.arm, row.round) == (0, "brust", 1)] == [0.77]


def broken(plot: Plot) -> Drawing:
    raise ZeroDivisionError(plot.name)


@pytest.mark.parametrize("damage", ["cost", "drawing"])
def test_a_report_that_fails_leaves_the_one_before(
    copy: MemoryStore, plan: Plan, damage: str
) -> None:
    """Whether reading fails or drawing: page and results stay as they were."""
    write_report(copy, plan, draw=sketch)
    before = {key: copy.read(key) for key in copy.list("experiments/tiny/report")}
    before[KEYS.results] = copy.read(KEYS.results)
    evaluate_again(copy, BRUST, 0.77)
    if damage == "cost":
        annotate = RoundRef("tiny", 1, "brust", 1).stage("annotate")
        copy.write(output_key(copy, annotate, "cost.json"), b"damaged")
    with pytest.raises((BadDataError, ZeroDivisionError)):
        write_report(copy, plan, draw=broken if damage == "drawing" else sketch)
    assert {key: copy.read(key) for key in before} == before


def test_a_test_set_without_a_class_is_reported_without_figures_of_metrics(
    copy: MemoryStore, plan: Plan, al_job: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be compared: the page says so, and shows what was picked and what ran."""
    for _, ref in plan.rounds():
        evaluate_again(copy, ref, None)
    monkeypatch.setattr("job.cli.report.open_store", lambda _: copy)
    ended = al_job("report")
    assert (ended.code, ended.err) == (0, "")
    assert "Nothing is measured" in ended.out
    page = copy.read(KEYS.page).decode()
    assert "Nothing was measured, because no image of the test set shows any class." in page
    assert "What was picked" in page
    assert "Learning curves" not in page
    assert copy.exists(KEYS.results)


def test_a_report_on_other_data_is_refused(copy: MemoryStore, plan: Plan) -> None:
    """As every stage refuses it: curves and pictures would be of two data sets."""
    manifest = "datasets/drawn/dataset.json"
    copy.write(manifest, copy.read(manifest) + b"\n")
    with pytest.raises(ConfigError, match=r"dataset\.sha256"):
        write_report(copy, plan, draw=sketch)
