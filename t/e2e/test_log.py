"""The error log: the whole dialogue at debug, without what is secret."""
import base64
import os
import re

import pytest

from rig.httpd import HTTPD

SECRET = "correct horse 7"


def test_debug_shows_the_dialogue_of_deliveries_without_secrets_and_contents(make_httpd, make_relay):
    relay = make_relay(auth={"me": SECRET}, mechanisms=["PLAIN"])
    httpd = make_httpd(f'SMTPSendUsername me\nSMTPSendPassword "{SECRET}"\nSMTPSendConnections 1\n', relay=relay, level="debug")
    for number in range(3):
        ident = httpd.send(b"Subject: s\r\n\r\nthe text is private\r\n").json["id"]
        httpd.wait_state(ident, "sent")
    log = httpd.log()
    lines = [line.split("SMTPSend-298: ", 1)[1].split(": ", 1)[1] for line in log.splitlines() if "SMTPSend-298: " in line]
    said = [line[3:] for line in lines if line.startswith("C: ")]
    assert said[0].startswith("EHLO ") and "AUTH PLAIN [redacted]" in said
    assert len([line for line in said if line.startswith("MAIL FROM:<")]) == len([line for line in said if line.startswith("RCPT TO:<")]) == 3
    assert len([line for line in lines if line.startswith("-- the message's content: ")]) == 3
    assert any(line.startswith("S: 220 ") for line in lines) and any(line.startswith("S: 235 ") for line in lines)
    assert len([line for line in lines if line.startswith("S: 250 ") and "queued" in line]) == 3
    for word in (SECRET, base64.b64encode(SECRET.encode()).decode(), base64.b64encode(f"\0me\0{SECRET}".encode()).decode(), "the text is private"):
        assert word not in log


def test_without_debug_no_dialogue(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    httpd.wait_state(httpd.send().json["id"], "sent")
    assert "SMTPSend-298" not in httpd.log() and "status=sent" in httpd.log()


def test_a_refusal_that_repeats_is_explained_once_and_counted(make_httpd, make_relay):
    """Each recipient has its own line; the sentence with the advice comes once a minute, and how often it would have come is said."""
    relay = make_relay(replies={"RCPT": "550 5.1.1 no such user"})
    httpd = make_httpd("SMTPSendBounce Off\n", relay=relay, expect=["status=bounced", "The SMTP host's reply code to the RCPT", "SMTPSend-299"])
    for _ in range(5):
        httpd.wait_state(httpd.send().json["id"], "failed")
    httpd.stop()
    log = httpd.log()
    assert log.count("status=bounced") == 5
    assert log.count("The SMTP host's reply code to the RCPT command was 550") == 1
    assert log.count("SMTPSend-299: The SMTP host refused the RCPT command [relay") == 1 and "]: 4 more within a minute" in log


@pytest.mark.parametrize("value, tag, priority", [("syslog", os.path.basename(HTTPD), 23), ("syslog:user", os.path.basename(HTTPD), 1), ("syslog:mail:mailer", "mailer", 2)])
def test_syslog(make_httpd, relay, value, tag, priority):
    """The daemon's lines go where httpd's go, with the same facility and tag."""
    httpd = make_httpd(f'ErrorLog "{value}"\nLogLevel notice smtp_send:info\n', relay=relay, start=False)
    log = httpd.with_syslog()
    httpd.start()
    ident = httpd.send().json["id"]
    relay.wait_for(1)
    lines, server = [], str(httpd.process.pid)
    while not any("status=sent" in line for line in lines):
        lines.append(log.recv(8192).decode())
    sent = [line for line in lines if "status=sent" in line][0]
    head = re.match(rf"<(\d+)>.*{tag}\[(\d+)\]: \[smtp_send:info\] \[pid \2:tid \d+\] {ident}: to=<", sent)
    assert head and int(head[1]) == priority * 8 + 6, lines
    assert head[2] == str(httpd.status()["pid"])
    assert [line for line in lines if f"{tag}[{server}]" in line and "resuming normal operations" in line], lines
    log.close()
