"""Writing the report, over experiments in every state."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment, used_versions
from job.artifacts.reader import Reader
from job.artifacts.usage import Ledger, Usage
from job.config import loading
from job.config.schema import Config, ReportConfig
from job.keys import ExperimentKeys, RoundRef
from job.plan import Plan
from job.report.analysis.facts import read_facts
from job.report.analysis.findings import find
from job.report.analysis.results import rows_of
from job.report.build import report_page, table_of, update_report, write_report
from job.report.drawing.render import draw
from job.report.sections import Context
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import Ended
from tests.outputs import read_output
from tests.stores import filled
from tests.unit.report.conftest import IMAGE
from tests.unit.report.make_context import ROWS, context
from tests.unit.report.parsed import ParsedPage
from tests.unit.report.sketch import sketch

REPORT = "experiments/tiny/report"


def test_a_real_report_is_drawn(store: LocalStore, settings: Config) -> None:
    """Every figure is in the page, in the page's ink, and beside it as SVG and PNG."""
    files = dict(report_page(replace(context_of(store, settings), draw=draw)).files())
    figures = [name for name in files if name.endswith(".svg")]
    assert len(figures) == files["index.html"].count(b"<svg ") == 9
    assert b"currentColor" in files["index.html"]
    for name in figures:
        assert b"<svg" in files[name]
        assert b"currentColor" not in files[name]
        assert files[name.replace(".svg", ".png")].startswith(b"\x89PNG")


def context_of(store: LocalStore, settings: Config) -> Context:
    """The context of the experiment in a store, without contact sheets."""
    reader = Reader.listed(store, "tiny")
    versions = used_versions(store, settings)
    rows, facts = rows_of(reader, Plan(settings)), read_facts(reader, Plan(settings), versions)
    found = find(rows, facts.arms, facts.pool_images)
    return Context(config=settings, rows=rows, facts=facts, findings=found, draw=sketch)


def test_container_images_are_told_by_their_digests(store: LocalStore, settings: Config) -> None:
    """A tag may mean another one by now, and the slim one is told apart from the whole."""
    copy, stages = filled(MemoryStore(), store), [*Plan(settings).stages()][:3]
    names = ("al-job:1-slim", "al-job:1", "al-job@sha256:ef")
    ledger = Ledger(copy, "tiny")
    for number, (ref, name) in enumerate(zip(stages, names, strict=True)):
        marker = json.loads(copy.read(ref.done)) | {"image": name, "attempt": f"pod-{number}"}
        copy.write(ref.done, json.dumps(marker).encode())
        ran = {f"pod-{number}": f"registry/al-job@sha256:{('ab', 'cd', 'ef')[number]}"}
        ledger.record(ref, "1", Usage(1), ran)
    versions = used_versions(copy, settings)
    facts = read_facts(Reader.listed(copy, "tiny"), Plan(settings), versions)
    assert facts.container_images[:3] == (
        "al-job:1 (sha256:cd)",
        "al-job:1-slim (sha256:ab)",
        "al-job@sha256:ef",
    )


def test_the_verdict_comes_first(page: ParsedPage) -> None:
    """Of seed 1 a round is missing, and one seed claims nothing: the page says so."""
    verdict = page.words.index("It is not shown that brust beats random.")
    assert verdict < page.words.index("Not finished: 1 round of brust to come.")
    assert verdict < page.words.index("1 paired seed: with fewer than 5 nothing is claimed.")
    assert verdict < page.words.index("Learning curves")


def test_a_report_can_be_called_final(store: LocalStore, settings: Config) -> None:
    """Then nothing is waited for, and the page names what is missing."""
    copy = filled(MemoryStore(), store)
    write_report(copy, Plan(settings), is_final=True, light=True, draw=sketch)
    words = ParsedPage(copy.read(f"{REPORT}/index.html").decode()).words
    assert "Reported as final without 1 round of brust" in words
    assert "Not finished" not in words


def test_what_matters_is_what_the_configuration_says(store: LocalStore, settings: Config) -> None:
    """In points, as it is written there."""
    half = settings.model_copy(update={"report": ReportConfig(smallest_effect=0.5)})
    copy = filled(MemoryStore(), store)
    write_report(copy, Plan(half), light=True, draw=sketch)
    words = ParsedPage(copy.read(f"{REPORT}/index.html").decode()).words
    assert "Differences within 0.5 points do not matter." in words


def test_the_page_says_what_it_is_about(page: ParsedPage) -> None:
    """The size of the pool, of the comparison, and the baseline."""
    assert "24 images to choose from, 2 arms, 2 seeds; compared with random." in page.words


def test_the_page_says_what_trainings_started_from(page: ParsedPage) -> None:
    """Those of round 0, of which three parts have one origin, and the later ones."""
    assert "backbone, neck, head: drawn from the seed" in page.words
    assert "detector: the model of the previous round" in page.words


def test_figures_say_what_they_show_to_those_who_do_not_see_them(page: ParsedPage) -> None:
    """All of them: five axes, differences, classes twice, errors, times; pictures do it within."""
    drawn = [figure for figure in page.images if "role" in figure]
    assert len(drawn) == 10
    assert all(figure["role"] == "img" and figure["aria-label"] for figure in drawn)


def test_figures_and_tables_are_files_too(store: LocalStore) -> None:
    """As SVG and PNG, CSV and JSON."""
    names = {key.rpartition("/")[2] for key in store.list(REPORT)}
    for figure in ("curve-images", "curve-boxes", "differences", "classes", "errors", "times"):
        assert {f"{figure}.svg", f"{figure}.png"} <= names
    assert {"differences.csv", "areas.csv", "savings.csv", "penalties.csv", "forecast.csv"} <= names
    content = json.loads(store.read(f"{REPORT}/comparison.json"))
    assert content["comparison"]["baseline"] == "random"
    assert [row["arm"] for row in content["comparison"]["differences"]] == ["brust"] * 2
    assert content.keys() == {
        "format",
        "summary",
        "comparison",
        "penalties",
        "savings",
        "areas",
        "forecasts",
        "back_test",
        "pool",
        "drawn_metrics",
        "errors",
    }
    assert b"currentColor" not in store.read(f"{REPORT}/curve-images.svg")


def test_redundancy_is_that_of_each_rounds_picks(store: LocalStore, page: ParsedPage) -> None:
    """By a plain loop over all pairs. Seed 1's round 0 is not scored, so it has none."""
    folder = "experiments/tiny/seed-0"
    for arm in ("random", "brust"):
        vectors = {}
        for key in store.list(f"{folder}/round-000/score/part-"):
            table = pq.read_table(io.BytesIO(store.read(key)))
            for row in table.to_pylist():
                vectors[row["id"]] = np.array(row["embedding"], np.float64)
        select = RoundRef("tiny", 0, arm, 1).stage("select")
        queries = read_output(store, select, "picks.csv").decode()
        picks = [vectors[row["id"]] for row in csv.DictReader(queries.splitlines())]
        units = [each / np.linalg.norm(each) for each in picks]
        nearest = [max(a @ b for b in units if b is not a) for a in units]
        assert re.search(rf"{arm}\s*\d\.\d\d\s*{np.mean(nearest):.3f}", page.words), arm


def test_what_is_not_done_is_listed(page: ParsedPage) -> None:
    """The arm that seed 1 lacks is no zero, and is not kept silent."""
    assert "Not done" in page.words
    assert re.search(r"brust\s*1\s*1\s*select, annotate, train, evaluate", page.words)


def test_failed_and_repeated_attempts_are_listed(settings: Config, store: LocalStore) -> None:
    """By the logs that a cluster keeps; a log of each partition of one scoring is no repetition."""
    first = RoundRef("tiny", 0, None, 0)
    logs = [first.stage("train").log("a"), first.stage("train").log("b")]
    logs += [RoundRef("tiny", 1, "brust", 1).stage("train").log("a")]
    partitions = [first.stage("score").partition_done(index, 2) for index in range(2)]
    logs += [first.stage("score").log("0"), first.stage("score").log("1")]
    for key in logs + partitions:
        store.write(key, b"")
    found = context_of(store, settings)
    for key in logs + partitions:
        store.delete(key)
    words = ParsedPage(report_page(found).html().decode()).words
    assert "select, annotate, train (1 attempt failed or running), evaluate" in words
    assert re.search(r"random\s*0\s*0\s*train: 2\s", words)
    assert "score: " not in words


def test_where_it_comes_from(page: ParsedPage, settings: Config, store: LocalStore) -> None:
    """Digests, seeds, versions, and the configuration that makes it again."""
    assert "rounds: 2" in page.words
    begun = loading.parse(store.read("experiments/tiny/experiment.yaml").decode(), "begun")
    assert begun.dataset.sha256
    assert begun.dataset.sha256 in page.words
    assert settings.experiment in page.words
    assert IMAGE in page.words


def test_every_seeds_own_numbers_are_there(page: ParsedPage) -> None:
    """Each seed's rounds, as results.csv has them: all of seed 0, of seed 1 an arm and round 0."""
    own = page.words[
        page.words.index("Every seed's own numbers") : page.words.index("Where it comes")
    ]
    assert own.count("random") + own.count("brust") == 2 + 2 + 2 + 1


def test_the_same_results_give_the_same_page(store: LocalStore, settings: Config) -> None:
    """To the byte: nothing in it is of now."""
    before = store.read(f"{REPORT}/index.html")
    write_report(store, Plan(settings), draw=sketch)
    assert store.read(f"{REPORT}/index.html") == before


def test_a_report_of_the_same_results_is_left_alone(store: LocalStore, settings: Config) -> None:
    """One of others is written anew, and one that lacks its page."""
    keys = ExperimentKeys("tiny")
    page = store.read(keys.page)
    store.write(keys.page, b"left alone")
    update_report(store, Plan(settings), draw=sketch)
    assert store.read(keys.page) == b"left alone"
    store.write(keys.results, b"others")
    update_report(store, Plan(settings), draw=sketch)
    assert store.read(keys.page) == page
    store.delete(keys.page)
    update_report(store, Plan(settings), draw=sketch)
    assert store.read(keys.page) == page


def test_a_light_report_reads_no_data_set(settings: Config, store: LocalStore) -> None:
    """Neither contact sheets nor redundancy: the driver is small."""
    keys = ExperimentKeys("tiny")
    before = store.read(keys.page)
    write_report(store, Plan(settings), light=True, draw=sketch)
    light = store.read(keys.page).decode()
    store.write(keys.page, before)
    assert "first picks" in before.decode()
    assert "first picks" not in light
    assert "redundancy" not in light


@pytest.mark.slow
def test_one_arm_and_one_seed(settings: Config, tmp_path: Path) -> None:
    """There is nothing to compare, and no interval."""
    arms = {"brust": settings.arms["brust"]}
    only = settings.model_copy(update={"arms": arms, "seeds": (1,)})
    store = LocalStore(tmp_path)
    experiment.run(store, only)
    write_report(store, Plan(only), draw=sketch)
    words = ParsedPage(store.read(f"{REPORT}/index.html").decode()).words
    assert "One arm alone: nothing is compared" in words
    assert "1 arm, 1 seed." in words
    assert "compared with" not in words


def test_before_the_first_round_there_is_nothing_to_report(
    tiny: str, tmp_path: Path, al_job: Callable[..., Ended]
) -> None:
    """One line that says so, and exit code 64."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    al_job("init", path, "--store", tmp_path / "state")
    ended = al_job("report", "--store", tmp_path / "state")
    assert ended.code == 64
    assert "no round is evaluated yet" in ended.err
    assert "Traceback" not in ended.err


def test_a_set_up_cost_below_nothing_is_refused(
    store: LocalStore, al_job: Callable[..., Ended]
) -> None:
    """It is money."""
    assert al_job("report", "--store", store.url, "--setup-cost", -1).code == 64


def test_names_cannot_break_the_page() -> None:
    """What comes from outside is text: names, settings."""
    found = context()
    wrong = replace(found, config=found.config.model_copy(update={"experiment": "<b>&x"}))
    text = report_page(wrong).html().decode()
    assert "<b>&x" not in text
    assert "&lt;b&gt;&amp;x" in text


def test_the_terminals_table_has_a_row_for_each_round() -> None:
    """Seeds, arms and rounds as in results.csv, metrics to three decimals."""
    table = table_of(ROWS)
    assert len(table.rows) == len(ROWS)
    assert [cells[5] for cells in table.rows] == [f"{row.mAP:.3f}" for row in ROWS]


def test_a_report_without_a_test_set_shows_what_was_picked(grown: MemoryStore) -> None:
    """It says why nothing was measured, what came along, the move, and the corrected labels."""
    store = filled(MemoryStore(), grown)
    plan = Plan(load_experiment(store, "growing"))
    rows = write_report(store, plan, draw=sketch)
    assert [row.total_samples for row in rows] == [6, 8, 12]
    assert {row.mAP for row in rows} == {None}
    page = ParsedPage(store.read(ExperimentKeys("growing").page).decode())
    for words in (
        "18 images to choose from, 1 arm, 1 seed.",
        "Nothing was measured, because the experiment has no test set.",
        "4 images came along with labels in round 0",
        "2 images came along with labels in round 2",
        "From round 2 on, version 5 of the data set is used, with 24 images in its pool.",
        "from round 2 on, training uses the right ones: in one round up to 2 of entropy.",
        "What was picked",
        "no ground truth",
    ):
        assert words in page.words
    assert "Learning curves" not in page.words
    assert b",," in store.read(ExperimentKeys("growing").results)
    assert "-" in {row[5] for row in table_of(rows).rows}
