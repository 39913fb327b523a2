"""A reply that may be about us or about one message: other messages tell, and one that is refused stops nobody."""
import re

import pytest

FLOW = ["status=deferred", "status=bounced", "reply code to the", "may be about this server", "is blocked", "sending is paused", "works again"]
REFUSALS = [
    ("RCPT", "554 5.7.1 <bad@other.example>: Relay access denied", "failed"),
    ("RCPT", "454 4.7.1 <bad@other.example>: Relay access denied", "deferred"),
    ("RCPT", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "failed"),
    ("RCPT", "550 5.1.1 <bad@barracuda.com>: Recipient address rejected: User unknown", "failed"),
    ("RCPT", "554 5.7.1 Sandbox subdomains are for test purposes only", "failed"),
    ("MAIL", "554 5.7.1 Service unavailable; Sender domain listed at dbl.spamhaus.org", "failed"),
    ("MAIL", "550 5.7.515 Access denied, sending domain other.example does not meet the required authentication level", "failed"),
    ("END", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "failed"),
]


def refusing(verb, reply):
    """Refuses what has "bad" in its sender or recipient."""
    def at_rcpt(session, argument):
        session.is_bad = getattr(session, "is_bad", False) or "bad@" in argument
        return reply if verb == "RCPT" and "bad@" in argument else None

    def at_mail(session, argument):
        session.is_bad = "bad@" in argument
        return reply if verb == "MAIL" and session.is_bad else None

    def at_end(session, data):
        return reply if verb == "END" and session.is_bad else None
    return {"MAIL": at_mail, "RCPT": at_rcpt, "END": at_end}


@pytest.mark.parametrize("verb,reply,state", REFUSALS, ids=lambda v: v[:24])
def test_one_refused_message_stops_nobody(make_httpd, make_relay, verb, reply, state):
    relay = make_relay(replies=refusing(verb, reply))
    httpd = make_httpd("SMTPSendPause On\nSMTPSendBounce off\n", relay=relay, expect=FLOW)
    bad = httpd.send(sender="bad@example.com" if verb == "MAIL" else "app@example.com", to=("bad@other.example",)).json["id"]
    good = [httpd.send(to=(f"user{i}@example.net",)).json["id"] for i in range(5)]
    httpd.write("SMTPSendBounce off\n")
    httpd.graceful()
    relay.wait_for(5, timeout=10)
    for ident in good:
        httpd.wait_state(ident, "sent")
    document = httpd.wait_state(bad, state)
    assert reply.split(" ", 2)[2][-20:] in document["recipients"][0]["reply"]
    assert httpd.status()["relays"][0]["state"] == "up" and relay.connections <= 10


def test_a_single_message_waits_and_everything_names_it(make_httpd, make_relay):
    relay = make_relay(replies=refusing(*REFUSALS[0][:2]))
    httpd = make_httpd("SMTPSendBounce off\n", relay=relay, expect=FLOW)
    bad = httpd.send(to=("bad@other.example",)).json["id"]
    httpd.wait_log("is blocked")
    state = httpd.status()["relays"][0]
    health = httpd.get("/mail-status/health")
    texts = {"status": state["cause"], "health": health.text, "page": httpd.get("/mail-status", {"Accept": "text/html"}).text,
             "cli": httpd.cli("status").stdout.decode(), "log": re.search(".*is blocked.*", httpd.log()).group()}
    assert state["state"] == "blocked" and health.status == 503
    for name, text in texts.items():
        assert bad in text and "Relay access denied" in text and "bad@other.example" in text, (name, text)
    document = httpd.message(bad)
    recipient = document["recipients"][0]
    assert document["state"] == "queued" and recipient["attempts"] == 0 and recipient["charged"] is False
    assert recipient["reply"] == REFUSALS[0][1], document
    shown = " ".join(httpd.cli("show", bad).stdout.decode().split())
    assert f"{REFUSALS[0][1]} (not counted as an attempt" in shown, shown
    assert "not counted as an attempt" in httpd.get(f"/mail-status/message/{bad}", {"Accept": "text/html"}).text
    good = httpd.send().json["id"]
    httpd.wait_state(good, "sent", timeout=5)
    httpd.wait_state(bad, "failed", timeout=5)
    assert httpd.status()["relays"][0]["state"] == "up" and httpd.get("/mail-status/health").status == 200


def test_a_relay_that_refuses_everything_is_blocked(make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": "554 5.7.1 <x>: Relay access denied"})
    httpd = make_httpd("SMTPSendPause On\nSMTPSendBounce off\n", relay=relay, expect=FLOW)
    idents = [httpd.send(to=(f"user{i}@example.net",)).json["id"] for i in range(10)]
    httpd.write("SMTPSendBounce off\n")
    httpd.graceful()
    httpd.wait_log("is blocked.*another message met the same")
    relay.wait(lambda: len(relay.commands("MAIL")) >= 10, what=lambda: "each message to be tried")
    assert relay.connections <= 10 and all(httpd.message(i)["recipients"][0]["attempts"] == 0 for i in idents)
    relay.replies = {}
    assert httpd.cli("flush").returncode == 0
    relay.wait_for(10)
    for ident in idents:
        httpd.wait_state(ident, "sent")


def test_one_recipient_among_many(make_httpd, make_relay):
    relay = make_relay(replies=refusing(*REFUSALS[0][:2]))
    httpd = make_httpd("SMTPSendBounce off\nSMTPSendMaxRecipients 1\n", relay=relay, expect=FLOW)
    ident = httpd.send(to=("bad@other.example", "one@example.net", "two@example.net")).json["id"]
    document = httpd.wait_state(ident, "partial")
    relay.wait_for(2)
    document = httpd.message(ident, wait="5s")
    assert [r["state"] for r in document["recipients"]] == ["failed", "sent", "sent"], document
