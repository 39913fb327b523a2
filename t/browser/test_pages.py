"""The operator's pages in a real browser: with and without JavaScript, hostile text, a forged request, accessibility, nothing on the console."""
import re
import socket
import threading

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from driving import PAUSED, by_text, find, fits, follow, resize, url, violations, wait

EVIL = "<script>window.hacked=1</script>\"'&<img src=x onerror=window.hacked=2>"
SIZES = [(360, 740), (1280, 900)]


def lines_but_times(text):
    """Two runs differ in dates and durations alone."""
    return re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|\d+ ms|^\[.{4}\] (\S+) +", r"#\1", text, flags=re.M)


# ---- the connection test ----

def test_passed(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser()
    driver.get(url(httpd, "/mail-test"))
    assert "PASSED" in find(driver, "#outcome").text and "ok" in find(driver, "#outcome").get_attribute("class")
    steps = [e.get_attribute("data-step") for e in driver.find_elements(By.CSS_SELECTOR, "#steps > li")]
    assert steps[:5] == ["config", "resolve", "connect", "greeting", "hello"] and steps[-1] == "quit"
    settings = find(driver, "#settings")
    assert not driver.execute_script("return arguments[0].querySelector('table').checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})", settings)
    settings.find_element(By.CSS_SELECTOR, "summary").click()
    assert "SMTPSendHost" in settings.text and "httpd.conf:" in settings.text and "at their defaults" in settings.text
    dialogue = find(driver, "#dialogue")
    assert not dialogue.is_displayed()
    dialogue.find_element(By.XPATH, "../summary").click()
    assert "C: EHLO" in dialogue.text


def visible_top_and_bottom(driver, element):
    """In pixels from the top of the window."""
    return driver.execute_script("const box = arguments[0].getBoundingClientRect(); return [box.top, box.bottom]", element)


@pytest.mark.parametrize("script", [True, False])
def test_outcome_and_advice_come_first(make_httpd, make_relay, make_browser, script):
    httpd = make_httpd("SMTPSendUsername me\nSMTPSendPassword wrong\n", relay=make_relay(auth={"me": "right"}, mechanisms=["PLAIN"]))
    driver = make_browser(script=script)
    driver.get(url(httpd, "/mail-test"))
    outcome, advice, steps = find(driver, "#outcome"), find(driver, "[aria-labelledby=todo]"), find(driver, "#steps")
    assert "FAILED at auth" in outcome.text and "535" in outcome.text and "SMTPSendPassword" in advice.text
    places = [visible_top_and_bottom(driver, e) for e in (outcome, advice, steps)]
    assert places[0][0] >= 0 and places[0][1] <= places[1][0] and places[1][1] <= min(places[2][0], 900), places
    assert not find(driver, ".busy").is_displayed() and not any(e.is_displayed() for e in driver.find_elements(By.CSS_SELECTOR, "#steps .advice, .next"))


def test_the_keyboard_meets_the_outcome_first(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser()
    driver.get(url(httpd, "/mail-test"))
    seen = []
    while "Send a test message" not in seen and len(seen) < 40:
        driver.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(driver.switch_to.active_element.text or driver.switch_to.active_element.get_attribute("name"))
    order = [seen.index(text) for text in ("Skip to content", "Overview", "Connection test", "Copy results", "Run again", "Dialogue", "Plain text", "from", "to", "Send a test message")]
    assert order == sorted(order), seen


def test_pages_link_to_each_other(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser()
    driver.get(url(httpd, "/mail-status/queue"))
    follow(driver, by_text(driver, "nav a", "Connection test"))
    assert find(driver, "nav a[aria-current]").text == "Connection test"
    follow(driver, by_text(driver, "nav a", "Messages"))
    assert find(driver, "h1").text == "Messages"


def test_what_works_is_conditional_with_a_certificate_that_nobody_vouches_for(make_httpd, make_relay, certificates, make_browser):
    httpd = make_httpd("SMTPSendTLS tls\n", relay=make_relay(tls="immediate", cert=certificates.self_signed()))
    driver = make_browser()
    driver.get(url(httpd, "/mail-test"))
    outcome = find(driver, "#outcome").text
    assert "FAILED at tls" in outcome and "only after you have checked it" in outcome, outcome
    assert re.fullmatch(r"SMTPSendTLSFingerprint sha256:[0-9a-f]{64}", find(driver, "#outcome code").text)


def test_copy_is_the_plain_text(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser()
    driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": url(httpd, ""), "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    driver.get(url(httpd, "/mail-test"))
    find(driver, "#copy").click()
    wait(driver, lambda d: find(d, "#copy").text == "Copied")
    copied = driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == driver.execute_script("return document.getElementById('results').textContent")
    assert lines_but_times(copied) == lines_but_times(httpd.get("/mail-test").text)


def test_run_again_with_a_recipient(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser()
    driver.get(url(httpd, "/mail-test"))
    find(driver, "form[method=get] input[name=to]").send_keys("bob@example.net")
    follow(driver, by_text(driver, "form[method=get] button", "Run again"))
    assert find(driver, "li[data-step=rcpt]").is_displayed() and find(driver, "form[method=get] input[name=to]").get_attribute("value") == "bob@example.net"
    assert not relay.messages


class Holding:
    """A server that greets only after go is set."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self.listener.getsockname()
        self.go = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                self.go.wait(30)
                with connection:
                    connection.sendall(b"554 5.7.1 go away\r\n")
        except OSError:
            return

    def close(self):
        self.go.set()
        self.listener.close()


@pytest.mark.parametrize("script", [True, False])
def test_steps_appear_before_the_end(make_httpd, make_browser, script):
    server = Holding()
    try:
        httpd = make_httpd(relay=server)
        driver = make_browser(script=script, waits=False)
        driver.get(url(httpd, "/mail-test?probe=0"))
        wait(driver, lambda d: len(d.find_elements(By.CSS_SELECTOR, "#steps > li")) >= 3)
        assert not driver.find_elements(By.CSS_SELECTOR, "#outcome") and not server.go.is_set()
        assert find(driver, ".busy").is_displayed()
        shown = [e for e in driver.find_elements(By.CSS_SELECTOR, ".next") if e.is_displayed()]
        assert [e.text.strip() for e in shown] == ["greeting"]
        spinner = shown[0].find_element(By.CSS_SELECTOR, ".spinner")
        for motion, name in (("no-preference", "turn"), ("reduce", "none")):
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": motion}]})
            assert spinner.value_of_css_property("animation-name") == name
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        server.go.set()
        wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "#outcome"))
        assert "FAILED at greeting" in find(driver, "#outcome").text
        assert not [e for e in driver.find_elements(By.CSS_SELECTOR, ".next, .busy") if e.is_displayed()]
    finally:
        server.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_test_message_is_followed_to_its_end(make_httpd, relay, make_browser, script):
    httpd = make_httpd(relay=relay)
    driver = make_browser(script=script)
    driver.get(url(httpd, "/mail-test"))
    find(driver, "form[method=post] input[name=to]").send_keys("bob@example.net")
    by_text(driver, "button", "Send a test message").click()
    wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "#outcome") and "SENT" in find(d, "#outcome").text)
    assert len(relay.messages) == 1
    follow(driver, find(driver, "#message"))
    assert "/mail-status/message/" in driver.current_url and "bob@example.net" in find(driver, "main").text


@pytest.mark.parametrize("script", [True, False])
def test_pause_and_resume(make_httpd, relay, make_browser, script):
    httpd = make_httpd(relay=relay, expect=PAUSED)
    driver = make_browser(script=script)
    driver.get(url(httpd, "/mail-status"))
    by_text(driver, "summary", "Pause sending").click()
    find(driver, "input[name=reason]").send_keys("moving house")
    by_text(driver, "button", "Pause sending").click()
    httpd.wait(lambda: httpd.status()["paused"], 20, "the pause")
    for path in ("/mail-status", "/mail-status/queue", "/mail-test"):
        driver.get(url(httpd, path))
        assert "Sending is paused" in find(driver, "#banners").text and "moving house" in find(driver, "#banners").text, path
    driver.get(url(httpd, "/mail-status"))
    by_text(driver, "#banners button", "Resume sending").click()
    httpd.wait(lambda: not httpd.status()["paused"], 20, "the resumption")


def test_a_forged_request_is_refused(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser(expected=["403"])
    driver.get(url(httpd, "/mail-status"))
    status = driver.execute_async_script("""const done = arguments[0];
        fetch('/mail-status', {method: 'POST', body: new URLSearchParams({action: 'pause', token: '0'.repeat(32)})}).then(a => done(a.status));""")
    assert status == 403 and not httpd.status()["paused"]


def test_live_without_loading_again(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay)
    driver = make_browser()
    driver.get(url(httpd, "/mail-status/queue"))
    assert "No messages." in find(driver, "#live").text
    find(driver, "input[name=text]").send_keys("half a wor")
    driver.execute_script("window.mark = 1")
    ident = httpd.send(b"Subject: fresh\r\n\r\nx\r\n").json["id"]
    wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, f"tr[data-key=m{ident}]"))
    assert driver.execute_script("return window.mark") == 1 and find(driver, "input[name=text]").get_attribute("value") == "half a wor"


# ---- hostile text, accessibility, sizes ----

@pytest.fixture
def hostile(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": f"550 5.1.1 {EVIL}", "GREETING": f"220 relay {EVIL}"})
    httpd = make_httpd("SMTPSendStatusBody On\nSMTPSendBounce off\n", relay=relay, expect=["status=bounced", "reply code to the", "sending is paused", "is blocked", "is down"])
    ident = httpd.send_json({"from": {"name": EVIL, "address": "app@example.com"}, "to": "bob@example.net", "subject": EVIL, "text": EVIL, "metadata": {"x": EVIL}}).json["id"]
    httpd.wait_state(ident, "failed")
    httpd.request("POST", "/mail-status", ("action=pause&reason=" + EVIL.replace("&", "%26").replace("<", "%3C").replace(" ", "+")).encode(),
                  {"Content-Type": "application/x-www-form-urlencoded"})
    httpd.paths = ["/mail-status", "/mail-status/queue", "/mail-status/queue?text=%3Cscript%3E&state=failed", f"/mail-status/message/{ident}", "/mail-test?to=bob@example.net"]
    return httpd


def test_markup_is_inert(hostile, make_browser):
    driver = make_browser()
    for path in hostile.paths:
        driver.get(url(hostile, path))
        assert driver.execute_script("return window.hacked === undefined && document.images.length === 0 && document.scripts.length === 1"), path
    assert "window.hacked" in find(driver, "main").text


@pytest.mark.parametrize("dark", [False, True])
def test_accessible_at_every_size(hostile, make_browser, axe, dark):
    driver = make_browser(dark=dark)
    for size in SIZES:
        resize(driver, *size)
        for path in hostile.paths:
            driver.get(url(hostile, path))
            assert driver.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches") == dark
            for summary in driver.find_elements(By.CSS_SELECTOR, "details > summary"):
                driver.execute_script("arguments[0].parentNode.open = true", summary)
            assert fits(driver), (path, size)
            assert not violations(driver, axe), (path, size)
