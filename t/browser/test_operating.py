"""The overview and the list on a bad day: causes, selections and actions, with and without JavaScript, by keyboard, at every size."""
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from driving import PAUSED, by_text, find, fits, follow, resize, url, violations, wait
from rig.httpd import free_port

SIZES = [(360, 740), (1280, 900), (1600, 1000)]


@pytest.fixture
def waiting(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED + ["status=cancelled", "status=bounced"])
    httpd.idents = [httpd.send(f"Subject: number {i}\r\n\r\nx\r\n".encode(), to=[f"u{i}@example.net"]).json["id"] for i in range(3)]
    return httpd


def tick(driver, ident):
    box = find(driver, f"input[name=id][value='{ident}']")
    box.click()
    return box


def states(httpd):
    return [httpd.message(ident)["state"] for ident in httpd.idents]


def focused(driver):
    """What has the focus: its text, or its value."""
    return driver.execute_script("const a = document.activeElement; return a === document.body ? '' : a.textContent.trim() || a.value")


def said(driver):
    """What was announced: the regions exist before anything is said in them."""
    return " ".join(e.text for e in driver.find_elements(By.CSS_SELECTOR, "[role=status], [role=alert]"))


# ---- actions on messages ----

def test_what_cannot_be_undone_is_asked_first(waiting, make_browser):
    driver = make_browser()
    driver.get(url(waiting, "/mail-status/queue"))
    for ident in waiting.idents[:2]:
        tick(driver, ident)
    assert find(driver, "[data-count]").text == "2 selected"
    button = by_text(driver, ".bar button", "Cancel")
    button.click()
    assert "Cancel 2 messages?" in find(driver, "dialog").text and "cannot be undone" in find(driver, "dialog").text
    by_text(driver, "dialog button", "Go back").click()
    assert states(waiting) == ["queued"] * 3 and focused(driver) == "Cancel" and find(driver, "[data-count]").text == "2 selected"
    button.click()
    find(driver, "#yes").click()
    wait(driver, lambda d: "cancelled" in find(d, f"tr[data-key=m{waiting.idents[1]}]").text)
    assert states(waiting) == ["cancelled", "cancelled", "queued"] and "/queue" in driver.current_url
    wait(driver, lambda d: "Cancel: 2 messages." in said(d))
    assert focused(driver) == "Cancel" and find(driver, "[data-count]").text == ""
    driver.get(url(waiting, "/mail-status"))
    assert "client 127.0.0.1: cancel of 2 messages" in find(driver, "main").text


def test_all_that_match_the_filter(waiting, make_browser):
    driver = make_browser()
    driver.get(url(waiting, "/mail-status/queue?state=queued&to=*@example.net&text=number"))
    by_text(driver, "select[name=which] option", "all matching").click()
    by_text(driver, ".bar button", "Hold").click()
    wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "dialog"))
    assert "Hold 3 messages?" in find(driver, "dialog").text and "text number, state queued, to *@example.net" in find(driver, "dialog").text
    assert states(waiting) == ["queued"] * 3
    find(driver, "#yes").click()
    wait(driver, lambda d: "No messages." in find(d, "#live").text)
    assert waiting.status()["counts"]["held"] == 3
    assert focused(driver), "the bar is gone, and the focus with it"


def test_nothing_selected(waiting, make_browser):
    driver = make_browser(expected=["400"])
    driver.get(url(waiting, "/mail-status/queue"))
    by_text(driver, ".bar button", "Cancel").click()
    wait(driver, lambda d: "no message is selected" in said(d))
    assert states(waiting) == ["queued"] * 3 and focused(driver) == "Cancel"


def test_all_on_the_page(waiting, make_browser):
    driver = make_browser()
    driver.get(url(waiting, "/mail-status/queue"))
    every = find(driver, "[data-all]")
    tick(driver, waiting.idents[0])
    assert every.get_property("indeterminate") and not every.is_selected()
    every.click()
    assert find(driver, "[data-count]").text == "3 selected" and every.is_selected()
    by_text(driver, ".bar button", "Hold").click()
    wait(driver, lambda d: len(d.find_elements(By.CSS_SELECTOR, ".s-held")) == 3)
    assert states(waiting) == ["held"] * 3 and not every.is_selected()


def test_without_the_script(waiting, make_browser):
    driver = make_browser(script=False, expected=["400"])
    driver.get(url(waiting, "/mail-status/queue"))
    assert not find(driver, "[data-all]").is_displayed()
    follow(driver, by_text(driver, ".bar button", "Cancel"))
    assert "no message is selected" in find(driver, "main").text and states(waiting) == ["queued"] * 3
    follow(driver, by_text(driver, "main a", "Go back"))
    tick(driver, waiting.idents[0])
    follow(driver, by_text(driver, ".bar button", "Cancel"))
    assert waiting.message(waiting.idents[0])["state"] == "queued" and "cannot be undone" in find(driver, "main").text
    follow(driver, by_text(driver, "button", "Cancel 1 message"))
    assert waiting.message(waiting.idents[0])["state"] == "cancelled" and focused(driver) == "Messages"
    driver.get(url(waiting, "/mail-status/queue?state=queued"))
    by_text(driver, "select[name=which] option", "all matching").click()
    follow(driver, by_text(driver, ".bar button", "Hold"))
    assert waiting.status()["counts"]["held"] == 0 and "Filter: state queued" in find(driver, "main").text
    follow(driver, by_text(driver, "button", "Hold 2 messages"))
    assert "Held: 2 of 2 messages" in find(driver, "main").text and waiting.status()["counts"]["held"] == 2
    follow(driver, by_text(driver, "main a", "Messages"))
    assert driver.current_url.endswith("/queue?state=queued")
    driver.get(url(waiting, "/mail-status/queue"))
    follow(driver, by_text(driver, "a", "Select all on this page"))
    follow(driver, by_text(driver, ".bar button", "Release"))
    assert "Released: 2 of 2 messages" in find(driver, "main").text


def test_live_updates_leave_focus_and_selection(waiting, make_browser):
    driver = make_browser()
    driver.get(url(waiting, "/mail-status/queue?state=queued"))
    box = tick(driver, waiting.idents[1])
    # The row above goes, one comes in: the box stays ticked and focused.
    waiting.cli("hold", waiting.idents[2], check=0)
    fresh = waiting.send(b"Subject: fresh\r\n\r\nx\r\n").json["id"]
    wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, f"tr[data-key=m{fresh}]"))
    assert not driver.find_elements(By.CSS_SELECTOR, f"tr[data-key=m{waiting.idents[2]}]")
    assert box.is_selected() and driver.switch_to.active_element == box and find(driver, "[data-count]").text == "1 selected"
    # Its own row goes: the next one has the focus.
    waiting.cli("hold", waiting.idents[1], check=0)
    wait(driver, lambda d: not d.find_elements(By.CSS_SELECTOR, f"tr[data-key=m{waiting.idents[1]}]"))
    assert focused(driver) == waiting.idents[0] and find(driver, "[data-count]").text == ""


def test_the_focus_stays_at_the_relay(make_httpd, relay, make_browser):
    httpd = make_httpd(relay=relay, expect=PAUSED)
    driver = make_browser()
    driver.get(url(httpd, "/mail-status"))
    by_text(driver, "summary", "Pause sending").click()
    by_text(driver, "button", "Pause sending").click()
    wait(driver, lambda d: "default is paused" in said(d) and "Sending is paused" in find(d, "#banners").text)
    assert driver.execute_script("return document.activeElement.closest('[data-key=relay-default]') !== null")
    by_text(driver, "#banners button", "Resume sending").click()
    wait(driver, lambda d: "Sending is paused" not in find(d, "#banners").text)
    assert focused(driver)


def test_the_focus_stays_on_the_message_s_page(waiting, make_browser):
    driver = make_browser()
    driver.get(url(waiting, f"/mail-status/message/{waiting.idents[0]}"))
    by_text(driver, "button", "Hold").click()
    wait(driver, lambda d: "Hold: 1 message." in said(d))
    assert focused(driver) in ("Release", "Retry")
    by_text(driver, "button", "Cancel").click()
    assert "Cancel this message?" in find(driver, "dialog").text and "cannot be undone" in find(driver, "dialog").text
    find(driver, "#yes").click()
    wait(driver, lambda d: "cancelled" in find(d, "main .state").text and not d.find_elements(By.CSS_SELECTOR, "[aria-label=Actions]"))
    assert focused(driver)


def test_the_keyboard_alone(waiting, make_browser):
    driver = make_browser()
    driver.get(url(waiting, "/mail-status/queue"))
    seen = []
    for _ in range(60):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        element = driver.switch_to.active_element
        seen += [element.text, element.get_attribute("name")]
        assert driver.execute_script("return getComputedStyle(arguments[0]).outlineStyle", element) != "none" or element.tag_name == "body"
        if element.get_attribute("value") == waiting.idents[1]:
            break
    for label in ("Skip to content", "Overview", "Messages", "text", "Show", "which", "Retry", "Cancel", "number 2"):
        assert label in seen, (label, seen)
    element.send_keys(Keys.SPACE)
    element.send_keys(Keys.ENTER)   # in a box: no action
    for _ in range(20):
        driver.switch_to.active_element.send_keys(Keys.SHIFT, Keys.TAB)
        if focused(driver) == "Hold":
            break
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    waiting.wait_state(waiting.idents[1], "held")
    wait(driver, lambda d: "Hold: 1 message." in said(d))
    assert focused(driver) == "Hold"
    driver.get(url(waiting, "/mail-status"))
    assert [re.search(r": (\w+) of", e.text).group(1) for e in driver.find_elements(By.CSS_SELECTOR, "[aria-labelledby=actions] li")] == ["hold"]


def test_pages_of_fifty(make_httpd, relay, make_browser):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED)
    for i in range(60):
        httpd.send(f"Subject: number {i}\r\n\r\nx\r\n".encode(), to=[f"somebody{i}@example.net"])
    driver = make_browser()
    resize(driver, 360, 740)
    driver.get(url(httpd, "/mail-status/queue?waiting=1"))
    assert len(driver.find_elements(By.CSS_SELECTOR, "tbody tr")) == 50 and fits(driver)
    assert driver.execute_script("return document.documentElement.scrollHeight") < 6000
    bar = find(driver, ".bar")
    driver.execute_script("scrollTo(0, 3000)")
    assert bar.rect["height"] < 120 and driver.execute_script("return arguments[0].getBoundingClientRect().top", bar) == 0
    follow(driver, by_text(driver, "a", "Older messages"))
    assert len(driver.find_elements(By.CSS_SELECTOR, "tbody tr")) == 10
    follow(driver, by_text(driver, "a", "Newest messages"))
    assert len(driver.find_elements(By.CSS_SELECTOR, "tbody tr")) == 50


# ---- the overview ----

REPLIES = (("full@", "452 4.2.2 mailbox full"), ("nobody", "550 5.1.1 %s user unknown"), ("odd", "599 5.9.9 strange things happen"))


def answer(session, argument):
    return next((reply.replace("%s", argument) for word, reply in REPLIES if word in argument), None)


@pytest.fixture
def bad_day(make_httpd, make_relay):
    """Two relays, one of which is down; failures with two causes; a deferred and a held message."""
    relay, port = make_relay(replies={"RCPT": answer}), free_port()
    httpd = make_httpd(f"""SMTPSendRetry 1h
SMTPSendEngine On
SMTPSendHost {relay.host}:{relay.port}
SMTPSendBounce off
SMTPSendRelayFor *@news.example.com news
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
ServerName news.example.com
SMTPSendEngine On
SMTPSendRelayName news
SMTPSendHost 127.0.0.1:1
</VirtualHost>
""", expect=["status=bounced", "status=deferred", "reply code to the", "is down"])
    idents = [httpd.send(to=[f"{who}@example.net"]).json["id"] for who in ["sent", "odd"] + [f"nobody{i}" for i in range(8)]]
    for ident in idents[1:]:
        httpd.wait_state(ident, "failed")
    httpd.wait_state(httpd.send(to=["full@example.net"]).json["id"], "deferred")
    httpd.cli("hold", httpd.send_json({"from": "a@example.com", "to": "b@example.net", "text": "x", "at": "2040-01-01T00:00:00Z"}).json["id"], check=0)
    httpd.send(sender="list@news.example.com")
    httpd.wait_log('"news".* is down')
    return httpd


def test_each_cause_once(bad_day, make_browser):
    driver = make_browser()
    driver.get(url(bad_day, "/mail-status"))
    causes = driver.find_elements(By.CSS_SELECTOR, ".causes > li")
    assert [c.find_element(By.CSS_SELECTOR, ".head strong").text for c in causes] == ["8 messages", "1 message"]
    assert "user unknown" in causes[0].text and causes[0].text.count("550 5.1.1") == 1 and "and 5 more" in causes[0].text
    assert all(len(c.find_elements(By.CSS_SELECTOR, ".advice")) == 1 for c in causes)
    banners = driver.find_elements(By.CSS_SELECTOR, "#banners .banner")
    assert len(banners) == 1 and "1 of 2 relays down for" in banners[0].text and "refused" in banners[0].text and "news" in banners[0].text
    assert "1 deferred, 1 held" in find(driver, "#banners .single").text
    assert driver.execute_script("return Array.from(document.querySelectorAll('#banners button, #relays button')).every(b => b.ariaLabel && b.ariaLabel.startsWith(b.textContent) || b.closest('details'))")
    assert [e.text for e in driver.find_elements(By.CSS_SELECTOR, ".chart h3")] == ["Sent and failed", "Waiting"]


def test_search_from_every_page(bad_day, make_browser):
    driver = make_browser()
    for path in ("/mail-status", "/mail-status/queue", "/mail-status/message/" + bad_day.get("/mail-status/queue?state=failed").json["messages"][0]["id"]):
        driver.get(url(bad_day, path))
        find(driver, "header input[name=text]").send_keys("odd@example.net", Keys.ENTER)
        wait(driver, lambda d: "text=odd" in d.current_url and len(d.find_elements(By.CSS_SELECTOR, "tbody tr")) == 1)


def test_accessible_on_a_bad_day(bad_day, make_browser, axe):
    driver = make_browser()
    paths = ["/mail-status", "/mail-status?span=week", "/mail-status/queue", "/mail-status/queue?state=held&checked=1", "/mail-status/queue?text=nothing&from=*@x"]
    for scheme, sizes in (("light", SIZES), ("dark", SIZES[:1])):
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        for size in sizes:
            resize(driver, *size)
            for path in paths:
                driver.get(url(bad_day, path))
                assert fits(driver), (path, size)
                assert not violations(driver, axe), (path, size, scheme)
            # No text of a plot is smaller than 11 px.
            driver.get(url(bad_day, "/mail-status"))
            fonts = driver.execute_script("return Array.from(document.querySelectorAll('.chart span, .chart li, .chart text'), e => parseFloat(getComputedStyle(e).fontSize))")
            assert fonts and min(fonts) >= 11, fonts
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_question_is_accessible(waiting, make_browser, axe, size):
    driver = make_browser()
    resize(driver, *size)
    driver.get(url(waiting, "/mail-status/queue"))
    find(driver, "[data-all]").click()
    by_text(driver, ".bar button", "Cancel").click()
    assert fits(driver) and not violations(driver, axe)
    by_text(driver, "dialog button", "Go back").click()
    # The same question as a page of its own.
    driver.execute_script("document.getElementById('list').removeAttribute('data-act')")
    follow(driver, by_text(driver, ".bar button", "Cancel"))
    assert "Cancel 3 messages?" in find(driver, "h1").text and fits(driver)
    assert not violations(driver, axe)


def test_from_the_overview_to_the_cause_in_two_clicks(make_httpd, make_relay, make_browser):
    httpd = make_httpd("SMTPSendUsername me\nSMTPSendPassword wrong\n", relay=make_relay(auth={"me": "right"}, mechanisms=["PLAIN"]), expect=["is blocked", "reply code to"])
    ident = httpd.send().json["id"]
    httpd.wait_log("is blocked")
    driver = make_browser()
    driver.get(url(httpd, "/mail-status"))
    assert "rejects our mail" in find(driver, "#banners").text and "SMTPSendPassword" in find(driver, "#relays").text
    follow(driver, find(driver, "a.tile"))
    follow(driver, find(driver, f"tr[data-key=m{ident}] a"))
    assert "authentication failed" in find(driver, "main").text
