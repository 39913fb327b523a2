"""What a server or a stranger says reaches a terminal as text: nothing in it moves the cursor, rings, sets a title or turns the direction of text. Each command and each page that answers as text."""
import json
import os
import subprocess
import unicodedata

from rig.httpd import CLI

# A title, a bell, a backspace, a colour by C1 (as a byte, and in UTF-8), a right-to-left override, a deletion.
EVIL = b"evil\x1b]0;owned\x07\x08\x9b31m\xc2\x9b32m\xe2\x80\xae\x7fend".decode("utf-8", "surrogateescape")
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
QUIET = ["SMTPSend-", "status=", "reply code to the", "sending is paused"]


def check(what, output):
    """The output is UTF-8 without control characters but line ends."""
    text = output.decode("utf-8")
    bad = [hex(ord(c)) for c in text if (unicodedata.category(c) == "Cc" and c != "\n") or unicodedata.bidirectional(c) in DIRECTIONS]
    assert not bad, (what, bad, text)
    return text


def command(httpd, *args, input=None):
    result = httpd.cli(*args, input=input)
    assert b"Usage" not in result.stderr, result
    check(args, result.stderr)
    return check(args, result.stdout)


def page(httpd, path, method="GET", body=None, accept="text/plain"):
    return check(path, httpd.request(method, path, body, {"Accept": accept}).body)


def test_connection_test(make_httpd, make_relay):
    """Whatever the step is in which the server says it."""
    for replies in ({"greeting": f"220 {EVIL}"}, {"greeting": f"554 {EVIL}"}, {"greeting": EVIL}, {"extensions": (EVIL, "PIPELINING", f"SIZE {EVIL}")},
                    {"replies": {"EHLO": f"550 {EVIL}", "HELO": f"550 {EVIL}"}}, {"replies": {"MAIL": f"550 5.7.1 {EVIL}"}}, {"replies": {"RCPT": f"550 5.1.1 {EVIL}"}},
                    {"replies": {"MAIL": f"250-{EVIL}\n250 {EVIL}"}}):
        relay = make_relay(**replies)
        httpd = make_httpd(relay=relay, expect=QUIET)
        httpd.wait(lambda: httpd.status(check=False), what="the daemon")
        envelope = ("--from", "a@example.com", "--to", "b@example.net")
        shown = command(httpd, "test", *envelope) + command(httpd, "test", "--host", f"{relay.host}:{relay.port}", *envelope)
        shown += page(httpd, "/mail-test?from=a@example.com&to=b@example.net") + page(httpd, "/mail-test?stream=1&from=a@example.com&to=b@example.net")
        assert shown.count("evil\\x1b]0;owned\\x07\\x08") >= 4, shown
        for args in (("test", "--json", *envelope), ("test", "--json", "--host", f"{relay.host}:{relay.port}", *envelope)):
            assert json.loads(command(httpd, *args))["dialogue"]
        page(httpd, "/mail-test?mask=1&from=a@example.com&to=b@example.net")
        assert json.loads(page(httpd, "/mail-test?format=json&from=a@example.com&to=b@example.net"))
        assert [json.loads(line) for line in page(httpd, "/mail-test?format=json&stream=1&from=a@example.com&to=b@example.net").splitlines() if line]


def test_steps_on_a_terminal(make_httpd, make_relay):
    """On a terminal each step is shown while the test runs."""
    import pty
    relay = make_relay(greeting=f"554 {EVIL}")
    httpd = make_httpd(relay=relay, expect=QUIET)
    httpd.wait(lambda: httpd.status(check=False), what="the daemon")
    for args in ((), ("--host", f"{relay.host}:{relay.port}")):
        main, child = pty.openpty()
        process = subprocess.Popen([CLI, "test", *args], stdout=child, stderr=child, env={**os.environ, "SMTP_SEND_SOCKET": httpd.socket, "TERM": "xterm"})
        os.close(child)
        text = b""
        try:
            while True:
                text += os.read(main, 65536)
        except OSError:     # the other end is closed
            pass
        process.wait(30)
        os.close(main)
        assert "evil\\x1b" in check(args, text.replace(b"\r\n", b"\n"))


def test_the_queue(make_httpd, make_relay):
    """A reply of the relay, a subject, a sender, metadata and a pause's reason are in lists and details."""
    relay = make_relay(replies={"RCPT": lambda session, argument: f"450 4.2.1 {EVIL}" if "later" in argument else f"550 5.1.1 {EVIL}" if "never" in argument else None})
    httpd = make_httpd("SMTPSendBounce off\n", relay=relay, expect=QUIET)
    ids = []
    for name, state in (("later", "deferred"), ("never", "failed"), ("bob", "sent")):
        answer = httpd.send_json({"from": {"name": "evil \u009b31m \u202e", "address": "a@example.com"}, "to": [f"{name}@example.net"],
                                  "subject": "evil \u009b31m\u202e", "text": "hi", "metadata": {"k": "evil\u009b31m\u202e\x1b"}})
        assert answer.status == 202, answer
        ids.append(answer.json["id"])
        httpd.wait_state(ids[-1], state)
    subject = "Subject: =?utf-8?q?evil=1b]0;owned=07=c2=9b31m=e2=80=ae=7f?=\r\n\r\nhi\r\n"
    assert httpd.send(subject.encode(), to=("later@example.net",)).status == 202
    command(httpd, "pause", "--reason", "evil\u009b31m\u202e\x1b[31m")
    seen = ""
    for args in (("queue", "--all"), ("mailq", "-v"), ("show", *ids), ("status",), ("export",), ("queue", "--all", "--json"), ("show", "--json", *ids), ("status", "--json"),
                 ("cancel", "evil\u009b31m\x1b"), ("show", "evil\u009b31m\x1b"), ("explain", "evil\u009b31m\x1b"), ("pause", "--relay", "evil\u009b\x1b"), ("evil\u009b\x1b",), ("queue", "--evil\u009b\x1b")):
        result = httpd.cli(*args)
        check(args, result.stderr)
        seen += check(args, result.stdout)
    assert "evil\\x9b31m\\u202e" in seen and "evil\\x1b]0;owned\\x07" in seen
    for document in ("queue", "status"):
        json.loads(command(httpd, document, "--json"))
    page(httpd, "/mail-status?auto")
    for path in (*(f"/mail/{ident}" for ident in ids), *(f"/mail-status/{ident}" for ident in ids), "/mail-status", "/mail-status/queue", "/mail-status/health"):
        assert json.loads(page(httpd, path, accept="application/json"))
    refused = httpd.send_json({"from": "a@example.com", "to": "b@example.net", "evil\u009b\x7f\u202e": 1})
    assert refused.status == 400 and "evil\\u009b\\x7f\\u202e" in json.loads(check("refusal", refused.body))["detail"]
    command(httpd, "resume")
    text = page(httpd, "/mail-test", "POST", b"to=never@example.net&wait=20s")
    assert "Test Message Results: FAILED" in text and "evil\\x1b" in text
    sent = httpd.cli("sendmail", "evil\u009b\x1b@@example.net", input=b"hi\n")
    check("sendmail", sent.stderr)
    assert sent.returncode and sent.stderr
