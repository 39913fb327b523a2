"""How the tests drive a browser: finding, waiting, following links."""
import json

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PAUSED = ["sending is paused"]


def url(httpd, path):
    return f"http://127.0.0.1:{httpd.port}{path}"


# What chromedriver says, besides StaleElementReferenceException, when the page replaced an element or itself during a command.
REPLACED = ("does not belong to the document", "No node with given id found", "Cannot find context with specified id", "aborted by navigation")


def wait(driver, condition, timeout=20):
    """Waits until the condition holds. While the page changes under a command the condition is not there yet."""
    def settled(d):
        try:
            return condition(d)
        except (StaleElementReferenceException, NoSuchElementException):
            return None
        except WebDriverException as error:
            if any(text in str(error) for text in REPLACED):
                return None
            raise
    return WebDriverWait(driver, timeout, poll_frequency=0.05).until(settled)


def find(driver, css):
    return driver.find_element(By.CSS_SELECTOR, css)


def by_text(driver, css, text):
    return wait(driver, lambda d: next((e for e in d.find_elements(By.CSS_SELECTOR, css) if e.text.strip() == text), None))


def follow(driver, element):
    """Clicks what leads to another page and waits until that page is there. The old page's element is compared and never asked."""
    before = find(driver, "html").id
    element.click()
    wait(driver, lambda d: find(d, "html").id != before)


def resize(driver, width, height):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})


def fits(driver):
    """Nothing is cut off or scrolled sideways."""
    return driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def violations(driver, axe):
    """What axe-core finds, as text; '': nothing."""
    driver.execute_script(axe)
    found = driver.execute_async_script("const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations))")
    return "" if not found else json.dumps([{"id": v["id"], "nodes": [n["html"][:200] + " " + n["failureSummary"] for n in v["nodes"]]} for v in found], indent=1)
