"""The report's pages in a real browser: Chromium or Chrome, without a window."""

import base64
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from job.artifacts.experiment_file import load_experiment
from job.plan import Plan
from job.report.analysis.missing import ALL_THERE
from job.report.build import write_report
from job.report.compare import Side, comparison_page
from job.report.drawing.render import Drawing, Plot, draw_svg
from job.storage.local import LocalStore
from job.tutorial.analysis import analyse
from job.tutorial.page import tutorial_page
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
from tests.unit.tutorial.make_tutorial import write_tutorial

pytestmark = [NEEDS_BROWSER, pytest.mark.slow]
PAGES = ("experiment", "tutorial", "side by side")
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def pages(two_seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An experiment of two seeds and its report, and that of a tutorial's results."""
    folder = shutil.copytree(two_seeds, tmp_path_factory.mktemp("pages") / "state")
    store = LocalStore(folder)
    config = load_experiment(store, "tiny")
    rows = write_report(store, Plan(config), draw=draw)
    sides = [
        Side(config.model_copy(update={"experiment": name}), rows, ALL_THERE)
        for name in ("first", "second")
    ]
    (folder / "compare.html").write_bytes(comparison_page(sides, draw).html())
    write_tutorial(folder / "results")
    (folder / "tutorial.html").write_bytes(tutorial_page(analyse(folder / "results"), draw).html())
    return {
        "experiment": folder / "experiments/tiny/report/index.html",
        "tutorial": folder / "tutorial.html",
        "side by side": folder / "compare.html",
    }


def draw(plot: Plot) -> Drawing:
    """Without the PNG, which a page does not show."""
    return Drawing(plot.name, plot.title, plot.alt, draw_svg(plot), png=b"")


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, browser: webdriver.Chrome, pages: dict[str, Path]) -> str:
    """The page is open, 1,280 pixels wide, in the light scheme."""
    name = str(request.param)
    for kind in ("performance", "browser"):
        logged(browser, kind)
    show(browser, scheme="light", width=1280)
    browser.get(pages[name].as_uri())
    return name


def test_no_request_leaves_the_page(page: str, browser: webdriver.Chrome) -> None:
    """Only itself is fetched, and the console stays empty."""
    messages = [json.loads(each["message"])["message"] for each in logged(browser, "performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    others = [url for url in asked if not url.startswith("data:")]
    assert others == [browser.current_url], page
    assert logged(browser, "browser") == []


def test_every_figure_and_sheet_is_drawn(page: str, browser: webdriver.Chrome) -> None:
    """With a size, and for contact sheets with pixels."""
    open_all(browser)
    figures = browser.find_elements(By.CSS_SELECTOR, "figure svg")
    assert len(figures) >= {"experiment": 9, "tutorial": 5, "side by side": 5}[page]
    assert all(each.size["width"] > 200 and each.size["height"] > 100 for each in figures)
    widths = browser.execute_script(
        "return Promise.all([...document.images].map(async each => {"
        "each.loading = 'eager'; await each.decode(); return each.naturalWidth}))"
    )
    assert len(widths) == {"experiment": 2}.get(page, 0)
    assert all(width > 500 for width in widths)


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_is_wider_than_the_screen(page: str, browser: webdriver.Chrome, width: int) -> None:
    """Tables scroll by themselves."""
    show(browser, scheme="light", width=width)
    open_all(browser)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width, page


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_can_be_read_in_both_schemes(
    page: str, browser: webdriver.Chrome, scheme: str
) -> None:
    """The contrast of every text to what is behind it, labels in figures too."""
    show(browser, scheme=scheme, width=1280)
    open_all(browser)
    dark = browser.execute_script(
        "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 128"
    )
    assert dark == (scheme == "dark")
    assert poor_contrasts(browser) == [], page


def test_all_can_be_reached_by_keyboard(page: str, browser: webdriver.Chrome) -> None:
    """Tab goes through every link, fold and wide table, in the order of the page."""
    reached = tab_through(browser)
    assert reached == sorted(reached), page


def test_headings_are_in_order(page: str, browser: webdriver.Chrome) -> None:
    """One of the first level, none that skips a level."""
    levels = heading_levels(browser)
    assert levels.count(1) == 1, page
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_it_prints(page: str, browser: webdriver.Chrome) -> None:
    """As a PDF of a few pages, light whatever the scheme."""
    show(browser, scheme="dark", width=1280)
    pdf = base64.b64decode(browser.print_page())
    assert pdf.startswith(b"%PDF")
    num_pages = pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ")
    assert 1 <= num_pages <= 20, page
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    color = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert color == "rgb(255, 255, 255)"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
