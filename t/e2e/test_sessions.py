"""Sessions that end before they carried mail, and servers that do not bear what they offer: no message is lost, doubled or charged, and no server is flooded."""
import time

import pytest
from rig.relay import Relay

FLOW = ["is down", "is blocked", "before it carried mail", "reply code to the", "remembered for a day", "more than 2 connections"]
CHUNKING = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING")
LOGIN = "SMTPSendUsername me\nSMTPSendPassword secret\nSMTPSendAuthInsecure On\n"


def numbers(relay):
    return sorted(int(m.data.split(b"Subject: ", 1)[1].split(b"\r\n", 1)[0]) for m in relay.messages)


def send(httpd, count):
    return [httpd.send(f"Subject: {i}\r\n\r\nhello\r\n".encode()).json["id"] for i in range(count)]


def assert_sent_uncharged(httpd, idents):
    for ident in idents:
        assert httpd.wait_state(ident, "sent")["recipients"][0]["attempts"] == 1


SICK = [("EHLO", "250 relay.test\n250 relay.test", ""), ("AUTH", "235 2.7.0 in\n535 5.7.8 no", LOGIN), ("MAIL", "421 4.3.2 busy", "")]


@pytest.mark.parametrize("verb,reply,directives", SICK)
def test_a_host_whose_sessions_carry_nothing(make_httpd, make_relay, verb, reply, directives):
    relay = make_relay(replies={verb: reply}, auth={"me": "secret"} if directives else None)
    httpd = make_httpd(directives, relay=relay, expect=FLOW)
    started = time.monotonic()
    idents = send(httpd, 5)
    httpd.wait_log("is down at")
    assert httpd.status()["relays"][0]["state"] == "down"
    while time.monotonic() < started + 10:
        assert relay.connections <= 10
        httpd.status()
    relay.replies.clear()
    healed = time.monotonic()
    relay.wait_for(5)
    assert time.monotonic() - healed < 10
    assert numbers(relay) == list(range(5))
    assert_sent_uncharged(httpd, idents)


@pytest.mark.parametrize("verb", ["MAIL", "END"])
def test_the_only_host_defers_everything(make_httpd, make_relay, verb):
    relay = make_relay(replies={verb: "451 4.3.0 local problem"})
    httpd = make_httpd("", relay=relay, expect=FLOW + ["status=deferred"])
    started = time.monotonic()
    idents = send(httpd, 8)
    httpd.wait_log("is down .it defers everything. at .*451 4.3.0 local problem .message")
    assert httpd.status()["relays"][0]["state"] == "down"
    while time.monotonic() < started + 5:
        assert relay.connections <= 10
        httpd.status()
    # Only the first ones, each of them alone when it was tried, are charged.
    attempts = [httpd.message(ident)["recipients"][0]["attempts"] for ident in idents]
    assert attempts[2:] == [0] * 6, attempts
    relay.replies.clear()
    healed = time.monotonic()
    relay.wait_for(8)
    assert time.monotonic() - healed < 10 and numbers(relay) == list(range(8))


@pytest.mark.parametrize("behaviour", [{"replies": {"MAIL": "421 4.3.2 busy"}}, {"faults": {"MAIL": "close"}}, {"faults": {"MAIL": "hang"}}, {"faults": {"EHLO": "hang"}}, {"silent": True}, {"replies": {"MAIL": "451 4.3.0 local problem"}}, {"replies": {"END": "451 4.3.0 local problem"}}],
                         ids=["421", "close", "hang at MAIL", "hang at EHLO", "silent", "451 at MAIL", "451 at END"])
def test_the_next_host_takes_over(make_httpd, make_relay, behaviour):
    sick, relay = make_relay(**behaviour), make_relay()
    httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost 127.0.0.1:{sick.port} 127.0.0.1:{relay.port}\n", expect=FLOW)
    started = time.monotonic()
    idents = send(httpd, 20)
    relay.wait_for(20)
    assert time.monotonic() - started < 10 and sick.connections <= 10
    assert numbers(relay) == list(range(20))
    assert_sent_uncharged(httpd, idents)


@pytest.mark.parametrize("fault,verb", [("close", "GREETING"), ("close", "MAIL"), ("hang", "MAIL")])
def test_another_address_of_the_name_is_used(make_httpd, make_relay, fault, verb):
    sick = make_relay(host="::1", faults={verb: fault})
    with Relay(port=sick.port) as relay:
        httpd = make_httpd(f"SMTPSendEngine On\nSMTPSendHost two.example:{sick.port}\n", expect=FLOW, start=False)
        httpd.with_hosts("::1 two.example\n127.0.0.1 two.example\n").start()
        started = time.monotonic()
        idents = send(httpd, 5)
        relay.wait_for(5)
        assert time.monotonic() - started < 10 and 1 <= sick.connections <= 5
        assert_sent_uncharged(httpd, idents)


@pytest.mark.parametrize("groups", ["close", "drop", "part", "500 5.5.2 syntax error", "503 5.5.1 bad sequence"])
def test_pipelining_that_is_offered_and_does_not_work(make_httpd, make_relay, groups):
    relay = make_relay(groups=groups)
    httpd = make_httpd("", relay=relay, expect=FLOW)
    started = time.monotonic()
    idents = send(httpd, 10)
    relay.wait_for(10)
    assert time.monotonic() - started < 10 and relay.connections <= 10
    assert numbers(relay) == list(range(10))
    assert_sent_uncharged(httpd, idents)
    assert "SMTPSendPipelining Off makes it permanent" in httpd.log()


@pytest.mark.parametrize("behaviour", [{"faults": {"BDAT": kind}} for kind in ("close", "reset", "hang", "421", "garbage")] +
                         [{"replies": {"BDAT": reply}} for reply in ("354 go ahead", "502 5.5.1 not implemented", "554 transaction failed", "451 try later")],
                         ids=["close", "reset", "hang", "421", "garbage", "354", "502", "554", "451"])
def test_chunking_that_is_offered_and_does_not_work(make_httpd, make_relay, behaviour):
    relay = make_relay(extensions=CHUNKING, **behaviour)
    httpd = make_httpd("", relay=relay, expect=FLOW)
    started = time.monotonic()
    idents = send(httpd, 10)
    relay.wait_for(10)
    assert time.monotonic() - started < 10 and relay.connections <= 10
    assert numbers(relay) == list(range(10))
    assert_sent_uncharged(httpd, idents)
    assert len(relay.commands("BDAT")) <= 2


# ---- the connection test ----

@pytest.mark.parametrize("verb,reply,directives", [*SICK[:2], ("EHLO", "250 relay.test\n421 4.3.2 busy", "")])
def test_the_connection_test_sees_a_second_reply(make_httpd, make_relay, verb, reply, directives):
    relay = make_relay(replies={verb: reply}, auth={"me": "secret"} if directives else None)
    httpd = make_httpd(directives, relay=relay, expect=FLOW)
    answer = httpd.get("/mail-test?probe=0")
    assert answer.status == 502 and "FAILED" in answer.text and reply.split("\n")[1] in answer.text, answer.text


def test_the_connection_test_tries_a_group(make_httpd, make_relay):
    relay = make_relay(groups="close")
    httpd = make_httpd("", relay=relay, expect=FLOW)
    text = httpd.get("/mail-test?probe=0").text
    assert text.startswith("Connection Test Results: PASSED") and "offers PIPELINING and does not bear it" in text and "SMTPSendPipelining Off" in text, text


def test_a_limit_of_connections_is_found_without_words(make_httpd, make_relay):
    # The first answer comes when a third connection was tried.
    relay = make_relay(most_connections=2, replies={"END": lambda session, _: relay.wait(lambda: relay.connections > 2) and None})
    httpd = make_httpd("", relay=relay, expect=FLOW)
    send(httpd, 60)
    relay.wait_for(60)
    assert relay.connections <= 8
    assert "is down" not in httpd.log()
