"""The pages of the connection test, a message, a form, refusals and metrics in each of their states: accessible, and within the window, at each size, dark and light, with and without JavaScript."""
import os
import signal

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser.test_pages import Holding
from driving import by_text, find, fits, follow, resize, url, violations, wait

SIZES = [(360, 740), (1280, 900), (1600, 1000)]


def check(driver, axe, what):
    for size in SIZES:
        resize(driver, *size)
        assert fits(driver), (what, size)
        found = violations(driver, axe)
        assert not found, (what, size, found)


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def dark(request):
    return request.param


def test_running_and_failed(make_httpd, make_browser, axe, dark):
    server = Holding()
    try:
        httpd = make_httpd(relay=server)
        driver = make_browser(waits=False, dark=dark)
        driver.get(url(httpd, "/mail-test?probe=0"))
        wait(driver, lambda d: len(d.find_elements(By.CSS_SELECTOR, "#steps > li")) >= 3)
        check(driver, axe, "running")
        assert not driver.find_elements(By.CSS_SELECTOR, "#outcome")
        server.go.set()
        wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "footer"))
        check(driver, axe, "failed")
    finally:
        server.close()


def test_untrusted_certificate(make_httpd, make_relay, certificates, make_browser, axe, dark):
    httpd = make_httpd("SMTPSendTLS tls\n", relay=make_relay(tls="immediate", cert=certificates.self_signed()))
    driver = make_browser(dark=dark)
    driver.get(url(httpd, "/mail-test"))
    check(driver, axe, "untrusted certificate")


def test_passed_message_form_metrics_and_refusals(make_httpd, relay, make_browser, axe, dark):
    httpd = make_httpd(relay=relay)
    driver = make_browser(dark=dark, expected=["404", "400"])
    one = httpd.send_json({"from": "a@example.com", "to": "bob@example.net", "subject": "one", "text": "x", "metadata": {"a" * 60: "b" * 300, "n": 1.5}}).json["id"]
    many = httpd.send_json({"from": "a@example.com", "to": [f"{'u' * 50}{i}@example.net" for i in range(60)], "subject": "many " * 40, "text": "x"}).json["id"]
    for ident in (one, many):
        httpd.wait_state(ident, "sent")
    for what, path in (("passed", "/mail-test?to=bob@example.net"), ("one recipient", f"/mail-status/message/{one}"), ("60 recipients", f"/mail-status/message/{many}"),
                       ("nothing", "/mail-status/nope"), ("no message", "/mail-status/message/01890000-0000-7000-8000-000000000000"), ("metrics", "/mail-status/metrics"), ("form", "/mail")):
        driver.get(url(httpd, path))
        for summary in driver.find_elements(By.CSS_SELECTOR, "details > summary"):
            driver.execute_script("arguments[0].parentNode.open = true", summary)
        check(driver, axe, what)
    for to, what in (("b@@", "refused form"), ("bob@example.net", "accepted form")):
        driver.get(url(httpd, "/mail"))
        find(driver, "input[name=from]").send_keys("a@example.com")
        find(driver, "input[name=to]").send_keys(to)
        follow(driver, by_text(driver, "button", "Send"))
        check(driver, axe, what)


def test_test_message_and_no_daemon(make_httpd, relay, make_browser, axe, dark):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-501", "SMTPSend-283"])
    driver = make_browser(dark=dark, expected=["503"])
    driver.get(url(httpd, "/mail-test"))
    find(driver, "form[method=post] input[name=to]").send_keys("bob@example.net")
    by_text(driver, "button", "Send a test message").click()
    wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "#message") and d.find_elements(By.CSS_SELECTOR, "footer"))
    check(driver, axe, "test message")
    pid = httpd.status()["pid"]
    os.kill(pid, signal.SIGSTOP)
    for path in ("/mail-test", "/mail-status/message/01890000-0000-7000-8000-000000000000", "/mail-status/metrics"):
        driver.get(url(httpd, path))
        check(driver, axe, "hung: " + path)
    os.kill(pid, signal.SIGKILL)


def test_the_form_works_without_a_script_and_by_keyboard(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser(script=False)
    driver.get(url(httpd, "/mail"))
    keys = {"from": "a@example.com", "to": "bob@example.net", "subject": "Hi", "text": "by keyboard"}
    for _ in range(30):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        element = driver.switch_to.active_element
        name = element.get_attribute("name")
        if name in keys:
            element.send_keys(keys.pop(name))
        elif element.text == "Send":
            break
    assert not keys
    follow(driver, driver.switch_to.active_element)
    assert find(driver, "h1").text == "Accepted"
    assert b"by keyboard" in relay.wait_for(1)[0].data
    follow(driver, by_text(driver, "a", "Send another one"))
    assert find(driver, "h1").text == "Send a message"
