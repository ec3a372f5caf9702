"""A real browser for tests: Chromium or Chrome, without a window."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
DRIVER = shutil.which("chromedriver")
NEEDS_BROWSER = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="there is no Chromium with its chromedriver on this machine"
)
LEAST_CONTRAST = 4.5
"""Of text, by WCAG 2.2 AA."""


@contextmanager
def open_browser() -> Iterator[webdriver.Chrome]:
    """Open a browser that logs its requests and its console."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options, webdriver.ChromeService(DRIVER)) as browser:
        yield browser


def logged(browser: webdriver.Chrome, kind: str) -> list[Any]:
    """Return what has been logged since it was asked last."""
    entries: list[Any] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def show(browser: webdriver.Chrome, *, scheme: str, width: int) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def open_all(browser: webdriver.Chrome) -> None:
    browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")


def tab_through(browser: webdriver.Chrome) -> list[float]:
    """Go by Tab through every link, field, fold and wide table; return the top of each.

    Each has to show that it has the focus.
    """
    wanted = browser.execute_script(
        "return [...document.querySelectorAll('a[href], input, button, summary, [tabindex=\"0\"]')]"
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
    assert browser.switch_to.active_element != browser.execute_script("return document.body")
    return reached


def poor_contrasts(browser: webdriver.Chrome) -> list[str]:
    """Return the texts that are hard to read, with their contrast to what is behind them."""
    found: list[str] = browser.execute_script(_CONTRASTS, LEAST_CONTRAST)
    return found


def heading_levels(browser: webdriver.Chrome) -> list[int]:
    """Return the levels of the headings in their order."""
    found = browser.find_elements(By.CSS_SELECTOR, "h1, h2, h3, h4, h5, h6")
    return [int(each.tag_name[1]) for each in found]


_CONTRASTS = """
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
  const isDrawn = element instanceof SVGElement;
  const color = parse(isDrawn ? style.fill : style.color).rgb;
  const hasEdge = isDrawn && style.stroke !== "none";  // over a picture
  const ground = hasEdge ? parse(style.stroke).rgb : behind(element);
  const [high, low] = [luminance(color), luminance(ground)].sort((a, b) => b - a);
  const contrast = (high + 0.05) / (low + 0.05);
  if (contrast < arguments[0]) poor.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
}
return poor;
"""
