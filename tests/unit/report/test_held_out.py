"""The report of an experiment whose test set is drawn from the pool."""

import csv

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.config import loading
from job.errors import UsageError
from job.keys import ExperimentKeys, RoundRef
from job.plan import Plan
from job.report.analysis.results import of_newest_test
from job.report.build import table_of, write_report
from job.report.compare import read_sides
from job.stages import run_stage
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled
from tests.unit.report.parsed import ParsedPage
from tests.unit.report.sketch import sketch

KEYS = ExperimentKeys("tiny")


def plan_of(store: Store, experiment_name: str = "tiny") -> Plan:
    return Plan(load_experiment(store, experiment_name))


@pytest.fixture
def half_way(held_out: LocalStore, held_out_text: str) -> MemoryStore:
    """The test set has grown from 5 images to 8, and only round 0 is measured on all of them."""
    store = filled(MemoryStore(), held_out)
    larger = loading.parse(held_out_text.replace("size: 5}", "size: 8}"), "tiny")
    plan = experiment.init(store, Plan(larger))
    for stage in ("select", "annotate"):
        run_stage(store, plan, RoundRef.of_test("tiny", 1).stage(stage))
    run_stage(store, plan, RoundRef("tiny", 0, None, 0).stage("evaluate"))
    return store


def test_the_page_says_what_models_are_measured_on(held_out: LocalStore) -> None:
    """With what its labels took; the images to choose from are without it."""
    store = filled(MemoryStore(), held_out)
    rows = write_report(store, plan_of(store), draw=sketch)
    assert {row.test_version for row in rows} == {1}
    words = ParsedPage(store.read(KEYS.page).decode()).words
    assert "19 images to choose from, 2 arms, 1 seed" in words
    assert "Models are measured on 5 images of the pool: drawn at random, never selected." in words
    assert "5 images of the pool, 18 boxes, version 1" in words
    header, *_ = csv.reader(store.read(KEYS.results).decode().splitlines())
    assert header[-1] == "test_version"


def test_results_without_such_a_test_set_have_the_columns_that_they_had(tiny: str) -> None:
    """Whoever reads them by position is not surprised."""
    store = MemoryStore()
    plan = experiment.init(store, Plan(loading.parse(tiny, "tiny")))
    write_report(store, plan, draw=sketch)
    assert b"test_version" not in store.read(KEYS.results)


def test_only_what_was_measured_on_the_same_images_is_compared(half_way: MemoryStore) -> None:
    """All rounds are in results.csv and in the table, each with its version."""
    plan = plan_of(half_way)
    rows = write_report(half_way, plan, draw=sketch)
    assert [row.test_version for row in rows] == [2, 1, 2, 1]
    assert {row.round for row in of_newest_test(rows)} == {0}
    words = ParsedPage(half_way.read(KEYS.page).decode()).words
    assert "8 images of the pool, version 2 (before it: 5)" in words
    assert "2 results are left out, of an earlier version of the test set" in words
    assert "Not finished: 1 round of random and 1 round of brust to come" in words
    cells = [cells[5].partition(" ")[2] for cells in table_of(rows).rows]
    assert cells == ["on test-2", "on test", "on test-2", "on test"]


@pytest.mark.slow
def test_experiments_are_compared_if_their_test_images_are_the_same(
    held_out: LocalStore, held_out_text: str
) -> None:
    """The draw is the same for all experiments on a data set, but not its size."""
    store = filled(MemoryStore(), held_out)
    configs = [plan_of(store).config]
    for name, text in (
        ("same", held_out_text.replace("rounds: 2", "rounds: 1")),
        ("larger", held_out_text.replace("rounds: 2", "rounds: 1").replace("size: 5", "size: 6")),
    ):
        named = text.replace("experiment: tiny", f"experiment: {name}")
        configs.append(experiment.run(store, loading.parse(named, name)).plan.config)
    assert len(read_sides(store, configs[:2])) == 2
    with pytest.raises(UsageError, match="tiny, larger: they are not measured on the same"):
        read_sides(store, configs[::2])
