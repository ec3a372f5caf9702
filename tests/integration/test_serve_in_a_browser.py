"""The pages of `al-job serve` in a real browser, on a phone and on a screen."""

import base64
import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from job.artifacts import names
from job.artifacts.annotating import dump_annotating, load_annotating
from job.errors import TemporaryError
from job.serve import looks
from job.serve.access import Access
from job.serve.server import Server
from job.serve.site import Site
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.integration.browsing import (
    NEEDS_BROWSER,
    heading_levels,
    logged,
    open_all,
    open_browser,
    poor_contrasts,
    show,
    tab_through,
)
from tests.stores import filled
from tests.unit.serve.people import AT_WORK, with_people

pytestmark = [NEEDS_BROWSER, pytest.mark.slow]
ROUND = "experiments/tiny/seed-0/random/round-002/"
PAGES = ("", "experiments/tiny/", ROUND, f"{ROUND}1")
TOKEN = "0123456789abcdef"
TOLD = AT_WORK.stage("annotate").key(names.ANNOTATING)


@contextmanager
def served(store: Store, token: str | None = None) -> Iterator[str]:
    """Serve a store; yield the address."""
    with Server("127.0.0.1", 0, Site(store, Access(token)).answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def people(tiny: str, finished_state: FinishedState) -> MemoryStore:
    """Only read."""
    return with_people(LocalStore(finished_state(tiny)))


@pytest.fixture(scope="module")
def url(people: MemoryStore) -> Iterator[str]:
    with served(people) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with open_browser() as browser:
        yield browser


Open = Callable[..., None]


@pytest.fixture
def open_page(browser: webdriver.Chrome, url: str) -> Open:
    """A function that opens a page at a width and in a scheme."""

    def call(page: str, width: int = 1280, scheme: str = "light") -> None:
        for kind in ("performance", "browser"):
            logged(browser, kind)
        show(browser, scheme=scheme, width=width)
        browser.get(f"{url}{page}")

    return call


@pytest.mark.parametrize("page", PAGES)
def test_everything_comes_from_the_server(
    browser: webdriver.Chrome, open_page: Open, url: str, page: str
) -> None:
    """The strict policy hinders nothing that the page needs: the console stays empty."""
    open_page(page)
    messages = [json.loads(each["message"])["message"] for each in logged(browser, "performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert f"{url}refresh.js" in asked
    assert all(address.startswith((url, "data:")) for address in asked)
    assert logged(browser, "browser") == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1280, "light"), (375, "light")])
def test_a_phone_and_a_screen_show_all(
    browser: webdriver.Chrome, open_page: Open, page: str, width: int, scheme: str
) -> None:
    """Nothing is wider than the screen, and every text can be read."""
    open_page(page, width, scheme)
    open_all(browser)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert poor_contrasts(browser) == []
    levels = heading_levels(browser)
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("page", PAGES)
def test_a_keyboard_reaches_all(browser: webdriver.Chrome, open_page: Open, page: str) -> None:
    """Every link, picture, fold and wide table."""
    open_page(page)
    assert tab_through(browser)


def test_pictures_are_there(browser: webdriver.Chrome, open_page: Open) -> None:
    """With their pixels, and boxes over them."""
    open_page(ROUND)
    widths = browser.execute_script(
        "return Promise.all([...document.querySelectorAll('svg image')].map(async each => {"
        "const image = new Image(); image.src = each.href.baseVal; await image.decode();"
        "return image.naturalWidth}))"
    )
    assert widths == [64, 64, 64, 64]
    assert browser.find_elements(By.CSS_SELECTOR, ".tiles rect.other")


def test_it_prints(browser: webdriver.Chrome, open_page: Open) -> None:
    """As a PDF of a few pages."""
    open_page("experiments/tiny/", scheme="dark")
    pdf = base64.b64decode(browser.print_page())
    assert 1 <= (pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ")) <= 10


def away(_: str) -> Iterator[str]:
    message = "no answer"
    raise TemporaryError(message)


def test_a_refresh_keeps_the_place(
    browser: webdriver.Chrome, people: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed is new; the fold that was opened, the focus and the place stay."""
    monkeypatch.setattr(looks, "SECONDS_BETWEEN_LOOKS", 0.0)
    store = filled(MemoryStore(), people)
    show(browser, scheme="light", width=375)
    with served(store) as url:
        browser.get(f"{url}experiments/tiny/")
        browser.find_element(By.CSS_SELECTOR, "#every-stage summary").click()
        link = browser.find_element(By.CSS_SELECTOR, "#rounds a[href$='round-001/']")
        browser.execute_script("arguments[0].focus()", link)
        place = "return document.querySelector('#rounds').getBoundingClientRect().top"
        before = browser.execute_script(place)
        told = load_annotating(store.read(TOLD), TOLD)
        store.write(TOLD, dump_annotating(replace(told, labelled=3, attention=())))
        browser.execute_script("return refresh()")
        now = browser.find_element(By.ID, "now").text
        assert "3 of 4 answered" in now
        assert "attention" not in now
        assert browser.execute_script(place) == pytest.approx(before, abs=2)
        assert browser.find_element(By.ID, "every-stage").get_attribute("open")
        address = browser.switch_to.active_element.get_attribute("href")
        assert address
        assert address.endswith("round-001/")
        assert "Refreshed at" in browser.find_element(By.ID, "refreshed").text
        monkeypatch.setattr(store, "list", away)
        browser.execute_script("return again()")
        told_now = browser.find_element(By.ID, "refreshed").text
        assert re.fullmatch(
            "Not refreshed since .*: the store does not answer. Asking again.", told_now
        )
        assert "3 of 4 answered" in browser.find_element(By.ID, "now").text
    logged(browser, "browser")


def test_a_token_is_asked_for_once(browser: webdriver.Chrome, people: MemoryStore) -> None:
    """After that, the address has none, and other pages open."""
    with served(people, TOKEN) as url:
        browser.get(f"{url}experiments/tiny/")
        browser.find_element(By.NAME, "token").send_keys(TOKEN)
        browser.find_element(By.TAG_NAME, "button").click()
        WebDriverWait(browser, 60).until(lambda now: now.find_elements(By.ID, "now"))
        assert browser.current_url == f"{url}experiments/tiny/"
        browser.get(f"{url}{ROUND}")
        assert browser.find_elements(By.ID, "picks")


def test_the_report_is_shown_as_it_is(browser: webdriver.Chrome, people: MemoryStore) -> None:
    """A script in it does nothing."""
    store = filled(MemoryStore(), people)
    page = b"<!doctype html><style>p { color: red }</style><p>report<script>document.title='bad'"
    store.write("experiments/tiny/report/index.html", page)
    with served(store) as url:
        browser.get(f"{url}experiments/tiny/report/")
        assert browser.find_element(By.TAG_NAME, "p").text == "report"
        assert browser.title != "bad"
    logged(browser, "browser")
