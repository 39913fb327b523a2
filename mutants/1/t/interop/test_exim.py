"""Exim as the relay."""
import pytest
from interop.traffic import all_of, arrive_once_each, idents, submit

LOGIN = 'SMTPSendUsername app\nSMTPSendPassword "let-me-in"\n'


def test_1000_messages_arrive_once_each(make_exim, make_httpd):
    exim = make_exim()
    arrive_once_each(exim, make_httpd(relay=exim))


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "auto"])
def test_starttls_and_logins(make_exim, make_httpd, certificates, mechanism):
    exim = make_exim(certificates.issue("exim"), login=True)
    httpd = make_httpd(LOGIN + f"SMTPSendAuth {mechanism}\nSMTPSendTLS starttls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendPort {exim.port}\n", relay=exim)
    test = httpd.get("/mail-test?from=app@example.com&to=bob@example.net&probe=0")
    assert test.status == 200 and "TLSv1.3" in test.text, test.text
    submit(httpd, 50)
    assert idents(exim.wait_for(50)) == all_of(50)


def test_wrong_password_and_none(make_exim, make_httpd):
    exim = make_exim(login=True)
    httpd = make_httpd('SMTPSendUsername app\nSMTPSendPassword other\nSMTPSendAuthInsecure On\n', relay=exim, expect=["SMTPSend-1"])
    assert "[FAIL] auth" in httpd.get("/mail-test?probe=0").text
    httpd.write("")
    httpd.graceful_wait()
    text = httpd.get("/mail-test?from=app@example.com&to=bob@example.net&probe=0").text
    assert "[FAIL] mail" in text or "[FAIL] rcpt" in text, text


def test_refused_recipient_and_sender_fail_alone(make_exim, make_httpd):
    exim = make_exim()
    httpd = make_httpd("SMTPSendBounce off\n", relay=exim, expect=["status=bounced", r"reply code to the (RCPT|MAIL) command was 550"])
    document = httpd.message(httpd.send(to=("bob@example.net", "gone@example.net")).json["id"], wait="20s")
    states = {r["address"]: r["state"] for r in document["recipients"]}
    assert states == {"bob@example.net": "sent", "gone@example.net": "failed"}, document
    assert httpd.message(httpd.send(sender="bad@example.com").json["id"], wait="20s")["state"] == "failed"


def test_large_and_utf8(make_exim, make_httpd):
    exim = make_exim()
    httpd = make_httpd(relay=exim)
    big = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 100000
    assert httpd.message(httpd.send(big).json["id"], wait="30s")["state"] == "sent"
    assert exim.wait_for(1)[0].endswith((b"x" * 76 + b"\n") * 100000)
    assert httpd.message(httpd.send("Subject: grün\r\n\r\nx\r\n".encode(), to=("jörg@example.net",)).json["id"], wait="20s")["state"] == "sent"
