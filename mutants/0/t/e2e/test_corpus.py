"""Real mail: every message of public corpora is delivered with the same content or refused with a reason; sizes and lines at their limits."""
import email
import email.policy
import glob
import re
import sysconfig

import pytest

CORPUS = sorted(glob.glob(sysconfig.get_paths()["stdlib"] + "/test/test_email/data/msg_*.txt")) + sorted(glob.glob("/usr/share/doc/spamassassin/examples/sample-*.txt"))


def canonical(content):
    """Line ends as SMTP wants them; what the project promises to change and nothing else."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", content)


def parts(message):
    """What a reader sees: the decoded payloads in order."""
    return [(p.get_content_type(), (p.get_payload(decode=True) or b"").replace(b"\r\n", b"\n").rstrip(b"\n")) for p in message.walk() if not p.is_multipart()]


def without_bcc(content):
    header, _, body = content.partition(b"\r\n\r\n")
    return re.sub(rb"(?im)^bcc:.*\r\n(?:[ \t].*\r\n)*", b"", header + b"\r\n") + b"\r\n" + body


def test_corpus_is_there():
    assert len(CORPUS) >= 45, CORPUS


def test_each_message_arrives_as_it_was_or_is_refused_with_a_reason(make_httpd, make_relay):
    relay = make_relay()
    httpd = make_httpd(relay=relay)
    table, arrived = [], 0
    for path in CORPUS:
        with open(path, "rb") as file:
            content = file.read()
        name = path.rsplit("/", 1)[1]
        answer = httpd.send(content, to=(f"{name}@example.net",))
        if answer.status != 202:
            assert 400 <= answer.status < 500, (name, answer)
            assert len(answer.json["detail"]) > 10, (name, answer)
            table.append((name, answer.status, answer.json["detail"]))
            continue
        arrived += 1
        document = httpd.message(answer.json["id"], wait="20s")
        assert document["state"] == "sent", (name, document)
        got = next(m for m in relay.messages if m.rcpts == [f"{name}@example.net"])
        want = canonical(content)
        if not want.endswith(b"\r\n"):
            want += b"\r\n"
        if got.data in (want, without_bcc(want)):
            table.append((name, 202, "the same octets"))
            continue
        # Re-encoded where a line was too long or held a NUL: then every part reads the same.
        a, b = (email.message_from_bytes(x, policy=email.policy.compat32) for x in (without_bcc(want), got.data))
        assert parts(a) == parts(b), name
        # A name without a domain gets SMTPSendDefaultDomain, here the ServerName.
        assert a.get_all("subject") == b.get_all("subject"), name
        assert (a.get_all("from") or []) in (b.get_all("from") or [], [f.replace("@rig.example.com", "") for f in b.get_all("from") or []]), name
        table.append((name, 202, "the same parts, re-encoded or a domain added"))
    print("\n".join(f"{name:24} {status} {what}" for name, status, what in table))
    assert arrived >= len(CORPUS) * 3 // 4, table


LIMITS = [
    ("an empty body", b"Subject: x\r\n\r\n"),
    ("a header alone", b"Subject: x\r\n"),
    ("8 bit", "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode()),
    ("UTF-8 in the header", "Subject: Grüße\r\n\r\nx\r\n".encode()),
    ("dots", b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\n"),
]


@pytest.mark.parametrize("label, content", LIMITS, ids=[row[0] for row in LIMITS])
def test_content_at_its_limits_arrives(make_httpd, relay, label, content):
    httpd = make_httpd(relay=relay)
    answer = httpd.send(content)
    assert answer.status == 202, answer
    got = relay.wait_for(1)[0].data
    assert got in (content, content + b"\r\n"), got


def test_a_line_of_100_000_octets_is_re_encoded(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    line = b"0123456789" * 10000
    answer = httpd.send(b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + line + b"\r\n")
    assert answer.status == 202, answer
    got = relay.wait_for(1)[0].data
    assert max(map(len, got.split(b"\r\n"))) <= 998
    assert email.message_from_bytes(got).get_payload(decode=True).strip() == line


def test_25_megabytes(make_httpd, make_relay):
    relay = make_relay(extensions=("PIPELINING", "8BITMIME", "SIZE 52428800"))
    httpd = make_httpd(relay=relay)
    body = (b"x" * 70 + b"\r\n") * 360000
    content = b"Subject: big\r\n\r\n" + body
    answer = httpd.send(content)
    assert answer.status == 202, answer
    assert relay.wait_for(1, timeout=60)[0].data == content
    over = httpd.send(b"Subject: big\r\n\r\n" + body + body)
    assert over.status == 413, over


def test_100_recipients_are_one_transaction_and_250_are_three(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    assert httpd.send(to=[f"r{i}@example.net" for i in range(100)]).status == 202
    assert len(relay.wait_for(1)[0].rcpts) == 100
    assert httpd.send(to=[f"r{i}@example.net" for i in range(250)]).status == 202
    relay.wait(lambda: sum(len(m.rcpts) for m in relay.messages) >= 350)
    assert sorted(len(m.rcpts) for m in relay.messages) == [50, 100, 100, 100]


def test_8_bit_text_is_re_encoded_for_a_relay_without_8bitmime(make_httpd, make_relay):
    relay = make_relay(extensions=("PIPELINING",))
    httpd = make_httpd(relay=relay)
    answer = httpd.send("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode())
    assert httpd.message(answer.json["id"], wait="20s")["state"] == "sent"
    got = relay.messages[0].data
    assert max(got) < 128
    assert email.message_from_bytes(got).get_payload(decode=True).decode().strip() == "Grüße"
