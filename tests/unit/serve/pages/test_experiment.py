"""An experiment's page."""

import re
from datetime import UTC, datetime

from job.keys import ExperimentKeys, RoundRef
from job.progress import Driver, RoundStatus, StageStatus, Status, dump_status
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import output_key
from tests.stores import filled
from tests.unit.report.make_context import cells
from tests.unit.report.parsed import ParsedPage
from tests.unit.serve.asking import ask, text_of
from tests.unit.serve.people import AT_WORK, LINK

PAGE = "/experiments/tiny/"


def texts_of(html: str) -> list[list[str]]:
    """The cells of a page's tables, without the tags in them."""
    return [[re.sub("<.*?>", "", cell) for cell in row] for row in cells(html)]


def section_of(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">(.*?)</section>', page, re.DOTALL)
    assert found, name
    return found[1]


def test_a_finished_experiment_has_every_section(finished: LocalStore) -> None:
    """Its state, the curves, each round, picks, what labelling took, and every stage."""
    page = text_of(ask(finished, PAGE))
    assert re.findall(r'<section id="(\w+)">', page) == [
        "now",
        "curves",
        "rounds",
        "picks",
        "labels",
        "stages",
        "more",
    ]
    assert "Finished: all 22 stages are done" in section_of(page, "now")
    assert page.count('<svg viewBox="0 0 64 64"') == 8, "four picks of both arms"


def test_rounds_show_their_metric_and_lead_to_their_pages(finished: LocalStore) -> None:
    """Round 0 is the seed's: both arms show the same one."""
    html = section_of(text_of(ask(finished, PAGE)), "rounds")
    header, *rows = texts_of(html)
    assert header == ["arm and seed", "0", "1", "2"]
    assert [row[0] for row in rows] == ["random seed 0", "brust seed 0"]
    assert rows[0][1] == rows[1][1]
    assert all(re.fullmatch(r"0\.\d{3}", cell) for row in rows for cell in row[1:])
    assert html.count('href="seed-0/round-000/"') == 2
    assert 'href="seed-0/brust/round-002/"' in html


def test_people_at_work_come_first(people: MemoryStore) -> None:
    """How far they are, where the tool is, and which images need attention, with their links."""
    page = text_of(ask(people, PAGE))
    now = section_of(page, "now")
    assert "People label random, seed 0, round 2: 1 of 4 answered" in now
    assert '<progress max="4" value="1"' in now
    assert f'<a href="{LINK}" rel="noreferrer" target="_blank">Open Label Studio</a>' in now
    assert "6 in the last hour; at this rate the rest takes 30.0 minutes." in now
    assert "1 begun, and not submitted yet." in now
    assert "Asked first at 2026-05-01 09:30:00 UTC" in now
    assert "1 image needs attention" in now
    assert f'<a href="{LINK}?task=2"' in now
    assert "an unknown class: sircle" in now
    assert ">1/4</a>" in section_of(page, "rounds")
    picks = section_of(page, "picks")
    assert re.findall(r'<h3><a href="([^"]*)">', picks) == ["seed-0/random/round-002/"]
    assert "circle 0.75" in picks


def test_a_link_that_is_a_command_is_shown_as_one(people: MemoryStore) -> None:
    """As the tool of files has it."""
    store = filled(MemoryStore(), people)
    key = AT_WORK.stage("annotate").key("annotating.json")
    store.write(key, store.read(key).replace(LINK.encode(), b"al-job export picks --round 2"))
    now = section_of(text_of(ask(store, PAGE)), "now")
    assert "<code>al-job export picks --round 2</code>" in now
    assert "<a " not in now


def test_labels_say_what_annotators_did(people: MemoryStore) -> None:
    """Worked out by hand: of three answers two were measured, 90 and 30 seconds."""
    html = section_of(text_of(ask(people, PAGE)), "labels")
    rows = texts_of(html)
    assert rows[1] == [
        "random, seed 0, round 1",
        "2",
        "1",
        "1",
        "4",
        "0.03",
        "67 %",
        "1",
        "0",
        "2",
        "1",
        "0.50",
    ]
    assert rows[3:5] == [
        ["anna", "2", "1", "3", "0.03", "60"],
        ["ben", "1", "0", "1", "0.01", "not measured"],
    ]


def test_labels_of_an_oracle_are_its_assumed_costs(finished: LocalStore) -> None:
    """Of each arm's last round, with all before it: 6 + 4 + 4 images."""
    html = section_of(text_of(ask(finished, PAGE)), "labels")
    assert "by the assumed costs" in html
    assert [row[:2] for row in cells(html)[1:]] == [
        ["random, seed 0", "14"],
        ["brust, seed 0", "14"],
    ]


def test_a_driver_tells_what_runs(finished: LocalStore) -> None:
    """Its phase and message, and the stages that it started, with why they do not run."""
    store = filled(MemoryStore(), finished)
    for each in ("train", "evaluate"):
        for key in list(store.list(AT_WORK.stage(each).prefix)):
            store.delete(key)
    driver = Driver(phase="running", updated=datetime(2026, 5, 1, tzinfo=UTC), release="r1")
    waits = {"train": StageStatus(state="pending", reason="no node has <1> GPU")}
    begun = RoundStatus(seed=0, arm="random", round=2, stages=waits)
    status = Status(experiment="tiny", driver=driver, rounds=[begun])
    store.write(ExperimentKeys("tiny").status, dump_status(status))
    page = text_of(ask(store, PAGE))
    now = section_of(page, "now")
    assert "Its driver is running" in now
    assert "Heard of the driver of r1 at 2026-05-01 00:00:00 UTC, and not since then" in now
    assert "seed 0 arm random round 2 train: pending: no node has &lt;1&gt; GPU" in now
    assert 'class="now"><a href="seed-0/random/round-002/">train: pending</a>' in page


def test_a_stage_that_failed_is_marked(finished: LocalStore) -> None:
    """In the round's cell, too."""
    store = filled(MemoryStore(), finished)
    store.write(RoundRef("tiny", 0, "random", 2).stage("train").done, b"{")
    page = text_of(ask(store, PAGE))
    assert '<div class="verdict bad">' in section_of(page, "now")
    assert 'class="bad"><a href="seed-0/random/round-002/">train unreadable</a>' in page


def test_an_experiment_that_begins_has_no_empty_sections(
    begun: tuple[MemoryStore, object],
) -> None:
    """No curves, picks or labels; what comes first is told."""
    page = text_of(ask(begun[0], PAGE))
    assert re.findall(r'<section id="(\w+)">', page) == ["now", "rounds", "stages", "more"]
    assert "0 of 22 stages are done" in page
    assert "The first stage that is not done: seed 0 round 0 select" in page


def test_a_section_that_cannot_be_made_says_why(finished: LocalStore) -> None:
    """The others are there: picks that are damaged cost nothing else."""
    store = filled(MemoryStore(), finished)
    key = output_key(store, RoundRef("tiny", 0, "random", 2).stage("select"), "picks.csv")
    store.write(key, b"id")
    page = text_of(ask(store, PAGE))
    assert "This cannot be shown" in section_of(page, "picks")
    assert f"{key} is not what its marker says" in section_of(page, "picks")
    assert "Finished" in section_of(page, "now")


def test_the_report_is_linked_once_it_is_there(finished: LocalStore) -> None:
    """It says what follows from the results; this page does not."""
    store = filled(MemoryStore(), finished)
    assert "The report" not in section_of(text_of(ask(store, PAGE)), "more")
    store.write(ExperimentKeys("tiny").page, b"<p>report</p>")
    assert "report/" in ParsedPage(section_of(text_of(ask(store, PAGE)), "more")).links


def test_a_test_set_from_the_pool_is_shown_as_one(held_out: LocalStore) -> None:
    """It comes first, has its picks and its costs, and its round a page of its own."""
    page = text_of(ask(held_out, PAGE))
    header, first, *_ = texts_of(section_of(page, "rounds"))
    assert [cell.strip() for cell in first[:2]] == ["test set", "labelled"]
    assert 'href="test/round-000/"' in page
    assert ["test set", "5"] in [row[:2] for row in texts_of(section_of(page, "labels"))]
    shown = text_of(ask(held_out, f"{PAGE}test/round-000/"))
    assert "Round test: test set, version 1" in shown
    assert shown.count("-small.jpg") == 5
    assert header[0] == "arm and seed"
    assert ask(held_out, f"{PAGE}test/round-001/").status == 404
