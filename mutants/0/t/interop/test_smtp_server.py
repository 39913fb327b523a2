"""nodemailer's smtp-server as the relay: TLS in both ways, logins, 1,000 messages, international addresses, large messages, refusals."""

import pytest
from interop.traffic import all_of, idents, submit
from rig.node import NodeServer


@pytest.fixture
def make_node():
    made = []

    def make(**behaviour):
        made.append(NodeServer(**behaviour))
        return made[-1]
    yield make
    for server in made:
        server.close()


def test_1000_messages_arrive_once_each(make_node, make_httpd):
    server = make_node()
    httpd = make_httpd(relay=server)
    submit(httpd, 1000)
    messages = server.wait_for(1000)
    assert idents(m[2] for m in messages) == all_of(1000)
    assert all(b"\r\n.dot\r\nbody " in m[2] for m in messages)


@pytest.mark.parametrize("tls, methods", [("immediate", ["PLAIN"]), ("immediate", ["LOGIN"]), ("starttls", ["PLAIN", "LOGIN"]), ("starttls", ["CRAM-MD5"])])
def test_tls_and_login(make_node, make_httpd, certificates, tls, methods):
    server = make_node(tls=tls, cert=certificates.issue("node"), auth={"me": "s3cret"}, methods=methods)
    mode = "tls" if tls == "immediate" else "starttls"
    httpd = make_httpd(f"SMTPSendTLS {mode}\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendUsername me\nSMTPSendPassword s3cret\n",
                       relay=server, expect=["SMTPSendPassword"])
    submit(httpd, 20)
    server.wait_for(20)
    assert server.logins and all(method == methods[0] and right for method, right in server.logins), server.logins


def test_refusals_large_and_international(make_node, make_httpd):
    server = make_node(refuses={"gone@example.net": "550 nobody", "bad@example.com": "550 not you"})
    httpd = make_httpd("SMTPSendBounce off\n", relay=server, expect=["status=bounced", "reply code to the (RCPT|MAIL)"])
    mixed = httpd.message(httpd.send(to=("bob@example.net", "gone@example.net")).json["id"], wait="20s")
    assert {r["address"]: r["state"] for r in mixed["recipients"]} == {"bob@example.net": "sent", "gone@example.net": "failed"}, mixed
    assert httpd.message(httpd.send(sender="bad@example.com").json["id"], wait="20s")["state"] == "failed"
    big = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 105000
    assert httpd.message(httpd.send(big).json["id"], wait="30s")["state"] == "sent"
    answer = httpd.send("Subject: Grüße\r\n\r\nÄ\r\n".encode(), to=("jürgen@example.net",))
    assert httpd.message(answer.json["id"], wait="20s")["state"] == "sent"
    messages = server.wait_for(3)
    assert any(m[1] == ["jürgen@example.net"] and "Grüße".encode() in m[2] for m in messages)
    assert any(m[2].endswith(big[16:]) for m in messages)
