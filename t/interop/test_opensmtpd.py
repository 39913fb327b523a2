"""OpenSMTPD as the relay. It takes 100 messages of a session and ends its sessions at groups of commands that it does not expect."""
from interop.traffic import submit


def test_3000_messages_arrive_once_each_and_none_is_charged(make_opensmtpd, make_relay, make_httpd):
    """2,000 of them were deferred as "out of space"."""
    server = make_opensmtpd(make_relay())
    httpd = make_httpd("SMTPSendRate 10000/s\nSMTPSendSubmitterRate 100000/s\n", relay=server, expect=["remembered for a day", "reply code to the"])
    ident = httpd.send(b"X-Test-Id: m3000\r\nSubject: x\r\n\r\n.dot\r\n").json["id"]
    submit(httpd, 3000)
    httpd.wait(lambda: server.taken() >= 3001 and httpd.log().count("status=sent") >= 3001, 90, lambda: f"{server.taken()} messages to be taken")
    assert server.taken() == 3001 and httpd.wait_state(ident, "sent")["recipients"][0]["attempts"] == 1
    log = httpd.log()
    assert "status=deferred" not in log and "SMTPSendMaxMessagesPerConnection 100 makes it permanent" in log
    assert httpd.status()["relays"][0]["state"] == "up"
