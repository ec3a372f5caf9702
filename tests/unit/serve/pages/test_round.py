"""The pages of a round and of a pick."""

import re

import pytest

from job.serve.access import Access
from job.serve.site import Site
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.unit.report.make_context import cells
from tests.unit.serve.asking import ask, text_of
from tests.unit.serve.people import LINK

DONE, AT_WORK = (
    "/experiments/tiny/seed-0/random/round-001/",
    "/experiments/tiny/seed-0/random/round-002/",
)


@pytest.fixture(scope="module")
def site(people: MemoryStore) -> Site:
    return Site(people, Access(None))


def ranks(page: str) -> list[int]:
    return [int(each) for each in re.findall(r"(\d+)-small\.jpg", page)]


def test_a_round_shows_its_stages_and_all_picks(finished: LocalStore) -> None:
    """With the reason of each, and who selected."""
    page = text_of(ask(finished, "/experiments/tiny/seed-0/brust/round-001/"))
    assert "Round 1: brust, seed 0" in page
    assert "Selected by brust." in page
    assert [row[:2] for row in cells(page)[1:]] == [
        [stage, "done"] for stage in ("select", "annotate", "train", "evaluate", "score")
    ]
    assert ranks(page) == [0, 1, 2, 3]
    assert page.count('<span class="reason">') == 4
    assert 'class="pager"' not in page


def test_picks_can_be_told_apart_by_what_became_of_them(site: Site) -> None:
    """A link for each kind that there is; an unknown kind shows all."""
    page = text_of(ask(site, DONE))
    assert "<strong>refused</strong>" in page
    assert re.findall(r">([a-z]+) \((\d)\)<", page) == [
        ("all", "4"),
        ("labelled", "2"),
        ("refused", "1"),
        ("open", "1"),
    ]
    assert ranks(text_of(ask(site, f"{DONE}?show=labelled"))) == [0, 3]
    assert ranks(text_of(ask(site, f"{DONE}?show=none&page=9"))) == [0, 1, 2, 3]
    assert ranks(text_of(ask(site, f"{AT_WORK}?show=attention"))) == [1]


def test_many_picks_are_on_several_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three at a time; the last page has the rest."""
    monkeypatch.setattr("job.serve.pages.round.PER_PAGE", 3)
    assert ranks(text_of(ask(site, f"{DONE}?page=1"))) == [0, 1, 2]
    page = text_of(ask(site, f"{DONE}?page=2"))
    assert ranks(page) == [3]
    assert page.count('<strong aria-current="page">2</strong>') == 2
    for nothing in ("x", "9" * 5000):
        assert ranks(text_of(ask(site, f"{DONE}?page={nothing}"))) == [0, 1, 2]


def test_a_pick_says_who_did_what(site: Site) -> None:
    """And leads to the ones beside it."""
    page = text_of(ask(site, f"{DONE}0"))
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert facts["by anna"] == ("3 boxes, 90 s; of proposals 1 kept, 0 moved, 1 removed; 2 added")
    assert (facts["state"], facts["agreement"]) == ("labelled", "0.50")
    assert 'rel="next"' in page
    assert 'rel="prev"' not in page
    assert "a rotated box" in text_of(ask(site, f"{DONE}2"))
    last = text_of(ask(site, f"{DONE}3"))
    assert "1 box, time not measured" in last
    assert 'rel="next"' not in last


def test_a_pick_that_needs_attention_leads_into_the_tool(site: Site) -> None:
    """To its task."""
    page = text_of(ask(site, f"{AT_WORK}1"))
    assert f'<a href="{LINK}?task=2" rel="noreferrer" target="_blank">' in page
    assert "an unknown class: sircle" in page
    assert LINK not in text_of(ask(site, f"{AT_WORK}0"))


def test_a_round_that_has_not_selected_has_no_pictures(begun: tuple[MemoryStore, object]) -> None:
    """Its stages are there, none of them done."""
    page = text_of(ask(begun[0], "/experiments/tiny/seed-0/round-000/"))
    assert re.findall(r'<section id="(\w+)">', page) == ["stages"]
