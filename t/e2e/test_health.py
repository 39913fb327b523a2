"""Health while the daemon runs: a queue that cannot be written turns it red, and it heals without a message."""
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
