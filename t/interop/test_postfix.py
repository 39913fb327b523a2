"""Postfix as the relay."""

import pytest
from interop.traffic import all_of, arrive_once_each, idents, submit


def test_1000_messages_arrive_once_each(make_postfix, make_httpd):
    postfix = make_postfix()
    arrive_once_each(postfix, make_httpd(relay=postfix))


def test_starttls_with_a_private_authority(make_postfix, make_httpd, certificates):
    cert, key = certificates.issue("postfix")
    postfix = make_postfix(f"smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = {cert}\nsmtpd_tls_key_file = {key}\nsmtpd_tls_received_header = yes")
    httpd = make_httpd(f"SMTPSendTLS starttls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendPort {postfix.port}", relay=postfix)
    test = httpd.get("/mail-test")
    assert test.status == 200 and "TLSv1.3" in test.text, test.text
    submit(httpd, 50)
    contents = postfix.wait_for(50)
    assert all(b"using TLSv1.3" in c for c in contents)


def test_refused_recipient_and_sender_fail_alone(make_postfix, make_httpd):
    postfix = make_postfix("smtpd_recipient_restrictions = check_recipient_access inline:{{gone@example.net=550 5.1.1 nobody}}, permit_mynetworks, reject\n"
                           "smtpd_sender_restrictions = check_sender_access inline:{{bad@example.com=550 5.7.1 not you}}")
    httpd = make_httpd("SMTPSendBounce off", relay=postfix, expect=[r"status=bounced", r"reply code to the (RCPT|MAIL) command was 550"])
    mixed = httpd.send(to=("bob@example.net", "gone@example.net")).json["id"]
    document = httpd.message(mixed, wait="20s")
    assert document["state"] == "partial", document
    states = {r["address"]: (r["state"], r["reply"]) for r in document["recipients"]}
    assert states["bob@example.net"][0] == "sent" and states["gone@example.net"][0] == "failed" and "550 5.1.1" in states["gone@example.net"][1]
    refused = httpd.send(sender="bad@example.com").json["id"]
    assert httpd.message(refused, wait="20s")["state"] == "failed"


def test_large_and_utf8(make_postfix, make_httpd):
    postfix = make_postfix()
    httpd = make_httpd(relay=postfix)
    big = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 100000
    assert httpd.message(httpd.send(big).json["id"], wait="30s")["state"] == "sent"
    answer = httpd.send("Subject: Grüße\r\n\r\nÄ\r\n".encode(), to=("jürgen@example.net",))
    assert answer.status == 202, answer
    assert httpd.message(answer.json["id"], wait="20s")["state"] == "sent"
    contents = postfix.wait_for(2)
    assert any("Subject: Grüße\n".encode() in c and c.endswith("\n\nÄ\n".encode()) for c in contents)
    assert any(len(c) > 7600000 for c in contents)


LOGIN = 'SMTPSendUsername app\nSMTPSendPassword "let-me-in"\n'


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "auto"])
def test_logins(make_postfix, make_dovecot, make_httpd, make_relay, certificates, mechanism):
    """Postfix has its users looked up by Dovecot, as most do."""
    cert, key = certificates.issue("postfix")
    users = make_dovecot(make_relay())
    postfix = make_postfix(f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {cert}\nsmtpd_tls_key_file = {key}\nsmtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n"
                           f"smtpd_sasl_path = {users.dir}/auth\nsmtpd_recipient_restrictions = permit_sasl_authenticated, reject")
    httpd = make_httpd(LOGIN + f"SMTPSendAuth {mechanism}\nSMTPSendTLS starttls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendPort {postfix.port}\n", relay=postfix)
    test = httpd.get("/mail-test?from=app@example.com&to=bob@example.net&probe=0")
    assert test.status == 200 and "PASSED" in test.text, test.text
    submit(httpd, 50)
    assert idents(postfix.wait_for(50)) == all_of(50)


@pytest.mark.parametrize("count", [1, 25])
def test_relay_denied_for_a_foreign_domain_stops_nobody(make_postfix, make_httpd, count):
    """A visitor types an address of another domain into a form: the other mail flows, and only that message fails. (After 10 errors of a session Postfix answers slowly.)"""
    postfix = make_postfix("smtpd_relay_restrictions = reject_unauth_destination")
    httpd = make_httpd("SMTPSendPause On\nSMTPSendBounce off\n", relay=postfix, expect=["status=bounced", "reply code to the RCPT command was 554", "may be about this server", "sending is paused",
                                                                                               "is blocked", "works again"])
    foreign = [httpd.send(to=(f"bob{i}@other.example",)).json["id"] for i in range(count)]
    submit(httpd, 5)
    httpd.write("SMTPSendBounce off\n")
    httpd.graceful()
    assert idents(postfix.wait_for(5, timeout=10)) == all_of(5)
    for ident in foreign:
        document = httpd.wait_state(ident, "failed", timeout=10)
        assert "Relay access denied" in document["recipients"][0]["reply"], document
