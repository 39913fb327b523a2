"""Pausing: by directive and while running; nothing is sent, everything is accepted; it survives restarts and cannot be forgotten."""
import json

EXPECT = ["sending is paused"]


def relay_of(httpd):
    return httpd.status()["relays"][0]


def test_pause_by_command_survives_restart_and_ends(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=EXPECT)
    httpd.cli("pause", "--reason", "moving the relay", check=0)
    answer = httpd.send()
    assert answer.status == 202 and answer.json["paused"] is True
    ident = answer.json["id"]
    state = relay_of(httpd)
    assert state["state"] == "paused" and state["pause"]["reason"] == "moving the relay" and state["pause"]["who"]
    httpd.graceful_wait()
    assert relay_of(httpd)["pause"]["reason"] == "moving the relay"
    httpd.stop()
    httpd.start()
    assert relay_of(httpd)["state"] == "paused" and not relay.messages
    assert httpd.cli("status").returncode == 1
    assert "moving the relay" in httpd.log()
    httpd.cli("resume", check=0)
    relay.wait_for(1)
    httpd.wait_state(ident, "sent")
    assert httpd.cli("status").returncode == 0
    httpd.wait_log("sending is resumed")


def test_pause_by_directive_and_its_end_by_graceful_restart(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=EXPECT)
    ident = httpd.send().json["id"]
    httpd.wait_log("sending is paused.*SMTPSendPause On")
    output = httpd.cli("resume", check=0).stdout.decode()
    assert "SMTPSendPause" in output and not relay.messages
    httpd.write("")
    httpd.graceful()
    relay.wait_for(1)
    httpd.wait_state(ident, "sent")


def test_pause_with_an_end(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=EXPECT)
    httpd.cli("pause", "--for", "2s", check=0)
    httpd.send()
    assert relay_of(httpd)["pause"]["until"]
    relay.wait_for(1)
    httpd.wait_log("over by its own time")


def test_pause_from_the_status_handler(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=EXPECT)
    answer = httpd.request("POST", "/mail-status", b"action=pause&reason=maintenance", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200, answer
    assert httpd.get("/mail-status?auto").text.count("Paused") >= 1
    assert relay_of(httpd)["pause"]["reason"] == "maintenance"
    health = httpd.get("/mail-status/health")
    assert health.status == 503 and "paused" in json.dumps(health.json)
    assert httpd.request("POST", "/mail-status", b"action=resume", {"Content-Type": "application/x-www-form-urlencoded"}).status == 200
    assert httpd.get("/mail-status/health").status == 200


def test_browser_needs_the_token(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=EXPECT)
    answer = httpd.request("POST", "/mail-status", b"action=pause", {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://evil.example"})
    assert answer.status == 403, answer
    assert relay_of(httpd)["state"] == "up"


def test_delivery_under_way_is_finished(make_httpd, make_relay):
    import threading
    release = threading.Event()
    relay = make_relay(replies={"END": lambda session, data: (release.wait(20), None)[1]})
    httpd = make_httpd(relay=relay, expect=EXPECT)
    ident = httpd.send().json["id"]
    relay.wait(lambda: any(w == "C:" and t == "DATA" or t.startswith("BDAT") for _, w, t in relay.transcript))
    httpd.cli("pause", check=0)
    release.set()
    httpd.wait_state(ident, "sent")
    httpd.send()
    assert relay_of(httpd)["counts"]["queued"] == 1 and len(relay.messages) == 1
