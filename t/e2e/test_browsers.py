"""What browsers send because a page of another site tells them to. t/unit/test_origin_rule.c has the cases; here that each handler asks."""
import json
import re
import urllib.parse

import pytest
from e2e.test_pages import HTML, Page
from rig.httpd import HANDLERS

EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MESSAGE = {"from": "app@example.com", "to": "bob@example.net", "subject": "hello", "text": "hello"}
BOUNDARY = "----x"
BODIES = [("application/x-www-form-urlencoded", urllib.parse.urlencode(MESSAGE)),
          (f"multipart/form-data; boundary={BOUNDARY}",
           "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in MESSAGE.items()) + f"--{BOUNDARY}--\r\n"),
          ("application/json", json.dumps(MESSAGE)), ("application/x-ndjson", json.dumps(MESSAGE) + "\n"),
          ("message/rfc822", "From: app@example.com\r\nTo: bob@example.net\r\n\r\nhello\r\n")]


@pytest.fixture
def httpd(make_httpd, relay):
    return make_httpd(relay=relay)


@pytest.mark.parametrize("kind, body", BODIES, ids=[kind.split(";")[0] for kind, _ in BODIES])
def test_other_sites_do_not_submit(httpd, relay, kind, body):
    for headers in (EVIL, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
        answer = httpd.request("POST", "/mail", body.encode(), {"Content-Type": kind, **headers})
        assert answer.status == 403 and "SMTPSendAllowOrigin https://" in answer.json["detail"], answer
        assert "Access-Control-Allow-Origin" not in answer.headers
    rebound = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer = httpd.request("POST", "/mail", body.encode(), {"Content-Type": kind, **rebound})
    assert answer.status == 403 and "ServerName" in answer.json["detail"] and "evil.example" in answer.json["detail"], answer
    own = f"http://127.0.0.1:{httpd.port}"
    for headers in ({"Origin": own}, {"Origin": own, "Sec-Fetch-Site": "same-origin", "Cookie": "session=1"}, {"Host": "rig.example.com", "Origin": "https://rig.example.com"},
                    {"Host": "mailer"}):
        assert httpd.request("POST", "/mail", body.encode(), {"Content-Type": kind, **headers}).status in (200, 202), headers
    assert all(b"hello" in message.data for message in relay.wait_for(4))


def test_a_page_of_another_site_that_may_submit(make_httpd, relay):
    location = '<Location "/mail">\nSMTPSendAllowOrigin https://app.example.org:443 https://*.tenants.example\n</Location>\n'
    httpd = make_httpd(relay=relay, handlers=HANDLERS + location)
    kind, body = BODIES[2]
    for origin in ("https://app.example.org", "https://a.tenants.example"):
        asked = httpd.request("OPTIONS", "/mail", None, {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
        assert asked.status == 204 and asked.headers["Access-Control-Allow-Origin"] == origin and "POST" in asked.headers["Access-Control-Allow-Methods"]
        assert "content-type" in asked.headers["Access-Control-Allow-Headers"].lower() and "Access-Control-Max-Age" in asked.headers
        answer = httpd.request("POST", "/mail", body.encode(), {"Content-Type": kind, "Origin": origin, "Sec-Fetch-Site": "cross-site"})
        assert answer.status == 202 and answer.headers["Access-Control-Allow-Origin"] == origin and "Location" in answer.headers["Access-Control-Expose-Headers"]
        state = httpd.request("GET", answer.headers["Location"], None, {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"})
        assert state.status == 200 and state.headers["Access-Control-Allow-Origin"] == origin
    asked = httpd.request("OPTIONS", "/mail", None, {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    assert asked.status == 403 and "Access-Control-Allow-Origin" not in asked.headers
    refused = httpd.request("POST", "/mail", b"{}", {"Content-Type": kind, "Origin": "https://app.example.org"})
    assert refused.status == 400 and refused.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert httpd.request("POST", "/mail-status", b"action=pause", {**FORM, "Origin": "https://app.example.org"}).status == 403


@pytest.mark.parametrize("path", ["/mail-status", "/mail-status/queue", "/mail-status/metrics", "/mail-test", "/mail-status/message/01890000-0000-7000-8000-000000000000",
                                  "/mail/01890000-0000-7000-8000-000000000000"])
def test_a_rebound_host_reads_nothing(httpd, relay, path):
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Accept-Language": "en", "User-Agent": "Mozilla/5.0"}, {"Cookie": "a=b"}, {"Referer": "http://evil.example/"}):
        answer = httpd.request("GET", path, None, {"Host": "evil.example", **headers})
        assert answer.status == 403 and "ServerName" in answer.json["detail"], answer
    answer = httpd.request("GET", path, None, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert answer.status == 403
    assert httpd.request("GET", path, None, {"Host": "mailer", "User-Agent": "curl/8"}).status in (200, 404)
    page = httpd.request("GET", path, None, {"Host": "evil.example", "Sec-Fetch-Site": "none", **HTML})
    assert page.status == 403 and "text/html" in page.headers["Content-Type"] and "DNS rebinding" in page.text
    assert not relay.messages


def test_a_path_adds_nothing_to_the_cookie(make_httpd, relay):
    httpd = make_httpd('<LocationMatch "^/pattern/">\nSetHandler smtp-send-status\nRequire local\n</LocationMatch>\n', relay=relay)
    for path in ("/mail-status/x;Domain=corp.test;Path=/", "/mail-status/%0d%0aSet-Cookie:a=b", "/mail-test/x;Secure", "/mail-status/x;%20SameSite=None"):
        answer = httpd.get(path, HTML)
        assert answer.status == 404 and "Set-Cookie" not in answer.headers, answer.headers
        # Where a pattern sets the handler, any path is a page.
        answer = httpd.get("/pattern" + path, HTML)
        assert re.fullmatch(r"smtp_send_token=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Strict", answer.headers["Set-Cookie"]), answer.headers


def test_a_planted_cookie_is_no_token(httpd):
    planted = "0123456789abcdef" * 2
    own = {**FORM, "Origin": f"http://127.0.0.1:{httpd.port}", "Sec-Fetch-Site": "same-origin"}
    body = f"action=pause&token={planted}".encode()
    assert httpd.request("POST", "/mail-status", body, {**own, "Cookie": f"smtp_send_token={planted}"}).status == 403
    assert httpd.request("POST", "/mail-test", f"to=bob@example.net&token={planted}".encode(), {**own, "Cookie": f"smtp_send_token={planted}"}).status == 403
    # The page is made with a planted cookie before its own: the page still works, and another user's token does not.
    page = httpd.get("/mail-status", {**HTML, "Cookie": f"smtp_send_token={planted}"})
    token = next(f for f in Page(page.text).forms if f["fields"].get("action") == "flush" or f["fields"].get("action") == "pause")["fields"]["token"]
    both = {**own, "Cookie": f"smtp_send_token={'f' * 32}; smtp_send_token={planted}"}
    assert httpd.request("POST", "/mail-status", f"action=flush&token={token}".encode(), both).status == 200
    assert httpd.request("POST", "/mail-status", f"action=flush&token={token}".encode(), {**both, "Sec-Fetch-Site": "same-site"}).status == 403
    assert httpd.request("POST", "/mail-test", f"to=bob@example.net&token={token}".encode(), both).status == 403


def test_behind_a_proxy_with_tls_the_cookie_belongs_to_the_host(httpd):
    tls = {"X-Forwarded-Proto": "https"}
    cookie = httpd.get("/mail-status", {**HTML, **tls}).headers["Set-Cookie"]
    assert re.fullmatch(r"__Host-smtp_send_token=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Strict; Secure", cookie)
    pair = cookie.split(";")[0]
    page = httpd.get("/mail-status", {**HTML, **tls, "Cookie": pair})
    token = next(f for f in Page(page.text).forms if "token" in f["fields"])["fields"]["token"]
    headers = {**FORM, **tls, "Host": "rig.example.com", "Origin": "https://rig.example.com"}
    body = f"action=flush&token={token}".encode()
    assert httpd.request("POST", "/mail-status", body, {**headers, "Cookie": pair}).status == 200
    assert httpd.request("POST", "/mail-status", body, {**headers, "Cookie": pair.replace("__Host-", "")}).status == 403


def test_a_browser_without_tls_starts_a_connection_test_by_a_click(httpd, relay):
    browser = {"User-Agent": "Mozilla/5.0 (X11)", "Accept-Language": "en"}
    page = httpd.request("GET", "/mail-test?probe=0&x=%3Cb%3E", None, {**browser, "Accept": "text/html"})
    assert page.status == 200 and "Run the connection test" in page.text and "Connection Test Results" not in page.text and "<b>" not in page.text
    assert httpd.request("GET", "/mail-test", None, {**browser, "Accept": "image/avif,*/*"}).status == 403
    assert httpd.request("GET", "/mail-test", None, {**browser, "Accept": "text/html", "Referer": "http://evil.example/"}).text.count("Run the connection test") == 1
    assert relay.connections == 0
    clicked = httpd.request("GET", "/mail-test", None, {**browser, "Accept": "text/plain", "Referer": f"http://127.0.0.1:{httpd.port}/mail-test"})
    assert "PASSED" in clicked.text, clicked
    assert "PASSED" in httpd.request("GET", "/mail-test", None, {"User-Agent": "curl/8.5.0", "Accept": "*/*"}).text


def test_any_origin_is_warned_of(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-128"], handlers=HANDLERS + '<Location "/mail">\nSMTPSendAllowOrigin *\n</Location>\n')
    assert re.search(r"SMTPSend-128: \S+:\d+: SMTPSendAllowOrigin \*", httpd.configtest().stderr)
