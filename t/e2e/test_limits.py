"""Limits of a relay, on what one connection carries and on what it takes in a time: they are found out, no attempt is charged, and nothing arrives twice."""
import re
import threading
import time

import pytest

FLOW = ["reply code to the", "SMTPSend-240", "SMTPSend-227", "SMTPSend-229", "is blocked", "sending is paused"]


def send_together(httpd, count):
    """So many messages at once: they were accepted while the relay was paused."""
    idents = [httpd.send(text=f"Subject: test\r\n\r\nmessage {i}.\r\n".encode()).json["id"] for i in range(count)]
    httpd.write("")
    httpd.graceful()
    return idents


def test_messages_of_a_session_are_limited(make_httpd, make_relay):
    """OpenSMTPD's default is 100."""
    relay = make_relay(replies={"MAIL": lambda session, argument: "452 4.5.3 Too many messages sent" if session.mails >= 10 else None})
    httpd = make_httpd("SMTPSendPause On\nSMTPSendConnections 2\n", relay=relay, expect=FLOW)
    idents = send_together(httpd, 100)
    relay.wait_for(100)
    for ident in idents:
        assert httpd.wait_state(ident, "sent")["recipients"][0]["attempts"] == 1
    assert len(relay.messages) == 100
    assert re.findall(r"SMTPSend-240.*SMTPSendMaxMessagesPerConnection (\d+) makes it permanent", httpd.log()) == ["10"]
    assert httpd.status()["relays"][0]["learned"][0]["what"] == "max-messages"


def test_a_server_that_takes_what_follows_a_refused_mail_gets_nothing_twice(make_httpd, make_relay):
    def mail(session, argument):
        if session.mails < limit:
            return None
        session.sender = "stray@example.com"
        return "503 5.5.1 one message at a time"

    for limit, extensions in ((1, ("PIPELINING", "CHUNKING")), (1, ("PIPELINING",)), (4, ("PIPELINING", "CHUNKING"))):
        relay = make_relay(replies={"MAIL": mail}, extensions=extensions + ("8BITMIME", "ENHANCEDSTATUSCODES"))
        httpd = make_httpd("SMTPSendPause On\nSMTPSendConnections 1\n", relay=relay, expect=FLOW)
        idents = send_together(httpd, 30)
        for ident in idents:
            httpd.wait_state(ident, "sent")
        texts = [re.search(rb"message (\d+)\.", m.data).group(1) for m in relay.messages]
        assert len(texts) == 30 and len(set(texts)) == 30


class Rate:
    """So many commands in any second, or so many; more get that reply."""

    def __init__(self, limit, reply, seconds=1):
        self.limit, self.reply, self.seconds, self.times, self.lock = limit, reply, seconds, [], threading.Lock()

    def __call__(self, session, argument):
        with self.lock:
            now = time.monotonic()
            self.times = [t for t in self.times if t > now - self.seconds]
            if len(self.times) >= self.limit:
                return self.reply
            self.times.append(now)
            return None


@pytest.mark.parametrize("command, reply", [
    ("END", "454 Throttling failure: Maximum sending rate exceeded."),
    ("MAIL", "550 5.7.0 Requested action not taken: too many emails per second"),
])
def test_a_rate_of_fourteen_a_second(make_httpd, make_relay, command, reply):
    """Amazon SES and Mailtrap."""
    relay = make_relay(replies={command: Rate(14, reply)})
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=FLOW)
    idents = send_together(httpd, 200)
    begun = time.monotonic()
    httpd.wait_log("SMTPSend-227.*makes it permanent")
    state = httpd.status()["relays"][0]
    assert state["state"] == "slow" and reply[:30] in state["cause"] and state["advice"]["code"] == "rate-limited"
    assert "slow" in httpd.cli("status").stdout.decode()
    relay.wait_for(200, timeout=25)
    assert time.monotonic() - begun < 20
    for ident in idents:
        assert httpd.wait_state(ident, "sent")["recipients"][0]["attempts"] == 1
    assert len(relay.messages) == 200


def test_a_quota_of_hours_blocks_and_fails_nothing(make_httpd, make_relay):
    """cPanel says it with a final code."""
    reply = "550 Domain example.com has exceeded the max emails per hour (5) allowed"
    relay = make_relay(replies={"MAIL": Rate(5, reply, 3600)})
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=FLOW)
    idents = send_together(httpd, 30)
    httpd.wait_log("is blocked .*max emails per hour")
    state = httpd.status()["relays"][0]
    assert state["state"] == "blocked" and "message " in state["cause"] and state["advice"]["code"] == "quota"
    relay.wait_for(5)
    documents = [httpd.message(ident) for ident in idents]
    assert sorted(d["state"] for d in documents) == ["queued"] * 25 + ["sent"] * 5
    assert all(d["recipients"][0]["attempts"] == (d["state"] == "sent") for d in documents)
    # A time that is corrected by a person is not waited for.
    relay.replies.clear()
    assert httpd.cli("flush").returncode == 0
    for ident in idents:
        httpd.wait_state(ident, "sent")
