"""What the queue promises a single message: holds, times of its own, uncertain answers, equal requests at once, fairness, flush, mail of a relay that is gone."""
import concurrent.futures
import threading
import time

from rig.httpd import free_port
from rig.relay import Relay

FLOW = ["status=deferred", "status=bounced", "status=expired", "reply code to the", "is down at", "sending is paused", "is blocked", "before it carried mail"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def act(httpd, words):
    return httpd.request("POST", "/mail-status", words.encode(), FORM)


def recipient(httpd, ident):
    return httpd.message(ident)["recipients"][0]


def test_two_equal_requests_at_once_are_one_message(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    for turn in range(20):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: httpd.send(headers={"Idempotency-Key": f"k{turn}"}), range(8)))
        statuses = sorted(a.status for a in answers)
        assert statuses.count(202) == 1 and set(statuses) <= {200, 202, 409}, statuses
        assert len({a.json["id"] for a in answers if a.status != 409}) == 1
        assert httpd.send(headers={"Idempotency-Key": f"k{turn}"}).status == 200
    assert httpd.send(b"Subject: other\r\n\r\nx\r\n", headers={"Idempotency-Key": "k0"}).status == 422
    relay.wait_for(20)
    assert httpd.status()["queue"]["messages"] == 0 and len(relay.messages) == 20


def test_uncertain_is_tried_again_and_counted(make_httpd, make_relay):
    relay = make_relay(faults={"END": "close"}, fault_count=1, extensions=("8BITMIME",))
    httpd = make_httpd("SMTPSendRetry 1s\n", relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    document = httpd.wait_state(ident, "sent")
    assert document["uncertain"] is True
    assert "smtp_send_uncertain_total{relay=\"default\"} 1" in httpd.get("/mail-status/metrics").text
    httpd.wait_log(f"{ident}: .*status=deferred \\(uncertain")


def test_uncertain_waits_for_a_person(make_httpd, make_relay):
    relay = make_relay(faults={"END": "close"}, fault_count=1, extensions=("8BITMIME",))
    httpd = make_httpd("SMTPSendUncertain hold\nSMTPSendRetry 1s\n", relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    httpd.wait_state(ident, "held")
    assert recipient(httpd, ident)["heldBecause"] == "uncertain" and httpd.message(ident)["uncertain"] is True
    assert act(httpd, f"action=release&id={ident}").status == 200
    httpd.wait_state(ident, "sent")


def test_a_hold_is_kept_over_a_restart(make_httpd, make_relay):
    relay = make_relay()
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    assert act(httpd, f"action=hold&id={ident}").status == 200
    httpd.write("")
    httpd.stop()
    httpd.start()
    assert recipient(httpd, ident)["state"] == "held" and recipient(httpd, ident)["heldBecause"] == "person"
    other = httpd.send().json["id"]
    httpd.wait_state(other, "sent")
    assert recipient(httpd, ident)["state"] == "held" and len(relay.messages) == 1
    act(httpd, f"action=release&id={ident}")
    httpd.wait_state(ident, "sent")


def test_later_and_not_before(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    at = time.time() + 3
    ident = httpd.send(extra="&at=" + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at + 1))).json["id"]
    assert recipient(httpd, ident)["state"] == "queued"
    assert act(httpd, "action=flush").status == 200
    httpd.wait_state(ident, "sent")
    assert time.time() >= at


def test_its_own_time_ends_it_while_the_relay_is_down(make_httpd):
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost 127.0.0.1:{free_port()}\nSMTPSendBounce off\n", expect=FLOW)
    first = httpd.send().json["id"]
    ident = httpd.send(extra="&expire=2s").json["id"]
    httpd.wait_state(ident, "expired", 45)
    assert httpd.message(first)["state"] == "queued"


def test_paused_time_does_not_expire(make_httpd, relay):
    httpd = make_httpd("SMTPSendExpire 2s\n", relay=relay, expect=FLOW)
    act(httpd, "action=pause&reason=test")
    ident = httpd.send().json["id"]
    done = time.monotonic() + 4
    httpd.wait(lambda: time.monotonic() > done, 10)
    act(httpd, "action=resume")
    httpd.wait_state(ident, "sent")


def test_flush_makes_what_was_deferred_due(make_httpd, make_relay):
    state = {"busy": True}
    relay = make_relay(replies={"RCPT": lambda session, argument: "451 4.2.1 later" if state["busy"] else None})
    httpd = make_httpd("SMTPSendRetry 1h\n", relay=relay, expect=FLOW)
    idents = [httpd.send().json["id"] for _ in range(20)]
    for ident in idents:
        httpd.wait_state(ident, "deferred")
    state["busy"] = False
    assert act(httpd, "action=flush").status == 200
    relay.wait_for(20)
    for ident in idents:
        httpd.wait_state(ident, "sent")


def test_mail_of_a_relay_that_is_gone_goes_by_the_main_server(make_httpd, make_relay):
    main, other = make_relay(), make_relay()
    vhost = f"<VirtualHost 127.0.0.1:*>\nServerName other.example.com\nSMTPSendRelayName other\nSMTPSendHost 127.0.0.1:{other.port}\nSMTPSendPause On\n</VirtualHost>\n"
    httpd = make_httpd(vhost + "SMTPSendRelayFor *@other.example other\n", relay=main, expect=FLOW + ["is no longer configured"])
    ident = httpd.send(sender="x@other.example").json["id"]
    assert httpd.message(ident)["relayName"] == "other" and not main.messages
    httpd.write("")
    httpd.graceful()
    main.wait_for(1)
    httpd.wait_state(ident, "sent", path="/mail-status/message")
    assert not other.messages
    httpd.wait_log('no longer configured: relay "default" sends it')


def test_a_person_gives_up_and_the_sender_is_notified(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=FLOW)
    ident = httpd.send().json["id"]
    held = httpd.send().json["id"]
    act(httpd, f"action=hold&id={held}")
    answer = act(httpd, f"action=bounce&id={ident}&id={held}")
    assert answer.status == 200, answer
    assert httpd.message(ident)["state"] == "failed" and "given up by" in recipient(httpd, ident)["reply"]
    assert httpd.message(held)["state"] == "failed"
    assert act(httpd, f"action=bounce&id={ident}").status == 409
    httpd.write("")
    httpd.graceful()
    relay.wait_for(2)
    assert all(m.sender == "" and m.rcpts == ["app@example.com"] for m in relay.messages)


def test_a_flood_does_not_hold_up_another_submitter(make_httpd, make_relay):
    """More than the order holds in memory waits for one submitter; another's single message goes out among the first ones, after a restart too."""
    relay = make_relay(keep=True)
    handlers = "".join(f'<Location "/{name}">\n  SetHandler smtp-send\n  Require local\n</Location>\n' for name in ("mail", "flood"))
    handlers += '<Location "/mail-status">\n  SetHandler smtp-send-status\n  Require local\n</Location>\n'
    httpd = make_httpd("SMTPSendPause On\nSMTPSendConnections 1\n", relay=relay, expect=FLOW, handlers=handlers)
    line = '{"from":"flood@example.com","to":"x@example.net","subject":"flood","text":"x"}\n'
    for _ in range(12):
        answer = httpd.request("POST", "/flood", (line * 1000).encode(), {"Content-Type": "application/x-ndjson"})
        assert answer.status == 200, answer
    ident = httpd.send().json["id"]
    httpd.write("SMTPSendConnections 1\n")
    httpd.stop()
    begun = time.monotonic()
    httpd.start()
    httpd.wait_state(ident, "sent", 30)
    sent = [m.sender for m in relay.messages]
    assert sent.index("app@example.com") < 4000, (sent.index("app@example.com"), time.monotonic() - begun)
    # And one that comes while the flood goes on.
    late = httpd.send().json["id"]
    accepted = len(relay.messages)
    httpd.wait_state(late, "sent", 30)
    assert [i for i, m in enumerate(relay.messages) if m.sender == "app@example.com"][1] < accepted + 300


def test_flapping_hosts_and_recovery(make_httpd, make_relay):
    first = make_relay()
    port = first.port
    second = make_relay()
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost 127.0.0.1:{port} 127.0.0.1:{second.port}\nSMTPSendIdleTimeout 1s\n", expect=FLOW)
    httpd.send()
    first.wait_for(1)
    first.close()
    idents = [httpd.send().json["id"] for _ in range(5)]
    for ident in idents:
        httpd.wait_state(ident, "sent")
    assert len(second.messages) == 5
    with Relay(port=port) as back:
        stop = threading.Event()

        def trickle():
            while not stop.is_set():
                httpd.send()
                stop.wait(0.2)
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            back.wait_for(1, timeout=31)
        finally:
            stop.set()
            thread.join()


def test_what_waits_is_moved_to_another_queue(make_httpd, make_relay, tmp_path):
    first = make_httpd("SMTPSendPause On\n", relay=make_relay(), expect=FLOW)
    relay = make_relay()
    second = make_httpd("SMTPSendPause On\n", relay=relay, expect=FLOW)
    big = b"Subject: big\r\n\r\n" + b"".join(b"%07d " % i + b"y" * 60 + b"\r\n" for i in range(12000))
    idents = [first.send().json["id"], first.send(big, to=("a@example.net", "b@example.net"), extra="&envid=e1&notify=delay").json["id"]]
    held = first.send().json["id"]
    act(first, f"action=hold&id={held}")
    lines = first.cli("export", check=0).stdout
    assert len(lines.splitlines()) == 3
    # An import that breaks off, and is done again.
    broken = second.cli("import", input=lines[:len(lines) // 2])
    assert broken.returncode in (0, 65), broken
    second.cli("import", input=lines, check=0)
    again = second.cli("import", input=lines, check=0)
    assert b"0 messages imported, 3 skipped" in again.stderr
    assert second.status()["queue"]["messages"] == 3 and recipient(second, held)["state"] == "held"
    assert second.message(idents[1])["createdAt"] == first.message(idents[1])["createdAt"]
    second.write("")
    second.graceful()
    relay.wait_for(2)
    assert next(m.data for m in relay.messages if b"Subject: big" in m.data).endswith(big[-2000:])
    assert any("ENVID=e1" in c for c in relay.commands("MAIL"))
    for ident in idents:
        second.wait_state(ident, "sent")


def test_more_waits_than_the_order_holds_and_freed_memory_is_not_used(make_httpd, make_relay):
    """The C library fills what is freed: a message that had to leave the full order (10,000) and was looked at afterwards ended the daemon."""
    relay = make_relay(keep=False)
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused"], env={"MALLOC_PERTURB_": "165"}, level="warn")
    pid = httpd.status()["pid"]
    line = b'{"from":"app@example.com","to":"bob@example.net","subject":"x","text":"y"}\n'
    for _ in range(11):
        assert httpd.request("POST", "/mail", line * 1000, {"Content-Type": "application/x-ndjson"}).status == 200
    status = httpd.status()
    assert status["pid"] == pid and status["queue"]["messages"] == 11000
    httpd.write("")
    httpd.graceful_wait()
    relay.wait(lambda: sum(relay.transactions.values()) >= 11000, 120, lambda: f"{sum(relay.transactions.values())} of 11000")
    httpd.wait(lambda: not httpd.status()["queue"]["messages"], 30, "the queue to be empty")
    assert sum(relay.transactions.values()) == 11000
