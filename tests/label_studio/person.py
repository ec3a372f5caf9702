"""An annotator: signed up, logged in, and drawing in the page of Label Studio with a mouse."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.label_studio.asking import Place

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
DRIVER = shutil.which("chromedriver")
PASSWORD = "secret-of-a-person"
SECONDS = 60
"""How long the page may take to show something."""
NO_MORE = -1
BOX = tuple[float, float, float, float]


def sign_up(place: Place, email: str) -> None:
    """Make an account, as somebody does who was sent the link of an invitation."""
    path = place.api.get("/api/invite")["invite_url"]
    pool = urllib3.PoolManager()
    page = pool.request("GET", place.url + path)
    cookies = "; ".join(each.partition(";")[0] for each in page.headers.getlist("Set-Cookie"))
    (secret,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.data.decode())[:1]
    form = {"email": email, "password": PASSWORD, "csrfmiddlewaretoken": secret}
    headers = {
        "Cookie": cookies,
        "Referer": place.url + path,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = pool.request(
        "POST", place.url + path, body=urlencode(form), headers=headers, redirect=False
    )
    assert answer.status == 302, answer.data[:500]


@dataclass
class Person:
    """Somebody at a browser."""

    browser: webdriver.Chrome
    url: str

    def log_in(self, email: str) -> None:
        """Log in."""
        self.browser.get(f"{self.url}/user/login/")
        self._wait_for("#email").send_keys(email)
        self._wait_for("#password").send_keys(PASSWORD)
        self._wait_for("[type=submit]").click()
        self._until(lambda: "/user/login" not in self.browser.current_url)

    def start(self, project: int) -> None:
        """Begin to label, by the button of the project's page.

        The address that it leads to is another queue if it is opened by itself: it gives everybody
        the same task.
        """
        self.browser.get(f"{self.url}/projects/{project}/data")
        button = self._wait_for("//button[contains(., 'Label All Tasks')]")
        self.browser.execute_script("arguments[0].click()", button)

    def task(self) -> int | None:
        """Return the number of the task that the page shows; None: there are no more."""
        number: int = self._until(self._shown)
        return None if number == NO_MORE else number

    def draw(self, key: str, box: BOX) -> None:
        """Press the key of a class and drag a box, given in shares of the image."""
        image = self._until(self._image)
        rect = image.rect
        left, top = box[0] * rect["width"], box[1] * rect["height"]
        right, bottom = box[2] * rect["width"], box[3] * rect["height"]
        self.browser.find_element(By.TAG_NAME, "body").send_keys(key)
        chain = ActionChains(self.browser, duration=20)
        pointer: Any = chain.w3c_actions.pointer_action
        pointer.move_to_location(int(rect["x"] + left), int(rect["y"] + top))
        pointer.pointer_down()
        pointer.move_to_location(int(rect["x"] + (left + right) / 2), int(rect["y"] + bottom))
        pointer.move_to_location(int(rect["x"] + right), int(rect["y"] + bottom))
        pointer.pointer_up()
        chain.perform()

    def press(self, button: str) -> None:
        """Press `submit`, `skip` or `update`, and wait until the task is another one."""
        before = self._until(self._shown)
        element = self._wait_for(f"[data-testid=bottombar-{button}-button]")
        # By script: a note may cover it.
        self.browser.execute_script("arguments[0].click()", element)
        self._until(lambda: self._shown() not in {None, before})

    def text(self) -> str:
        """Return what the page says."""
        return self.browser.find_element(By.TAG_NAME, "body").text

    def _shown(self) -> int | None:
        """The number of the task with its image, or `NO_MORE`; None: the page is not ready."""
        for button in self.browser.find_elements(By.CSS_SELECTOR, "[aria-label='Close modal']"):
            self.browser.execute_script("arguments[0].click()", button)  # the instructions
        text = self.text()
        if "no more tasks" in text.lower():
            return NO_MORE
        found = re.search(r"^(\d+)\n\d+ of \d+$", text, re.MULTILINE)
        return int(found[1]) if found and self._image() is not None else None

    def _image(self) -> WebElement | None:
        images = self.browser.find_elements(By.CSS_SELECTOR, "img[src^=blob]")
        shown = [each for each in images if each.size["width"] > 0]
        return max(shown, key=lambda each: each.size["width"], default=None)

    def _wait_for(self, selector: str) -> WebElement:
        kind = By.XPATH if selector.startswith("//") else By.CSS_SELECTOR
        found: WebElement = self._until(
            lambda: next(iter(self.browser.find_elements(kind, selector)), None)
        )
        return found

    def _until(self, look: Any) -> Any:
        return WebDriverWait(self.browser, SECONDS, 0.1).until(lambda _: look())


@contextmanager
def person(place: Place, email: str) -> Iterator[Person]:
    """Somebody who has logged in at a browser of their own."""
    if not (BROWSER and DRIVER):
        pytest.skip("there is no Chromium with its chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(option)
    options.add_argument("--window-size=1280,900")
    sign_up(place, email)
    with webdriver.Chrome(options, webdriver.ChromeService(DRIVER)) as browser:
        somebody = Person(browser, place.url)
        somebody.log_in(email)
        yield somebody
