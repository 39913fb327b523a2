"""Health while the daemon runs: a queue that cannot be written turns it red, and it heals without a message."""
import re
import sqlite3


def reasons(httpd):
    answer = httpd.get("/mail-status/health")
    return answer.status, {row["reason"]: row["detail"] for row in answer.json["reasons"]}


def test_a_queue_that_cannot_be_written_is_red_until_it_can(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-301", "SMTPSend-501.*locked"])
    httpd.message(httpd.send().json["id"], wait="10s")
    assert reasons(httpd) == (200, {})
    with sqlite3.connect(httpd.queue, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = httpd.send()
        assert answer.status == 503 and "locked" in answer.json["detail"], answer
        status, found = reasons(httpd)
        assert status == 503 and "locked" in found["disk"], found
        assert httpd.cli("status").returncode == 2
        other.execute("ROLLBACK")
    httpd.wait(lambda: reasons(httpd) == (200, {}), 30, "health to be green")
    assert "SMTPSend-302" in httpd.log()
    assert httpd.cli("status").returncode == 0


def test_what_waits_too_long_is_red_by_its_age(make_httpd, make_relay):
    """SMTPSendAlertAge: a message that is only deferred, at a relay that works, is nobody's pause and nobody's outage."""
    relay = make_relay(replies={"RCPT": "450 4.2.1 try later"})
    httpd = make_httpd("SMTPSendAlertAge 2s\nSMTPSendRetry 1min\n", relay=relay, expect=["status=deferred", "The SMTP host's reply code"])
    assert httpd.get("/mail-status/health").status == 200
    ident = httpd.send(to=["slow@example.net"]).json["id"]
    httpd.wait_state(ident, "deferred")
    httpd.wait(lambda: httpd.get("/mail-status/health").status == 503, 15, "health to turn red")
    reasons = httpd.get("/mail-status/health").json["reasons"]
    assert [reason["reason"] for reason in reasons] == ["stuck"] and "SMTPSendAlertAge" in reasons[0]["detail"], reasons
    command = httpd.cli("status")
    assert command.returncode == 2 and b"oldest waiting" in command.stdout
    assert re.search(r"^smtp_send_healthy(\{[^}]*\})? 0$", httpd.get("/mail-status/metrics").text, re.M)
    httpd.cli("cancel", ident, check=0)
    httpd.wait(lambda: httpd.get("/mail-status/health").status == 200, 10, "health to turn green")
    assert httpd.cli("status").returncode == 0
