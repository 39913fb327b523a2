"""The operator's page: what is said about queue, relays and messages as HTML, JSON, lines and metrics, what can be done there, and that nothing from outside is markup."""
import json
import os
import re
import signal
import subprocess
from html import unescape
from html.parser import HTMLParser

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HTML = {"Accept": "text/html"}
PAUSED = ["sending is paused"]
EVIL = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """A page taken apart: its tags, its text, its forms."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.forms = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append({"action": attributes["action"], "method": attributes.get("method", "get"), "fields": {}})
        if tag == "input" and self.forms:
            self.forms[-1]["fields"][attributes.get("name")] = attributes.get("value", "")

    def handle_data(self, data):
        self.text += data


def post(httpd, body, headers=None):
    return httpd.request("POST", "/mail-status", body.encode(), {**FORM, **(headers or {})})


@pytest.fixture
def paused(make_httpd, relay):
    return make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED + ["status=cancelled"])


def test_auto_lines(paused):
    paused.send()
    answer = paused.get("/mail-status?auto")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert lines["Daemon"] == "up" and lines["Paused"] == "1" and lines["QueueMessages"] == "1" and lines["CountsQueued"] == "1"
    assert lines["Relay[0]Name"] == "default" and lines["Relay[0]State"] == "paused" and lines["Healthy"] == "0"


def test_json_of_the_queue_and_its_filters(paused):
    idents = [paused.send(f"Subject: number {i}\r\n\r\nx\r\n".encode(), to=[f"u{i}@example.net"]).json["id"] for i in range(5)]
    rows = paused.get("/mail-status/queue").json["messages"]
    assert {row["id"] for row in rows} == set(idents)
    row = next(row for row in rows if row["id"] == idents[2])
    assert row["to"] == ["u2@example.net"] and row["subject"] == "number 2" and row["state"] == "queued" and row["attempts"] == 0
    for query, want in (("to=u3@*", {idents[3]}), ("text=number%204", {idents[4]}), ("state=failed", set()), ("from=*@example.com", set(idents)), ("relay=default", set(idents))):
        assert {row["id"] for row in paused.get("/mail-status/queue?" + query).json["messages"]} == want, query
    assert paused.get("/mail-status/queue?state=lost").status == 400
    seen, after = [], ""
    for _ in range(5):
        document = paused.get(f"/mail-status/queue?limit=2{after}").json
        seen += [row["id"] for row in document["messages"]]
        if not document["more"]:
            break
        after = "&after=" + document["more"]
    assert sorted(seen) == sorted(idents)


def test_message_document_has_its_history(paused):
    ident = paused.send().json["id"]
    document = paused.get(f"/mail-status/message/{ident}").json
    assert document["id"] == ident and document["submitter"].endswith(" /mail") and document["door"] == "http" and "history" in document
    assert paused.get("/mail-status/message/01890000-0000-7000-8000-000000000000").status == 404


def test_the_page_of_a_message_tells_everything_in_order(make_httpd, make_relay):
    """Recipients that end at different times, attempts and actions: the history is in order of time, on the page and in JSON; metadata and advice are there."""
    answers = iter(["450 4.2.0 try later"])
    relay = make_relay(replies={"RCPT": lambda session, argument: next(answers, None) if "late@" in argument else "550 5.1.1 <no> unknown" if "no@" in argument else None})
    httpd = make_httpd("SMTPSendBounce off\nSMTPSendRetry 1h\n", relay=relay, expect=["status=deferred", "status=bounced", "reply code to"])
    ident = httpd.send_json({"from": "a@example.com", "to": ["late@example.net", "no@example.net", "ok@example.net"], "subject": "three", "text": "x",
                             "metadata": {"order": "<4711>", "count": 3, "paid": True}}).json["id"]
    httpd.wait(lambda: [r["state"] for r in httpd.message(ident)["recipients"]] == ["deferred", "failed", "sent"], 10, "the first attempts")
    for action in ("hold", "release"):
        assert post(httpd, f"action={action}&id={ident}").json["done"] == 1
    httpd.wait(lambda: httpd.message(ident)["recipients"][0]["state"] == "sent", 10, "the second attempt")
    rows = httpd.get(f"/mail-status/message/{ident}").json["history"]
    assert [row["what"] for row in rows] == ["deferred", "failed", "held", "released", "sent"], rows
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    text = httpd.get(f"/mail-status/message/{ident}", HTML).text
    listed = re.findall(r"<li class='t-([a-z ]+)'>", text)
    assert listed == ["accepted", "deferred", "failed", "sent", "held", "released", "sent"] or listed == ["accepted", "sent", "deferred", "failed", "held", "released", "sent"], listed
    times = re.findall(r"· (2[^<]+)</span>", text)
    assert len(times) == 7 and times == sorted(times)
    page = Page(text).text
    for words in ("Metadata", "order", "<4711>", "count", "paid", "true", "late@example.net", "550 5.1.1 <no> unknown", "What to do", "client 127.0.0.1"):
        assert words in page, words
    assert "Its way" not in page and "What happened" not in page


def test_advice_is_given_once_for_many_recipients(make_httpd, make_relay):
    httpd = make_httpd("SMTPSendBounce off\n", relay=make_relay(replies={"RCPT": "550 5.1.1 unknown"}), expect=["status=bounced", "reply code to"])
    ident = httpd.send_json({"from": "a@example.com", "to": [f"u{i}@example.net" for i in range(600)], "text": "x"}).json["id"]
    httpd.wait_state(ident, "failed")
    text = httpd.get(f"/mail-status/message/{ident}", HTML).text
    assert text.count("class='advice'") == 1 and text.count("class='addr'") == 500 and "500 of 600 recipients" in Page(text).text
    assert len(httpd.get(f"/mail-status/message/{ident}?format=json").json["recipients"]) == 600


def test_actions_on_one_message(paused, relay):
    ident = paused.send().json["id"]
    assert post(paused, f"action=hold&id={ident}").json["done"] == 1
    assert paused.message(ident)["state"] == "held"
    assert post(paused, f"action=release&id={ident}").json["done"] == 1
    assert paused.message(ident)["state"] == "queued"
    answer = post(paused, f"action=cancel&id={ident}", {"Accept": "application/json"})
    assert answer.status == 200 and paused.message(ident)["state"] == "cancelled"
    assert post(paused, f"action=cancel&id={ident}").status == 409
    assert not relay.messages


def test_actions_by_filter_want_the_number(paused):
    for i in range(4):
        paused.send(to=[f"u{i}@{'one' if i % 2 else 'two'}.example.net"])
    answer = post(paused, "action=cancel&to=*@one.example.net")
    assert answer.json == {"matched": 2, "done": 0}
    assert post(paused, "action=cancel&to=*@one.example.net&confirm=3").json["done"] == 0
    assert post(paused, "action=cancel&to=*@one.example.net&confirm=2").json["done"] == 2
    counts = paused.status()["counts"]
    assert counts["queued"] == 2 and counts["cancelled"] == 2


def test_actions_on_what_is_selected_or_matches(paused):
    idents = [paused.send(f"Subject: number {i}\r\n\r\nx\r\n".encode(), to=[f"u{i}@example.net"]).json["id"] for i in range(4)]
    gone = "01890000-0000-7000-8000-000000000000"
    assert post(paused, f"action=hold&which=selected&state=sent&id={idents[0]}&id={gone}&id={idents[1]}").json == {"matched": 3, "done": 2}
    assert post(paused, f"action=release&which=matching&text=number+1&id={idents[0]}").json == {"matched": 1, "done": 0}
    assert post(paused, f"action=release&which=matching&text=number+1&id={idents[0]}&confirm=1").json == {"matched": 1, "done": 1}
    assert [paused.message(ident)["state"] for ident in idents] == ["held", "queued", "queued", "queued"]
    assert post(paused, f"action=cancel&id={idents[3]}").json["done"] == 1
    assert post(paused, "action=hold&which=matching").json == {"matched": 2, "done": 0}
    assert post(paused, "action=cancel&waiting=1").json == {"matched": 3, "done": 0}
    assert post(paused, "action=cancel&which=selected&state=queued").status == 400
    cookie = paused.get("/mail-status", HTML)
    fields = next(f for f in Page(cookie.text).forms if f["fields"].get("action") == "flush")["fields"]
    answer = post(paused, f"action=cancel&which=selected&state=queued&after={idents[3]}&token={fields['token']}", {"Cookie": cookie.headers["Set-Cookie"].split(";")[0], **HTML})
    assert answer.status == 400 and "text/html" in answer.headers["Content-Type"] and f"/mail-status/queue?state=queued&amp;after={idents[3]}" in answer.text


@pytest.mark.parametrize("body, field", [("action=explode", "action"), ("", "action"), ("action=cancel", "id"), ("action=cancel&id=x", "id"), ("action=pause&for=ever", "for"),
                                         ("action=cancel&state=queued&confirm=many", "confirm")])
def test_malformed_actions_are_refused(make_httpd, relay, body, field):
    answer = post(make_httpd(relay=relay), body)
    assert answer.status == 400 and answer.json["field"] == field, answer


def test_unknown_relay(make_httpd, relay):
    assert post(make_httpd(relay=relay), "action=pause&relay=nowhere").status == 404


def test_a_browser_acts_with_the_page_and_its_token(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=PAUSED)
    answer = httpd.get("/mail-status", HTML)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    pair = cookie.split(";")[0]
    form = next(f for f in Page(answer.text).forms if f["fields"].get("action") == "pause")
    fields = {**form["fields"], "reason": "a person says so"}
    body = "&".join(f"{k}={v}".replace(" ", "+") for k, v in fields.items())
    assert post(httpd, body, {"Origin": "http://127.0.0.1"}).status == 403
    assert post(httpd, body, {"Cookie": pair.replace(pair[-1], "0" if pair[-1] != "0" else "1")}).status == 403
    assert httpd.status()["relays"][0]["state"] == "up"
    answer = post(httpd, body, {"Cookie": pair, "Origin": "http://127.0.0.1", **HTML})
    assert answer.status == 200 and "text/html" in answer.headers["Content-Type"], answer
    page = Page(httpd.get("/mail-status", {**HTML, "Cookie": pair}).text)
    assert "Sending is paused" in page.text and "a person says so" in page.text
    form = next(f for f in page.forms if f["fields"].get("action") == "resume")
    assert post(httpd, "&".join(f"{k}={v}" for k, v in form["fields"].items()), {"Cookie": pair, **HTML}).status == 200
    assert httpd.status()["relays"][0]["state"] == "up"


def test_markup_from_outside_is_text(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": f"550 5.1.1 {EVIL}", "GREETING": f"220 relay {EVIL}"})
    httpd = make_httpd("SMTPSendBounce off\n", relay=relay, expect=["status=bounced", "reply code to the", "sending is paused", "is blocked", "is down"])
    document = json.dumps({"from": {"name": EVIL, "address": "app@example.com"}, "to": "bob@example.net", "subject": EVIL, "text": EVIL}).encode()
    ident = httpd.request("POST", "/mail", document, {"Content-Type": "application/json"}).json["id"]
    httpd.wait_state(ident, "failed")
    post(httpd, "action=pause&reason=%3Cscript%3Ealert(3)%3C/script%3E")
    for path in ("/mail-status", "/mail-status/queue", f"/mail-status/queue?text={'%3Cscript%3E'}", f"/mail-status/message/{ident}", "/mail-test?to=b@example.net"):
        answer = httpd.get(path, HTML)
        page = Page(answer.text)
        assert "text/html" in answer.headers["Content-Type"] and "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
        assert not [t for t in page.tags if t[0] == "img"] and not [t for t in page.tags if any(name.startswith("on") for name in t[1])], path
        assert [t[1].get("src") for t in page.tags if t[0] == "script"] == [unescape(s) for s in re.findall(r"<script src='([^']+)'", answer.text)], path
        assert "alert(" in page.text or "alert" not in answer.text, path
    assert EVIL[:20] in Page(httpd.get(f"/mail-status/message/{ident}", HTML).text).text


def test_pages_need_no_script_and_load_nothing_from_elsewhere(paused):
    ident = paused.send().json["id"]
    for path in ("/mail-status", "/mail-status/queue", f"/mail-status/message/{ident}"):
        page = Page(paused.get(path, HTML).text)
        for tag, attributes in page.tags:
            for name in ("src", "href", "action"):
                assert attributes.get(name, "/").startswith(("/", "#")), (tag, attributes)
            assert tag != "style" and "style" not in attributes
        labelled = [t for t in page.tags if t[0] == "input" and t[1].get("type") != "hidden"]
        assert len([t for t in page.tags if t[0] == "label"]) >= len(labelled)
    for name in ("style.css", "page.js", "icon.svg"):
        assert paused.get("/mail-status?asset=" + name).status == 200
    assert ident in paused.get("/mail-status/queue", HTML).text


def test_overview_names_cause_and_advice(make_httpd, make_relay):
    relay = make_relay(auth={"me": "right"}, mechanisms=["PLAIN"])
    httpd = make_httpd("SMTPSendUsername me\nSMTPSendPassword wrong\n", relay=relay, expect=["is blocked", "reply code to"])
    httpd.send()
    httpd.wait_log("is blocked")
    page = Page(httpd.get("/mail-status", HTML).text)
    assert "blocked" in page.text and "535" in page.text and "SMTPSendPassword" in page.text, page.text
    health = httpd.get("/mail-status/health")
    assert health.status == 503 and health.json["reasons"][0]["reason"] == "blocked"


NOWHERE = ["/mail-status/nope", "/mail-status/queue/nope", "/mail-status/health/nope", "/mail-status/health/live/x", "/mail-status/metrics/x", "/mail-status/api", "/mail-status/api/v1/queue",
           "/mail-status/message", "/mail-status/message/nope", "/mail-status/message/01890000-0000-7000-8000-00000000000", "/mail-status/message/01890000-0000-7000-8000-000000000000/x",
           "/mail-status/01890000-0000-7000-8000-000000000000", "/mail-status/x/queue", "/mail-test/x", "/mail-test/queue", "/mail/garbage", "/mail/garbage/x", "/mail/queue", "/mail/01890000-0000-7000-8000-000000000000/x"]


@pytest.mark.parametrize("path", NOWHERE)
def test_a_path_with_nothing_behind_it(make_httpd, relay, path):
    httpd = make_httpd(relay=relay)
    answer = httpd.get(path)
    assert answer.status == 404 and answer.headers["Content-Type"].startswith("application/problem+json") and answer.json["code"] == "not_found", answer
    page = httpd.get(path, HTML)
    assert page.status == 404 and page.headers["Content-Type"].startswith("text/html") and "<h1>404 Not Found</h1>" in page.text, page
    for href in re.findall(r"(?:href|src)='(/[^']*)'", page.text):
        assert httpd.get(unescape(href), HTML).status == 200, href
    assert httpd.request("HEAD", path).status == 404
    if not path.startswith("/mail/"):
        assert httpd.request("POST", path, b"action=flush&to=bob@example.net", FORM).status == 404


def test_trailing_slashes_and_patterns(make_httpd, relay):
    """Slashes at the end change nothing; where a pattern sets the handler, the path below it is not known, and parts are still found."""
    handlers = '<Location "/">\nSetHandler smtp-send-status\nRequire local\n</Location>\n<Location "/mail">\nSetHandler smtp-send\nRequire local\n</Location>\n' \
               '<LocationMatch "^/t/[0-9]+/status">\nSetHandler smtp-send-status\nRequire local\n</LocationMatch>\n<Location "/x">\nSetHandler smtp-send-test\nRequire local\n</Location>\n'
    httpd = make_httpd(relay=relay, handlers=handlers)
    ident = httpd.send().json["id"]
    for base in ("", "/t/1/status"):
        for path, mark in (("/", "queue"), ("/queue", "messages"), ("/queue/", "messages"), (f"/message/{ident}", "history"), (f"/message/{ident}/", "history"), ("/health/", "healthy"), ("/health/live/", "live")):
            answer = httpd.get(base + path)
            assert answer.status == 200 and mark in answer.json, (base, path, answer)
    page = httpd.get("/nope", HTML)
    assert page.status == 404 and "href='/queue'" in page.text and "href='/x'" in page.text
    assert httpd.get("/?asset=style.css").status == 200 and "'/?asset=style.css" in page.text
    assert httpd.get("/x/", HTML).status == 200 and httpd.get("/x/y").status == 404
    assert httpd.get(f"/mail/{ident}").status == 200 and httpd.get("/mail/y").status == 404


def test_the_banner_counts_relays_once(make_httpd):
    """Two relays, both down: one banner, which names both; the page of the messages has a banner too when there is no daemon."""
    httpd = make_httpd("""SMTPSendEngine On
SMTPSendHost 127.0.0.1:1
SMTPSendRelayFor *@news.example.com news
<VirtualHost 127.0.0.1:2>
ServerName news.example.com
SMTPSendRelayName news
SMTPSendHost 127.0.0.1:1
</VirtualHost>
""", expect=["is down", "SMTPSend-501"])
    httpd.send()
    httpd.wait_log('"default".* is down')
    page = httpd.get("/mail-status", HTML).text
    assert re.search(r"<div class='banner'><div><strong>1 of 2 relays down for \d+ s: [^<]*refused", page), page
    httpd.send(sender="list@news.example.com")
    httpd.wait_log('"news".* is down')
    page = httpd.get("/mail-status", HTML).text
    assert page.count("relays down") == 1 and "2 of 2 relays down</strong>" in page, page
    assert re.search(r"Relay <strong>default</strong> for \d+ s: ", page) and re.search(r"Relay <strong>news</strong> for \d+ s: ", page), page
    assert page.count(" bad'><div><strong>2 of 2") == 0, "yellow for the first minute"
    os.kill(httpd.status()["pid"], signal.SIGSTOP)
    answer = httpd.get("/mail-status/queue", HTML)
    assert answer.status == 503 and "<div class='banner bad'><div><strong>The delivery daemon does not answer" in answer.text, answer


METRICS = """queue_messages{relay,state} queue_recipients{relay,state} queue_oldest_seconds{relay} queue_bytes{relay} paused{relay} paused_seconds_total{relay} last_success_timestamp_seconds{relay} uncertain_total{relay}
submissions_total{result} deliveries_total{relay,result} delivery_seconds_bucket{le} delivery_seconds_sum delivery_seconds_count commit_seconds_bucket{le} commit_seconds_sum commit_seconds_count
connections{relay} connections_total{relay,result} replies_total{relay,command,code} daemon_restarts_total healthy{relay}"""


def samples_of(answer):
    """As the reference parser reads them: {name: {labels: value}}."""
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.name.startswith("smtp_send_") and family.documentation, family
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_metrics_are_open_metrics(make_httpd, make_relay):
    relay = make_relay()
    httpd = make_httpd('SMTPSendRelayName "a \\"quoted\\\\\\" name"\n', relay=relay)
    httpd.message(httpd.send().json["id"], wait="10s")
    found = samples_of(httpd.get("/mail-status/metrics"))
    for entry in METRICS.split():
        metric, _, labels = entry.rstrip("}").partition("{")
        rows = found.get("smtp_send_" + metric)
        assert rows, metric
        for row in rows:
            assert {key for key, _ in row} == set(filter(None, labels.split(","))), (metric, row)
    relay_name = httpd.status()["relays"][0]["name"]
    assert found["smtp_send_deliveries_total"][(("relay", relay_name), ("result", "sent"))] == 1
    assert found["smtp_send_replies_total"][(("code", "220"), ("command", "greeting"), ("relay", relay_name))] == 1
    assert found["smtp_send_connections_total"][(("relay", relay_name), ("result", "ready"))] == 1
    assert found["smtp_send_healthy"][(("relay", relay_name),)] == 1 and found["smtp_send_delivery_seconds_count"][()] == 1 and found["smtp_send_commit_seconds_count"][()] >= 1
    buckets = [value for _, value in sorted((float(dict(labels)["le"]), value) for labels, value in found["smtp_send_delivery_seconds_bucket"].items())]
    assert buckets == sorted(buckets) and buckets[-1] == 1


PROMETHEUS = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"


@pytest.mark.parametrize("accept", [None, "*/*", PROMETHEUS, "text/plain", "application/json"])
def test_metrics_for_programs_and_browsers(make_httpd, relay, accept):
    httpd = make_httpd('SMTPSendRelayName "<b>"\n', relay=relay)
    answer = httpd.get("/mail-status/metrics", {"Accept": accept} if accept else {})
    assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8" and answer.text.endswith("# EOF\n") and answer.headers["Vary"] == "Accept"
    page = httpd.get("/mail-status/metrics", {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"})
    assert page.headers["Content-Type"].startswith("text/html") and "smtp_send_up 1" in page.text and "&lt;b&gt;" in page.text and "aria-current='page'>Metrics" in page.text


def test_examples_speak_of_metrics_that_exist(make_httpd, relay):
    examples = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "conf", "examples")
    rules, dashboard = os.path.join(examples, "prometheus-alerts.yml"), os.path.join(examples, "grafana-dashboard.json")
    result = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    httpd = make_httpd(relay=relay)
    httpd.message(httpd.send().json["id"], wait="10s")
    found = set(samples_of(httpd.get("/mail-status/metrics")))
    with open(rules) as file:
        used = set(re.findall(r"smtp_send_[a-z_]+", file.read()))
    with open(dashboard) as file:
        panels = json.load(file)["panels"]
    used |= {name for panel in panels for target in panel["targets"] for name in re.findall(r"smtp_send_[a-z_]+", target["expr"])}
    assert len(panels) >= 10 and len(used) >= 12 and used <= found, used - found


def test_counts_over_time_and_actions_survive_a_restart(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=PAUSED)
    httpd.message(httpd.send().json["id"], wait="10s")
    post(httpd, "action=pause&reason=a+reason")
    post(httpd, "action=resume")
    httpd.graceful_wait()
    page = Page(httpd.get("/mail-status", HTML).text)
    assert re.search(r"Sent and failed recipients over the last hour: 1 sent, 0 failed", page.text), page.text
    assert "pause of all relays: a reason" in page.text and "client 127.0.0.1" in page.text
    for span in ("day", "week"):
        assert "1 sent, 0 failed" in Page(httpd.get(f"/mail-status?span={span}", HTML).text).text


def test_contents_are_shown_only_where_allowed(make_httpd, relay):
    text = b"Subject: big\r\n\r\n" + b"secret words in a line\r\n" * 40000
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=PAUSED)
    ident = httpd.send(text).json["id"]
    assert "secret words" not in httpd.get(f"/mail-status/message/{ident}", HTML).text
    assert httpd.get(f"/mail-status/message/{ident}?source=1").status == 403
    httpd.write("SMTPSendPause On\nSMTPSendStatusBody On\n")
    httpd.graceful_wait()
    assert "secret words" in httpd.get(f"/mail-status/message/{ident}", HTML).text
    answer = httpd.get(f"/mail-status/message/{ident}?source=1")
    assert answer.status == 200 and answer.headers["Content-Type"] == "message/rfc822" and "attachment" in answer.headers["Content-Disposition"]
    assert answer.body.endswith(text.partition(b"\r\n\r\n")[2])


def test_mod_status_has_our_section(make_httpd, relay):
    httpd = make_httpd("<Location /server-status>\nSetHandler server-status\n</Location>\n", relay=relay)
    page = httpd.get("/server-status").text
    assert "mod_smtp_send" in page and "Mail flows." in page and "<td>default</td>" in page
    assert "SMTPSendDaemon: up\nSMTPSendHealthy: 1\n" in httpd.get("/server-status?auto").text


def test_methods(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    for path, allow in (("/mail-status", "POST"), ("/mail-status/health", "GET"), ("/mail-status/metrics", "GET")):
        answer = httpd.request("DELETE", path)
        assert answer.status == 405 and allow in answer.headers["Allow"], answer
    assert httpd.request("POST", "/mail-status/health", b"").status == 405
