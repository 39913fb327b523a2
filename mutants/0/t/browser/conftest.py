"""Fixtures: a real httpd and a real browser (Debian's chromium with its driver, headless). What the browser's console says is checked after each test."""
import os
import sys

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from e2e.conftest import certificates, make_httpd, make_relay, relay  # noqa: E402,F401

BUILD = os.environ.get("SMTP_SEND_BUILD", os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build"))
AXE = os.path.join(BUILD, "axe", "node_modules", "axe-core", "axe.min.js")


def start(script=True, dark=False, waits=True, size=(1280, 900)):
    """waits=False: a command does not wait for a page that is still loading."""
    options = Options()
    options.page_load_strategy = "normal" if waits else "none"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={size[0]},{size[1]}", "--hide-scrollbars"):
        options.add_argument(argument)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    if not script:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(30)
    return driver


@pytest.fixture(scope="session")
def browsers():
    """The browsers of this run, by what they are: starting one costs seconds."""
    made = {}
    yield made
    for driver in made.values():
        driver.quit()


@pytest.fixture
def make_browser(browsers):
    """A browser: script=False is one without JavaScript. expected: texts of console lines that the test provokes."""
    used = []

    def make(expected=(), **kwargs):
        key = tuple(sorted(kwargs.items()))
        driver = browsers.get(key) or browsers.setdefault(key, start(**kwargs))
        driver.get_log("browser")
        used.append((driver, expected))
        return driver
    yield make
    lines = []
    for driver, expected in used:
        lines += [entry["message"] for entry in driver.get_log("browser") if not any(text in entry["message"] for text in expected)]
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.get("about:blank")
    assert not lines, "the browser's console:\n" + "\n".join(lines)


@pytest.fixture(scope="session")
def axe():
    with open(AXE) as file:
        return file.read()
