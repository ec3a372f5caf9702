"""The report's page, over experiments in every state."""

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from job import experiment
from job.config import loading
from job.config.experiment import Config
from job.keys import ExperimentKeys, RoundRef
from job.plan import Plan, Subset
from job.report import page as module
from job.report.analysis.facts import read_facts
from job.report.analysis.results import rows_of
from job.report.build import update_report, write_report
from job.storage.local import LocalStore
from tests.conftest import Ended

REPORT = "experiments/tiny/report"


class Page(HTMLParser):
    """What a page refers to, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [str(found[key]) for key in ("href", "src", "xlink:href") if key in found]
        if found.get("id"):
            self.ids.add(str(found["id"]))
        if tag == "figure":
            self.images.append(found)
        if tag not in {"meta", "br", "img", "path", "use", "rect", "line"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.words += data


IMAGE = "registry.example/al-job@sha256:0123"


@pytest.fixture(scope="module")
def settings(tiny: str) -> Config:
    return loading.parse(tiny.replace("rounds: 3", "rounds: 2\nseeds: [0, 1]"), "tiny")


@pytest.fixture(scope="module")
def store(settings: Config, tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """Seed 0 is done and reported; of seed 1, one arm."""
    store = LocalStore(tmp_path_factory.mktemp("report"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AL_IMAGE", IMAGE)
        experiment.run(store, settings, Subset(seeds=(0,)))
        experiment.run(store, settings, Subset(arms=("random",)))
    write_report(store, Plan(settings))
    return store


@pytest.fixture(scope="module")
def page(store: LocalStore) -> Page:
    return Page(store.read(f"{REPORT}/index.html").decode())


def test_the_page_needs_nothing_else(page: Page, store: LocalStore) -> None:
    """Links lead to the page itself, images are within it; no script, no request."""
    for link in page.links:
        assert link.startswith(("#", "data:image/")), link
        if link.startswith("#"):
            assert link[1:] in page.ids, link
    text = store.read(f"{REPORT}/index.html").decode()
    assert "<script" not in text
    assert not re.search(r"url\((?!#)", text)
    assert not re.search(
        r"@import|https?://(?!www\.w3\.org|purl\.org|creativecommons\.org|matplotlib)", text
    )


def test_the_verdict_comes_first(page: Page) -> None:
    """With two seeds nothing is claimed, and the page says so."""
    verdict = page.words.index("It is not shown that brust beats random.")
    assert verdict < page.words.index("2 paired seeds: with fewer than 5 nothing is claimed.")
    assert verdict < page.words.index("Learning curves")


def test_figures_say_what_they_show_to_those_who_do_not_see_them(page: Page) -> None:
    """All of them: five axes, differences, classes twice, times."""
    assert len(page.images) == 9
    assert all(figure["role"] == "img" and figure["aria-label"] for figure in page.images)


def test_figures_and_tables_are_files_too(store: LocalStore) -> None:
    """As SVG and PNG, CSV and JSON."""
    names = {key.rpartition("/")[2] for key in store.list(REPORT)}
    for figure in ("curve-images", "curve-boxes", "differences", "classes", "times"):
        assert {f"{figure}.svg", f"{figure}.png"} <= names
    assert {"differences.csv", "areas.csv", "savings.csv", "penalties.csv"} <= names
    content = json.loads(store.read(f"{REPORT}/comparison.json"))
    assert content["comparison"]["baseline"] == "random"
    assert [row["arm"] for row in content["comparison"]["differences"]] == ["brust"] * 2
    assert b"currentColor" not in store.read(f"{REPORT}/curve-images.svg")


def test_redundancy_is_that_of_each_rounds_picks(store: LocalStore, page: Page) -> None:
    """By a plain loop over all pairs. Seed 1's round 0 is not scored, so it has none."""
    folder = "experiments/tiny/seed-0"
    for arm in ("random", "brust"):
        vectors = {}
        for key in store.list(f"{folder}/round-000/score/part-"):
            table = pq.read_table(io.BytesIO(store.read(key)))
            for row in table.to_pylist():
                vectors[row["id"]] = np.array(row["embedding"], np.float64)
        queries = store.read(f"{folder}/{arm}/round-001/select/picks.csv").decode()
        picks = [vectors[row["id"]] for row in csv.DictReader(queries.splitlines())]
        units = [each / np.linalg.norm(each) for each in picks]
        nearest = [max(a @ b for b in units if b is not a) for a in units]
        assert re.search(rf"{arm}\s*\d\.\d\d\s*{np.mean(nearest):.3f}", page.words), arm


def test_what_is_not_done_is_listed(page: Page) -> None:
    """The arm that seed 1 lacks is no zero, and is not kept silent."""
    assert "Not done" in page.words
    assert re.search(r"brust\s*1\s*1\s*select, annotate, train, evaluate", page.words)


def test_failed_and_repeated_attempts_are_listed(settings: Config, store: LocalStore) -> None:
    """By the logs that a cluster keeps; a log for each share of one scoring is no repetition."""
    first = RoundRef("tiny", 0, None, 0)
    logs = [first.stage("train").log("a"), first.stage("train").log("b")]
    logs += [RoundRef("tiny", 1, "brust", 1).stage("train").log("a")]
    shares = [first.stage("score").partition_done(index, 2) for index in range(2)]
    logs += [first.stage("score").log("0"), first.stage("score").log("1")]
    for key in logs + shares:
        store.write(key, b"")
    facts = read_facts(store, Plan(settings))
    for key in logs + shares:
        store.delete(key)
    rows = rows_of(store, Plan(settings))
    found = module.find(rows, facts)
    words = Page(module.html(settings, rows, found, facts, [], module.Looks()).decode()).words
    assert "select, annotate, train (1 attempt failed or running), evaluate" in words
    assert re.search(r"random\s*0\s*0\s*train: 2\s", words)
    assert "score: " not in words


def test_where_it_comes_from(page: Page, settings: Config, store: LocalStore) -> None:
    """Digests, seeds, versions, and the configuration that makes it again."""
    assert "rounds: 2" in page.words
    begun = loading.parse(store.read("experiments/tiny/experiment.yaml").decode(), "begun")
    assert begun.dataset.sha256
    assert begun.dataset.sha256 in page.words
    assert settings.experiment in page.words
    assert IMAGE in page.words


def test_every_seeds_own_numbers_are_there(page: Page) -> None:
    """Each seed's rounds, as results.csv has them: all of seed 0, of seed 1 an arm and round 0."""
    own = page.words[
        page.words.index("Every seed's own numbers") : page.words.index("Where it comes")
    ]
    assert own.count("random") + own.count("brust") == 2 + 2 + 2 + 1


def test_the_same_results_give_the_same_page(store: LocalStore, settings: Config) -> None:
    """To the byte: nothing in it is of now."""
    before = store.read(f"{REPORT}/index.html")
    write_report(store, Plan(settings))
    assert store.read(f"{REPORT}/index.html") == before


def test_a_report_of_the_same_results_is_left_alone(store: LocalStore, settings: Config) -> None:
    """One of others is written anew, and one that lacks its page."""
    keys = ExperimentKeys("tiny")
    page = store.read(keys.page)
    store.write(keys.page, b"left alone")
    update_report(store, Plan(settings))
    assert store.read(keys.page) == b"left alone"
    store.write(keys.results, b"others")
    update_report(store, Plan(settings))
    assert store.read(keys.page) == page
    store.delete(keys.page)
    update_report(store, Plan(settings))
    assert store.read(keys.page) == page


def test_a_report_that_fails_leaves_no_page(
    store: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of older results would be taken for the report."""
    keys = ExperimentKeys("tiny")
    with monkeypatch.context() as patch:
        patch.setattr("job.report.page.figures", lambda *_: iter([1 / 0]))
        with pytest.raises(ZeroDivisionError):
            write_report(store, Plan(settings))
    assert not store.exists(keys.page)
    update_report(store, Plan(settings))
    assert store.exists(keys.page)


def test_one_arm_and_one_seed(settings: Config, tmp_path: Path) -> None:
    """There is nothing to compare, and no interval."""
    arms = {"brust": settings.arms["brust"]}
    only = settings.model_copy(update={"arms": arms, "seeds": (1,)})
    store = LocalStore(tmp_path)
    experiment.run(store, only)
    write_report(store, Plan(only))
    words = Page(store.read(f"{REPORT}/index.html").decode()).words
    assert "One arm alone: there is nothing to compare." in words


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


def test_names_cannot_break_the_page(settings: Config, store: LocalStore) -> None:
    """What comes from outside is text: class names, reasons, settings."""
    begun = loading.parse(store.read("experiments/tiny/experiment.yaml").decode(), "begun")
    wrong = begun.model_copy(
        update={
            "dataset": begun.dataset.model_copy(update={"name": "drawn"}),
            "experiment": "<b>&x",
        }
    )
    rows = rows_of(store, Plan(settings))
    facts = read_facts(store, Plan(settings))
    text = module.html(wrong, rows, module.find(rows, facts), facts, [], module.Looks()).decode()
    assert "<b>&x" not in text
    assert "&lt;b&gt;&amp;x" in text
