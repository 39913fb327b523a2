"""Pausing: by directive and while running; nothing is sent, everything is accepted; it survives restarts and cannot be forgotten."""
import json

import pytest

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
    httpd.wait_log("has expired")


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


WAYS = ["page", "command", "directive"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def pause(httpd, way):
    if way == "page":
        assert httpd.request("POST", "/mail-status", b"action=pause&reason=by+hand", FORM).status == 200
    elif way == "command":
        httpd.cli("pause", "--reason", "by hand", check=0)
    else:
        restart(httpd, "SMTPSendPause On\n")


def restart(httpd, config):
    httpd.stop()
    httpd.write(config)
    httpd.start()


def resume(httpd, way):
    if way == "page":
        return httpd.request("POST", "/mail-status", b"action=resume", FORM).text
    return httpd.cli("resume").stdout.decode()


@pytest.mark.parametrize("way", WAYS)
def test_a_pause_is_seen_everywhere_and_undone_from_the_page_and_the_command(make_httpd, relay, way):
    httpd = make_httpd(relay=relay, expect=EXPECT)
    count = 0
    for undo in ("page", "command"):
        pause(httpd, way)
        ident = httpd.send().json["id"]
        page = httpd.get("/mail-status", {"Accept": "text/html"}).text
        command = httpd.cli("status")
        shown = httpd.get("/mail-status?auto").text
        cause = "SMTPSendPause" if way == "directive" else "by hand"
        assert "paused" in page.lower() and cause in page
        assert command.returncode == 1 and b"paused" in command.stdout and cause.encode() in command.stdout, command
        assert "State: paused" in shown and 'smtp_send_paused{relay="default"' in httpd.get("/mail-status/metrics").text
        who = "SMTPSendPause On" if way == "directive" else "by client 127.0.0.1: by hand" if way == "page" else "by root.*: by hand"
        httpd.wait_log(f"sending is paused \\({who}")
        said = resume(httpd, undo)
        if way == "directive":
            # What the configuration says only the configuration takes back: both ways say so.
            assert "SMTPSendPause" in said and relay_of(httpd)["paused"]
            restart(httpd, "")
        count += 1
        relay.wait_for(count)
        httpd.wait_state(ident, "sent")
        assert not relay_of(httpd)["paused"] and httpd.cli("status").returncode == 0
        if way != "directive":
            httpd.wait_log("the pause by .* is ended by " + ("client 127.0.0.1" if undo == "page" else "root"))
