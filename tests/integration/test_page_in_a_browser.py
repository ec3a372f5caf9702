"""The report's pages in a real browser: Chromium or Chrome, without a window."""

import base64
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from job.artifacts.experiment_file import load_experiment
from job.plan import Plan
from job.report.analysis.missing import ALL_THERE
from job.report.build import write_report
from job.report.compare import Side, comparison_page
from job.report.drawing.render import Drawing, Plot, draw_svg
from job.storage.local import LocalStore
from job.tutorial.analysis import analyse
from job.tutorial.page import tutorial_page
from tests.unit.tutorial.make_tutorial import write_tutorial

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="there is no Chromium with its chromedriver on this machine"
)
PAGES = ("experiment", "tutorial", "side by side")
SCHEMES = ("light", "dark")
LEAST_CONTRAST = 4.5
"""Of text, by WCAG 2.2 AA."""


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
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options, webdriver.ChromeService(DRIVER)) as browser:
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


def logged(browser: webdriver.Chrome, kind: str) -> list[Any]:
    """Return what has been logged since it was asked last."""
    entries: list[Any] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def show(browser: webdriver.Chrome, *, scheme: str, width: int) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


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
    poor = browser.execute_script(CONTRASTS, LEAST_CONTRAST)
    assert poor == [], page


def test_all_can_be_reached_by_keyboard(page: str, browser: webdriver.Chrome) -> None:
    """Tab goes through every link, fold and wide table, in the order of the page."""
    wanted = browser.execute_script(
        "return [...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')]"
        ".filter(each => each.checkVisibility()).length"
    )
    reached: list[float] = []
    for _ in range(wanted):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        top, outline = browser.execute_script(
            "const each = document.activeElement; return ["
            "each.getBoundingClientRect().top + scrollY, getComputedStyle(each).outlineStyle]"
        )
        assert outline != "none", "what has the focus is shown"
        reached.append(top)
    body = browser.execute_script("return document.body")
    assert browser.switch_to.active_element != body, page
    assert reached == sorted(reached)


def test_headings_are_in_order(page: str, browser: webdriver.Chrome) -> None:
    """One of the first level, none that skips a level."""
    levels = [int(each.tag_name[1]) for each in browser.find_elements(By.CSS_SELECTOR, HEADINGS)]
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


def open_all(browser: webdriver.Chrome) -> None:
    browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")


HEADINGS = "h1, h2, h3, h4, h5, h6"
CONTRASTS = """
const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parse = text => {
  const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
  return {rgb: [r, g, b], alpha: a};
};
const behind = element => {
  for (let each = element; each; each = each.parentElement) {
    const color = parse(getComputedStyle(each).backgroundColor);
    if (color.alpha > 0.99) return color.rgb;
  }
  return [255, 255, 255];
};
const poor = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const text = walker.currentNode.data.trim();
  const unseen = !element.checkVisibility() || element.closest("style, title, desc, metadata");
  if (!text || unseen || text === "\u25cf") continue;  // a dot is not text
  const style = getComputedStyle(element);
  const color = parse(element instanceof SVGElement ? style.fill : style.color).rgb;
  const [high, low] = [luminance(color), luminance(behind(element))].sort((a, b) => b - a);
  const contrast = (high + 0.05) / (low + 0.05);
  if (contrast < arguments[0]) poor.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
}
return poor;
"""
