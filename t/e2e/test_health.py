"""Health while the daemon runs: a queue that cannot be written turns it red, and it heals without a message."""
import re
import sqlite3
import time


def health(httpd):
    return httpd.get("/mail-status/health").status


def reasons(httpd):
    answer = httpd.get("/mail-status/health")
    return answer.status, {row["reason"]: row["detail"] for row in answer.json["reasons"]}


def test_a_queue_that_cannot_be_written_is_red_until_it_can(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["SMTPSend-301", "SMTPSend-255", "SMTPSend-501.*locked"])
    httpd.message(httpd.send().json["id"], wait="10s")
    assert reasons(httpd) == (200, {})
    with sqlite3.connect(httpd.queue, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = httpd.send()
        assert answer.status == 503 and "locked" in answer.json["detail"], answer
        status, found = reasons(httpd)
        assert status == 503 and "locked" in found["queue"], found
        assert httpd.cli("status").returncode == 2
        other.execute("ROLLBACK")
    httpd.wait(lambda: reasons(httpd) == (200, {}), 30, "health to be green")
    assert "SMTPSend-302" in httpd.log()
    assert httpd.cli("status").returncode == 0


def test_what_waits_too_long_is_red_by_its_age(make_httpd, make_relay):
    """SMTPSendAlertAge: mail is due and nothing gets through, at a relay that answers: nobody's pause and nobody's outage."""
    relay = make_relay(replies={"MAIL": "451 4.3.0 try later"})
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


def test_what_single_messages_wait_for_is_no_alarm(make_httpd, make_relay):
    """A full mailbox, a message on hold and one for next year: each is counted, mail flows, health is green."""
    relay = make_relay(replies={"RCPT": lambda session, argument: "452 4.2.2 mailbox full" if "full@" in argument else None})
    httpd = make_httpd("SMTPSendAlertAge 1s\nSMTPSendRetry 1s\n", relay=relay, expect=["status=deferred", "The SMTP host's reply code"])
    full = httpd.send(to=["full@example.net"]).json["id"]
    httpd.wait_state(full, "deferred")
    later = httpd.send_json({"from": "a@example.com", "to": "b@example.net", "text": "x", "at": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 365 * 86400))}).json["id"]
    httpd.cli("hold", later, check=0)
    later = httpd.send_json({"from": "a@example.com", "to": "b@example.net", "text": "x", "at": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 365 * 86400))}).json["id"]
    httpd.wait(lambda: httpd.status()["relays"][0]["oldestSeconds"] >= 3, 15, "the alert age to pass")
    assert reasons(httpd) == (200, {})
    assert httpd.cli("status").returncode == 0
    page = httpd.get("/mail-status", headers={"Accept": "text/html"}).text
    assert "Mail flows" in page or "Ready" in page
    assert re.search(r"1 deferred</a>, <a [^>]*>1 held", page), page[:3000]


def test_a_relay_that_is_down_or_off_is_never_green(make_httpd, make_relay):
    relay = make_relay()
    httpd = make_httpd("SMTPSendRetry 1s\n", relay=relay, expect=["SMTPSend-220", "SMTPSend-221"])
    assert httpd.status()["relays"][0]["used"] is False
    assert "not used yet" in httpd.get("/mail-status", headers={"Accept": "text/html"}).text
    assert b"not used yet" in httpd.cli("status", check=0).stdout
    port = relay.port
    relay.close()
    ident = httpd.send().json["id"]
    httpd.wait(lambda: health(httpd) == 503, 10, "health to turn red")
    status, found = reasons(httpd)
    assert status == 503 and "refused" in found["down"], found
    page = httpd.get("/mail-status", headers={"Accept": "text/html"}).text
    assert "Mail flows" not in page and "The relay is down for" in page
    assert httpd.cli("status").returncode == 2
    assert 'smtp_send_healthy{relay="default"} 0' in httpd.get("/mail-status/metrics").text
    make_relay(port=port)
    httpd.wait_state(ident, "sent")
    httpd.wait(lambda: health(httpd) == 200, 10, "health to turn green")


def test_probes_of_containers(make_httpd, relay):
    """/health/live: the process answers; /health/ready: a message would be accepted."""
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["SMTPSend-260"])
    assert httpd.get("/mail-status/health/live").status == 200
    answer = httpd.get("/mail-status/health/ready")
    assert (answer.status, answer.json) == (200, {"ready": True, "reasons": []})
    assert health(httpd) == 503  # it is paused, but takes mail
    assert httpd.request("POST", "/mail-status/health/ready", b"").status == 405


def test_the_counters_survive_a_graceful_restart(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    httpd.message(httpd.send().json["id"], wait="10s")
    names = ["smtp_send_submissions_total{result=\"accepted\"}", "smtp_send_deliveries_total{relay=\"default\",result=\"sent\"}",
             "smtp_send_delivery_seconds_count", "smtp_send_last_success_timestamp_seconds{relay=\"default\"}"]

    def numbers():
        text = httpd.get("/mail-status/metrics").text
        return [float(re.search(re.escape(name) + r" (\S+)", text).group(1)) for name in names]

    before = numbers()
    assert before[:3] == [1, 1, 1] and before[3] > 0
    httpd.graceful_wait()
    assert numbers() == before
    relay = httpd.status()["relays"][0]
    assert relay["sent"] == 1 and relay["lastSuccess"] and relay["state"] == "up"
