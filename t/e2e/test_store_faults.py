"""No delivery unless its outcome can be stored: while the queue cannot be written nothing more is sent than a crash may send again, every view says so, and mail flows by itself afterwards."""
import json
import os
import re
import signal
import sqlite3

WINDOW = 16
CONNECTIONS = 2
BOUND = WINDOW * (CONNECTIONS + 1)
COUNT = 400
EXPECT = ["SMTPSend-301", "SMTPSend-255", "SMTPSend-250", "SMTPSend-290", "SMTPSend-2(01|02|03|05)", "SMTPSend-501", "SMTPSend-283", "was killed"]


def ledger(relay):
    """How often each message arrived, by its subject."""
    found = {}
    for message in relay.messages:
        subject = re.search(rb"Subject: (\S+)", message.data).group(1)
        found[subject] = found.get(subject, 0) + 1
    return found


def twice(relay):
    return sum(count - 1 for count in ledger(relay).values())


def submit(httpd):
    lines = [json.dumps({"from": "app@example.com", "to": "bob@example.net", "subject": f"s{i}", "text": "x"}) for i in range(COUNT)]
    answer = httpd.request("POST", "/mail", "\n".join(lines).encode(), {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200 and answer.text.count('"id"') == COUNT, answer


def locked(httpd):
    """Another program writes to the queue, and does not end."""
    other = sqlite3.connect(httpd.queue, isolation_level=None, timeout=20)
    other.execute("BEGIN IMMEDIATE")
    return other


def sent(other):
    return other.execute("SELECT count(*) FROM recipient WHERE state = 4").fetchone()[0]


def reasons(httpd):
    answer = httpd.get("/mail-status/health")
    return answer.status, [row["reason"] for row in answer.json["reasons"]]


def blocked(make_httpd, relay):
    """A server whose queue is locked while it sends, when it has noticed that; the lock. The rate leaves time to lock it."""
    httpd = make_httpd(f"SMTPSendConnections {CONNECTIONS}\nSMTPSendRate 100/s\n", relay=relay, expect=EXPECT)
    submit(httpd)
    relay.wait_for(5)
    other = locked(httpd)
    httpd.wait_log("SMTPSend-255: nothing is sent", 20)
    assert len(relay.messages) - sent(other) <= BOUND, (len(relay.messages), sent(other))
    assert sent(other) < COUNT - BOUND, "the lock came too late"
    return httpd, other


def all_arrive(httpd, relay):
    relay.wait(lambda: len(ledger(relay)) == COUNT, 40, lambda: f"{COUNT - len(ledger(relay))} messages more")
    httpd.wait(lambda: httpd.status(check=False).get("counts", {}).get("sent") == COUNT, 20, "their outcomes")
    assert reasons(httpd) == (200, [])


def test_a_graceful_restart_while_the_queue_is_locked_sends_nothing_twice(make_httpd, relay):
    httpd, other = blocked(make_httpd, relay)
    assert reasons(httpd) == (503, ["queue"])
    row = httpd.status()["relays"][0]
    assert row["state"] == "stopped" and "lock" in row["cause"], row
    assert "lock" in httpd.status()["queue"]["error"]
    page = httpd.get("/mail-status", {"Accept": "text/html"}).text
    assert "The queue cannot be used" in page and "The queue cannot be written" in page
    assert re.search("stopped", httpd.get("/mail-status?auto").text)
    command = httpd.cli("status")
    assert command.returncode == 2 and b"stopped" in command.stdout, command.stdout
    before = len(relay.messages)
    httpd.graceful()
    httpd.wait_log("SMTPSend-290", 30)
    assert len(relay.messages) == before
    other.execute("ROLLBACK")
    all_arrive(httpd, relay)
    assert twice(relay) == 0


def test_a_daemon_that_is_killed_while_the_queue_is_locked_sends_a_window_twice(make_httpd, relay):
    httpd, other = blocked(make_httpd, relay)
    for _ in range(2):
        pid, before = httpd.status()["pid"], len(relay.messages)
        os.kill(pid, signal.SIGKILL)
        httpd.wait(lambda: httpd.status(check=False).get("pid", pid) != pid, 30, "the next daemon")
        assert len(relay.messages) == before, "it sends what it could not store"
    assert reasons(httpd) == (503, ["queue"])
    other.execute("ROLLBACK")
    all_arrive(httpd, relay)
    assert twice(relay) <= BOUND
