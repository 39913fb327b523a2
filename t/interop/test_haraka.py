"""Haraka as the relay: no CHUNKING, and limits that it puts in words of its own."""
import pytest
from interop.traffic import all_of, idents, submit
from rig.haraka import Haraka

# It takes no MAIL behind a content that it has not answered.
STREAMING = ["reply code to the MAIL command was 503", "commands stand behind"]
LOGIN = 'SMTPSendUsername me\nSMTPSendPassword s3cret\n'


@pytest.fixture
def make_haraka():
    made = []

    def make(**behaviour):
        made.append(Haraka(**behaviour))
        return made[-1]
    yield make
    for server in made:
        print(f"--- Haraka's log\n{server.log()[-4000:]}")
        server.close()


def test_1000_messages_arrive_once_each(make_haraka, make_httpd):
    server = make_haraka()
    httpd = make_httpd(relay=server, expect=STREAMING)
    test = httpd.get("/mail-test?from=app@example.com&to=bob@example.net&probe=0")
    assert test.status == 200 and "PASSED" in test.text and "PIPELINING" in test.text, test.text
    submit(httpd, 1000)
    messages = server.wait_for(1000)
    assert idents(messages) == all_of(1000)
    assert all(b"\r\n.dot\r\nbody " in m for m in messages)
    assert server.sessions() <= 100


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "auto"])
def test_starttls_and_logins(make_haraka, make_httpd, certificates, mechanism):
    cert, key = certificates.issue("haraka")
    server = make_haraka(plugins=["tls", "auth/flat_file"], files={"tls.ini": f"key={key}\ncert={cert}\n", "auth_flat_file.ini": "[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\n[users]\nme=s3cret\n"})
    httpd = make_httpd(LOGIN + f"SMTPSendAuth {mechanism}\nSMTPSendTLS starttls\nSMTPSendTLSCACertificateFile {certificates.ca}\nSMTPSendPort {server.port}\n", relay=server,
                       expect=["SMTPSendPassword", *STREAMING])
    test = httpd.get("/mail-test?from=app@example.com&to=bob@example.net&probe=0")
    assert test.status == 200 and "TLSv1.3" in test.text, test.text
    submit(httpd, 20)
    assert idents(server.wait_for(20, timeout=10)) == all_of(20)


def test_refusals_large_and_international(make_haraka, make_httpd):
    server = make_haraka()
    httpd = make_httpd("SMTPSendBounce off\n", relay=server, expect=["status=bounced", "reply code to the (RCPT|MAIL)"])
    mixed = httpd.message(httpd.send(to=("bob@example.net", "gone@example.net")).json["id"], wait="20s")
    assert {r["address"]: r["state"] for r in mixed["recipients"]} == {"bob@example.net": "sent", "gone@example.net": "failed"}, mixed
    assert httpd.message(httpd.send(sender="bad@example.com").json["id"], wait="20s")["state"] == "failed"
    big = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 105000
    assert httpd.message(httpd.send(big).json["id"], wait="30s")["state"] == "sent"
    answer = httpd.send("Subject: Grüße\r\n\r\nÄ\r\n".encode(), to=("jürgen@example.net",))
    assert httpd.message(answer.json["id"], wait="20s")["state"] == "sent"
    messages = server.wait_for(3)
    assert any("Grüße".encode() in m for m in messages) and any(m.endswith(big[16:]) for m in messages)


def test_recipients_of_a_session_are_limited(make_haraka, make_httpd):
    """450 Too many recipient attempts: of all messages of a connection together."""
    server = make_haraka(plugins=["limit"], files={"limit.ini": "[recipients]\nenabled=true\nmax=20\n"})
    httpd = make_httpd("SMTPSendRate 10000/s\n", relay=server, expect=["remembered for a day", "reply code to the", *STREAMING])
    submit(httpd, 200)
    assert idents(server.wait_for(200, timeout=15)) == all_of(200)
    httpd.wait(lambda: httpd.log().count("status=sent") == 200, 10)
    assert "status=deferred" not in httpd.log() and httpd.status()["relays"][0]["state"] == "up"


def test_a_message_has_more_recipients_than_a_session_takes(make_haraka, make_httpd):
    server = make_haraka(plugins=["limit"], files={"limit.ini": "[recipients]\nenabled=true\nmax=20\n"})
    httpd = make_httpd("SMTPSendRate 10000/s\n", relay=server, expect=["remembered for a day", "reply code to the", *STREAMING])
    ident = httpd.send(to=tuple(f"bob{i}@example.net" for i in range(50))).json["id"]
    httpd.wait_state(ident, "sent", timeout=10)


def test_errors_of_a_session_are_limited(make_haraka, make_httpd):
    server = make_haraka(plugins=["limit"], files={"limit.ini": "[errors]\nenabled=true\nmax=3\n"})
    httpd = make_httpd("SMTPSendBounce off\n", relay=server, expect=["status=bounced", "reply code to the", *STREAMING])
    gone = [httpd.send(to=("gone@example.net",)).json["id"] for _ in range(10)]
    submit(httpd, 20)
    assert idents(server.wait_for(20, timeout=10)) == all_of(20)
    for ident in gone:
        httpd.wait_state(ident, "failed", timeout=10)
    assert httpd.status()["relays"][0]["state"] == "up"


def test_a_client_that_talks_early_is_refused(make_haraka, make_httpd):
    """It greets after two seconds, and waits at DATA whether the content comes too soon."""
    server = make_haraka(plugins=["early_talker"], files={"early_talker.ini": "[main]\npause=1\n"})
    httpd = make_httpd(relay=server, expect=STREAMING)
    submit(httpd, 3)
    assert idents(server.wait_for(3, timeout=12)) == all_of(3)
    assert "talk too soon" not in server.log()
