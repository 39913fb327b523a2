"""aiosmtpd as the relay: TLS in both ways, logins, 1,000 messages on kept connections, international addresses, large messages, refusals."""

import pytest
from interop.traffic import all_of, idents, submit
from rig.aio import Aio


@pytest.fixture
def make_aio():
    made = []

    def make(**behaviour):
        made.append(Aio(**behaviour))
        return made[-1]
    yield make
    for server in made:
        server.close()


def test_1000_messages_arrive_once_each(make_aio, make_httpd):
    server = make_aio()
    httpd = make_httpd(relay=server)
    submit(httpd, 1000)
    messages = server.wait_for(1000)
    assert idents(m[2] for m in messages) == all_of(1000)
    assert all(b"\r\n.dot\r\nbody " in m[2] for m in messages)


@pytest.mark.parametrize("mode, tls", [("tls", "immediate"), ("starttls", "starttls"), ("negotiate", "immediate"), ("negotiate", "starttls")])
def test_tls_and_login(make_aio, make_httpd, certificates, mode, tls):
    server = make_aio(tls=tls, cert=certificates.issue("aio"), auth={"me": "s3cret"})
    config = f"SMTPSendTLS {mode}\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendUsername me\nSMTPSendPassword "
    httpd = make_httpd(config + "s3cret\n", relay=server, expect=["SMTPSendTLS"])
    test = httpd.get("/mail-test?from=a@example.com&to=b@example.net&probe=0")
    assert test.status == 200 and "TLSv1.3" in test.text, test.text
    submit(httpd, 20)
    server.wait_for(20)
    assert server.logins and all(login[2] for login in server.logins)


def test_a_wrong_password_blocks_and_loses_nothing(make_aio, make_httpd, certificates):
    server = make_aio(tls="starttls", cert=certificates.issue("aio"), auth={"me": "s3cret"})
    config = f"SMTPSendTLS starttls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendUsername me\nSMTPSendPassword "
    httpd = make_httpd(config + "wrong\n", relay=server, expect=["is blocked", "reply code to the AUTH", "refused the AUTH command"])
    ident = httpd.send().json["id"]
    httpd.wait_log("is blocked")
    assert httpd.message(ident)["recipients"][0]["attempts"] == 0
    httpd.write(config + "s3cret\n")
    httpd.graceful_wait()
    server.wait_for(1)


def test_refusals_large_and_international(make_aio, make_httpd):
    server = make_aio(refuses={"gone@example.net": "550 5.1.1 nobody"}, size=8000000)
    httpd = make_httpd("SMTPSendBounce off\n", relay=server, expect=["status=bounced", "reply code to the RCPT"])
    mixed = httpd.message(httpd.send(to=("bob@example.net", "gone@example.net")).json["id"], wait="20s")
    assert {r["address"]: r["state"] for r in mixed["recipients"]} == {"bob@example.net": "sent", "gone@example.net": "failed"}, mixed
    big = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 100000
    assert httpd.message(httpd.send(big).json["id"], wait="30s")["state"] == "sent"
    over = httpd.message(httpd.send(big + big).json["id"], wait="30s")
    assert over["state"] == "failed" and "SIZE" in over["recipients"][0]["reply"], over
    answer = httpd.send("Subject: Grüße\r\n\r\nÄ\r\n".encode(), to=("jürgen@example.net",))
    assert httpd.message(answer.json["id"], wait="20s")["state"] == "sent"
    messages = server.wait_for(3)
    assert any(m[1] == ["jürgen@example.net"] and "Grüße".encode() in m[2] for m in messages)
    assert any(len(m[2]) > 7600000 for m in messages)
