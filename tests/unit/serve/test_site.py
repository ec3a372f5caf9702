"""Which page an address means, and what it says when there is none."""

import io
import re

import pytest
from PIL import Image

from job.errors import TemporaryError
from job.serve.access import Access
from job.serve.site import Site
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled
from tests.unit.report.parsed import ParsedPage
from tests.unit.serve.asking import ask, text_of

PAGES = [
    "/",
    "/experiments/tiny/",
    "/experiments/tiny/seed-0/round-000/",
    "/experiments/tiny/seed-0/brust/round-002/",
    "/experiments/tiny/seed-0/brust/round-002/0",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_link_of_a_page_leads_somewhere(finished: LocalStore, address: str) -> None:
    """Links are relative, so that the pages may be below any address; pictures are there too."""
    site = Site(finished, Access(None))
    page = ParsedPage(text_of(ask(site, address)))
    assert page.open == []
    folder = address.rpartition("/")[0]
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids, link
        elif link != "data:,":
            assert not link.startswith("/")
            parts = [part for part in link.partition("#")[0].split("/") if part != "."]
            path = folder
            while parts and parts[0] == "..":
                path, parts = path.rpartition("/")[0], parts[1:]
            assert ask(site, f"{path}/{'/'.join(parts)}").status == 200, link


@pytest.mark.parametrize(
    "address",
    [
        "/other",
        "/experiments/",
        "/experiments/none/",
        "/experiments/../",
        "/experiments/tiny/seed-0/",
        "/experiments/tiny/seed-9/round-000/",
        "/experiments/tiny/seed-0/round-001/",
        "/experiments/tiny/seed-0/none/round-001/",
        "/experiments/tiny/seed-0/random/round-007/",
        "/experiments/tiny/seed-0/random/round-001/99",
        f"/experiments/tiny/seed-0/random/round-001/{'9' * 5000}",
        "/experiments/tiny/seed-0/random/round-001/99-small.jpg",
        "/experiments/tiny/seed-0/random/round-001/select/done.json",
        "/experiments/tiny/report/",
        "/experiments/tiny/report/../experiment.yaml",
        "/experiments/tiny/report/a.exe",
        "/datasets/drawn/dataset.json",
    ],
)
def test_nothing_else_is_shown(finished: LocalStore, address: str) -> None:
    """Neither what does not exist, nor other objects of the store."""
    assert ask(finished, address).status == 404


def test_a_folder_s_name_needs_its_slash(finished: LocalStore) -> None:
    """Otherwise the links of its page would lead elsewhere."""
    answer = ask(finished, "/experiments/tiny")
    assert (answer.status, answer.headers["Location"]) == (303, "./tiny/")


def test_one_experiment_may_be_all_that_is_shown(finished: LocalStore) -> None:
    """The first page leads to it, and no other is there."""
    site = Site(finished, Access(None), only="tiny")
    assert ask(site, "/").headers["Location"] == "./experiments/tiny/"
    assert ask(site, "/experiments/tiny/").status == 200
    assert ask(Site(finished, Access(None), only="other"), "/experiments/tiny/").status == 404


def test_pictures_have_two_sizes_and_may_be_kept(finished: LocalStore) -> None:
    """A browser keeps them: their address has a part of their digest."""
    address = "/experiments/tiny/seed-0/random/round-001/1"
    page = text_of(ask(finished, address))
    (large,) = re.findall(r'href="(1-large\.jpg\?v=[0-9a-f]{12})"', page)
    for link in (large, "1-small.jpg"):
        answer = ask(finished, f"{address[:-1]}{link}")
        assert answer.kind == "image/jpeg"
        assert "immutable" in answer.headers["Cache-Control"]
        assert Image.open(io.BytesIO(answer.body)).size == (64, 64)


def test_files_of_the_store_can_do_nothing(finished: LocalStore) -> None:
    """The report is shown as it is, without any right of these pages."""
    store = filled(MemoryStore(), finished)
    store.write("experiments/tiny/report/index.html", b"<script>alert(1)</script>")
    answer = ask(store, "/experiments/tiny/report/")
    assert answer.body == b"<script>alert(1)</script>"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    text = ask(store, "/experiments/tiny/experiment.yaml")
    assert (text.kind, text.body[:10]) == ("text/plain; charset=utf-8", b"format: 1\n")


def test_a_store_that_is_away_says_so(
    finished: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a page that asks again, with the reason; health does not depend on the store."""

    def fail(*_: object) -> None:
        message = "s3://bucket: <no answer>"
        raise TemporaryError(message)

    store = filled(MemoryStore(), finished)
    for name in ("read", "list", "list_names"):
        monkeypatch.setattr(store, name, fail)
    site = Site(store, Access(None))
    for address in ("/", "/experiments/tiny/"):
        answer = ask(site, address)
        assert (answer.status, answer.headers["Refresh"]) == (503, "10")
        assert "The store does not answer" in text_of(answer)
        assert "s3://bucket: &lt;no answer&gt;" in text_of(answer)
    assert ask(site, "/healthz").status == 200


def test_health_needs_no_token() -> None:
    """A cluster asks without one; nothing else is shown without it."""
    site = Site(MemoryStore(), Access("0123456789abcdef"))
    assert ask(site, "/healthz").body == b"ok\n"
    assert ask(site, "/").status == 401
    assert ask(site, "/refresh.js").status == 401


def test_an_empty_store_says_how_to_begin() -> None:
    """And the list is no error."""
    assert "The store holds no experiment" in text_of(ask(MemoryStore(), "/"))


def test_an_experiment_that_cannot_be_read_hides_no_other(finished: LocalStore) -> None:
    """Its line has the reason, and its page too."""
    store = filled(MemoryStore(), finished)
    store.write("experiments/broken/experiment.yaml", b"format: 1\nexperiment: broken\n")
    page = text_of(ask(store, "/"))
    assert "experiments/broken/experiment.yaml" in page
    assert "<td>finished</td>" in page
    assert ask(store, "/experiments/broken/").status == 500
