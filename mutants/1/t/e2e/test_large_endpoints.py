"""Large messages by sendmail and the SMTP listener: their bodies go to the store as they come, and what arrives is what a small one would be."""
import contextlib
import email
import os
import signal
import subprocess
import threading

import pytest

from e2e.test_smtp_listener import SmtpListener
from e2e.test_large import MIB, body, large, staged
from e2e.test_pgsql import FAKETIME
from e2e.test_sendmail import Sendmail
from rig.httpd import select_pause
from rig.proc import growth

ENDPOINTS = ["sendmail", "data", "bdat"]
CRLF = b"\r\n"


class Endpoints:
    """An httpd with both endpoints; submit gives whether the message was taken, and what was said."""

    def __init__(self, make_httpd, folder, config="", **kwargs):
        self.endpoint = SmtpListener(make_httpd, config, **kwargs)
        self.httpd = self.endpoint.httpd
        self.sendmail = Sendmail(folder, self.httpd)

    def submit(self, endpoint, content, rcpts=("bob@example.net",), *args):
        if endpoint == "sendmail":
            result = self.sendmail("-i", "-f", "app@example.com", *args, *rcpts, input=content)
            return result.returncode == 0, result.stderr.decode()
        with self.endpoint.client() as client:
            client.send(b"EHLO c\r\nMAIL FROM:<app@example.com>\r\n")
            assert client.codes(2) == [250, 250]
            for rcpt in rcpts:
                assert client.say(b"RCPT TO:<%s>\r\n" % rcpt.encode()).startswith(b"250")
            if endpoint == "data":
                assert client.say(b"DATA\r\n").startswith(b"354")
                stuffed = content.replace(b"\r\n", b"\n").replace(b"\n.", b"\n..").replace(b"\n", CRLF)
                reply = client.say((b"." if stuffed.startswith(b".") else b"") + stuffed + (b"" if stuffed.endswith(CRLF) else CRLF) + b".\r\n")
            else:
                for at in range(0, len(content), 700001):
                    piece, last = content[at:at + 700001], at + 700001 >= len(content)
                    reply = client.say(b"BDAT %d%s\r\n" % (len(piece), b" LAST" if last else b"") + piece)
                    if not reply.startswith(b"250"):
                        break
            return reply.startswith(b"250"), reply.decode()

    def settled(self):
        """Nothing waits, and nothing that was staged is left."""
        self.endpoint.empty()
        self.httpd.wait(lambda: not staged(self.httpd), 10, "an empty body table")


@pytest.fixture
def endpoints(make_httpd, relay, tmp_path):
    return Endpoints(make_httpd, tmp_path, "SMTPSendDefaultDomain example.com\nSMTPSendAlias root admin@example.net\n", relay=relay)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_arrives_byte_for_byte(endpoints, relay, endpoint, end):
    content = large(6 * MIB, end=end, eight_bit=True)
    assert endpoints.submit(endpoint, content)[0]
    relay.wait_for(1, timeout=60)
    assert relay.messages[0].data.endswith(body(content.replace(b"\r\n", b"\n").replace(b"\n", CRLF)))
    assert relay.messages[0].sender == "app@example.com" and relay.messages[0].rcpts == ["bob@example.net"]
    endpoints.settled()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_daemon_stays_small(endpoints, endpoint):
    daemon = endpoints.httpd.status()["pid"]
    assert endpoints.submit(endpoint, large(3 * MIB))[0]
    endpoints.settled()
    with growth([daemon]) as grown:
        assert endpoints.submit(endpoint, large(20 * MIB))[0]
        endpoints.settled()
    assert grown[daemon] < 4


def test_sendmail_stays_small(endpoints, tmp_path):
    """The process itself: what is behind the first quarter of a MiB waits in a file, so that 4 MiB of memory serve for 20 MiB of message."""
    source = tmp_path / "large"
    source.write_bytes(large(20 * MIB))
    with open(source, "rb") as file:
        endpoints.sendmail.run("prlimit", f"--data={4 * MIB}", endpoints.sendmail.path, "-i", "bob@example.net", stdin=file)
    endpoints.settled()


def test_sendmail_whose_temporary_files_find_no_room(endpoints, relay, tmp_path):
    """Reported, with the exit code that asks to try again; nothing is half handed over."""
    source = tmp_path / "large"
    source.write_bytes(large(4 * MIB))
    with open(source, "rb") as file:
        result = endpoints.sendmail.run("sh", "-c", 'trap "" XFSZ; ulimit -f 1000; exec "$0" -i bob@example.net', endpoints.sendmail.path, stdin=file, check=75)
    assert b"TMPDIR" in result.stderr and b"too large" in result.stderr.lower(), result
    assert not relay.messages and not staged(endpoints.httpd)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_header_is_worked_on(endpoints, relay, endpoint):
    """Bcc goes, missing fields come, addresses get their domain, aliases are looked up: as in a small message."""
    content = large(2 * MIB).replace(b"To: bob@example.net", b"To: bob\r\nBcc: secret@example.net").replace(b"Message-ID: <large@example.com>\r\n", b"")
    assert endpoints.submit(endpoint, content, ["root"])[0]
    relay.wait_for(1, timeout=30)
    message = relay.messages[0]
    head = message.data[:message.data.index(b"\r\n\r\n")]
    assert message.rcpts == ["admin@example.net"] and b"To: bob@example.com" in head and b"Message-ID: <" in head and b"Bcc" not in head and b"secret" not in message.data
    assert message.data.endswith(body(content))
    endpoints.settled()


def test_recipients_from_the_header(endpoints, relay):
    content = large(2 * MIB).replace(b"To: bob@example.net", b"To: bob@example.net\r\nBcc: secret@example.net")
    assert endpoints.submit("sendmail", content, ["-t"])[0]
    relay.wait_for(1, timeout=30)
    assert sorted(relay.messages[0].rcpts) == ["bob@example.net", "secret@example.net"]
    endpoints.settled()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("bad", [b"x" * 5000 + b"\n", b"zero \0 byte\n"], ids=["line", "zero"])
def test_what_must_be_encoded_is_read_back(endpoints, relay, endpoint, bad):
    """It is found at the end, when most of it is in the store."""
    content = large(3 * MIB) + bad
    taken, said = endpoints.submit(endpoint, content)
    assert taken, said
    relay.wait_for(1, timeout=30)
    data = relay.messages[0].data
    assert max(map(len, data.split(CRLF))) <= 998 and b"\0" not in data
    assert email.message_from_bytes(data).get_payload(decode=True) == body(content.replace(b"\r\n", b"\n").replace(b"\n", CRLF))[4:]
    endpoints.settled()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_text_without_a_header_is_text(endpoints, relay, endpoint):
    content = large(3 * MIB).replace(b"Subject: large", b"no field here, and more")
    assert endpoints.submit(endpoint, content)[0]
    relay.wait_for(1, timeout=30)
    assert b"\r\n\r\nno field here, and more\r\n" in relay.messages[0].data and relay.messages[0].data.endswith(body(content))
    endpoints.settled()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_loop_is_refused(endpoints, endpoint):
    taken, said = endpoints.submit(endpoint, b"Subject: x\r\n" + b"Received: a\r\n" * 60 + b"\r\n" + b"y\r\n" * MIB)
    assert not taken and "a loop" in said
    endpoints.settled()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_larger_than_allowed(make_httpd, relay, tmp_path, endpoint):
    endpoints = Endpoints(make_httpd, tmp_path, "SMTPSendMaxMessageSize 2M\n", relay=relay)
    # Line ends count as the two octets that go out.
    for content in (b"Subject: x\n\n" + b"y\n" * (MIB // 2 + MIB // 4), large(3 * MIB)):
        taken, said = endpoints.submit(endpoint, content)
        assert not taken and "2097152" in said, said
    assert endpoints.submit(endpoint, large(MIB))[0]
    endpoints.settled()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_client_that_leaves_leaves_nothing(endpoints, relay, endpoint):
    content = large(4 * MIB).replace(b"\n.", b"\n..")
    if endpoint == "sendmail":
        process = subprocess.Popen([endpoints.sendmail.path, "-i", "bob@example.net"], stdin=subprocess.PIPE, env=endpoints.sendmail.env)
        process.stdin.write(content)
        process.stdin.flush()
        process.kill()
        process.wait(10)
        process.stdin.close()
    else:
        with endpoints.endpoint.client() as client:
            client.envelope()
            client.send(b"DATA\r\n" if endpoint == "data" else b"BDAT %d LAST\r\n" % len(content))
            client.send(content[:3 * MIB])
            endpoints.httpd.wait(lambda: staged(endpoints.httpd) > 4, 20, "parts in the store")
    endpoints.settled()
    assert not relay.messages


def test_content_that_takes_longer_than_its_parts_are_kept(make_httpd, relay, tmp_path):
    """The daemon's clock runs 300 times as fast: content comes at twice the least rate, and is given up in time, with all that was staged."""
    endpoints = Endpoints(make_httpd, tmp_path, relay=relay, env={"LD_PRELOAD": FAKETIME, "FAKETIME": "+0 x300"})
    with endpoints.endpoint.client() as client:
        client.envelope()
        assert client.say(b"DATA\r\n").startswith(b"354")
        with contextlib.suppress(OSError):
            for _ in range(200):
                client.send((b"y" * 70 + b"\r\n") * 1000)
                select_pause(0.1)
            pytest.fail("all of it was taken")
        assert client.reply() == b"421 4.4.2 the message took too long\r\n"
    endpoints.httpd.wait(lambda: not staged(endpoints.httpd), 10, "an empty body table")
    assert not relay.messages


def test_a_daemon_that_dies_while_sendmail_waits(make_httpd, relay, tmp_path):
    """The content is still there, and the new daemon gets it: once."""
    endpoints = Endpoints(make_httpd, tmp_path, relay=relay, expect=["SMTPSend-283", "SMTPSend-501"])
    content, results = large(24 * MIB), []
    thread = threading.Thread(target=lambda: results.append(endpoints.submit("sendmail", content)))
    thread.start()
    endpoints.httpd.wait(lambda: staged(endpoints.httpd) > 2, 20, "parts in the store")
    os.kill(endpoints.httpd.status()["pid"], signal.SIGKILL)
    thread.join()
    assert results[0][0], results
    relay.wait_for(1, timeout=60)
    endpoints.httpd.wait(lambda: not endpoints.httpd.status(check=False).get("queue", {}).get("messages", 1), 60, "an empty queue")
    assert [m.data.endswith(body(content)) for m in relay.messages] == [True]
