"""Dovecot's submission service between us and a relay."""
import re

import pytest

from interop.traffic import all_of, idents, submit

LOGIN = 'SMTPSendUsername app\nSMTPSendPassword "let-me-in"\n'
# Its 2.3 dies of commands behind a message's content (found out after two losses).
EXPECT = ["SMTPSend-220", "SMTPSend-240", "status=deferred", "uncertain", "The SMTP host's reply code"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "auto"])
def test_logins(make_dovecot, make_httpd, relay, mechanism):
    dovecot = make_dovecot(relay)
    httpd = make_httpd(LOGIN + f"SMTPSendAuthInsecure On\nSMTPSendAuth {mechanism}\n", relay=dovecot, expect=EXPECT + ["SMTPSendAuthInsecure", "SMTPSend-1"])
    test = httpd.get("/mail-test?from=app@example.com&to=bob@example.net&probe=0")
    assert test.status == 200 and "PASSED" in test.text, test.text
    httpd.wait_state(httpd.send().json["id"], "sent")


def test_wrong_password(make_dovecot, make_httpd, relay):
    dovecot = make_dovecot(relay)
    httpd = make_httpd('SMTPSendUsername app\nSMTPSendPassword other\nSMTPSendAuthInsecure On\n', relay=dovecot, expect=EXPECT + ["SMTPSend-1"])
    test = httpd.get("/mail-test?probe=0")
    assert test.status == 502 and "[FAIL] auth" in test.text and "535" in test.text, test.text


def test_1000_messages_arrive_and_none_is_lost(make_dovecot, make_httpd, make_relay, certificates):
    relay = make_relay(keep=True)
    dovecot = make_dovecot(relay, certificates.issue("submission"))
    httpd = make_httpd(LOGIN + f"SMTPSendTLS starttls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendPort {dovecot.port}\nSMTPSendRetry 1s\nSMTPSendUncertain retry\n"
                       "SMTPSendConnections 4\n", relay=dovecot, expect=EXPECT)
    submit(httpd, 1000)
    httpd.wait(lambda: not httpd.status()["queue"]["messages"], 120, "an empty queue")
    arrived = idents(message.data for message in relay.messages)
    assert set(arrived) == set(all_of(1000))
    # Each connection that is open when the server dies of it leaves at most a message uncertain, and there are two rounds before it is known.
    assert len(arrived) <= 1000 + 2 * 4 * 2, [ident for ident in set(arrived) if arrived.count(ident) > 1]


def test_large_and_refusals(make_dovecot, make_httpd, make_relay):
    relay = make_relay(replies={"RCPT": lambda session, argument: "550 5.1.1 nobody" if "gone@" in argument else None})
    dovecot = make_dovecot(relay)
    httpd = make_httpd(LOGIN + "SMTPSendAuthInsecure On\nSMTPSendBounce off\n", relay=dovecot, expect=EXPECT + ["status=bounced", "SMTPSend-1"])
    big = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 60000
    assert httpd.message(httpd.send(big).json["id"], wait="30s")["state"] == "sent"
    assert relay.messages[0].data.endswith((b"x" * 76 + b"\r\n") * 60000)
    document = httpd.message(httpd.send(to=("bob@example.net", "gone@example.net")).json["id"], wait="20s")
    states = {r["address"]: (r["state"], r["reply"]) for r in document["recipients"]}
    assert states["bob@example.net"][0] == "sent" and states["gone@example.net"][0] == "failed" and re.search("550 5.1.1", states["gone@example.net"][1]), states
