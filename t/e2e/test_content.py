"""Content arrives as it was meant: data octet for octet, text with its lines, through every interface, to a relay with all extensions and to one with none, judged by two parsers."""
import base64
import email
import re

import pytest

from e2e.test_sendmail import EX_DATAERR, Sendmail
from e2e.test_smtp_listener import SmtpListener
from rig.parsers import Mailparser

RELAYS = {"all extensions": ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING", "BINARYMIME", "SIZE 52428800"], "none": []}
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\n\n\r\r\n\x00" + bytes(range(256)) * 8 + b"end\r"
TEXT = "Grüße an alle,\n.\n..\nund noch eine Zeile\n"
UTF16 = "Grüße\r\nਊ\r\n"
HEAD = "From: app@example.com\nTo: bob@example.net\nSubject: content\nMIME-Version: 1.0\n"


def part(kind, encoding, octets):
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n".encode(), octets


def text(content, encoding="8bit", kind="text/plain; charset=utf-8"):
    return part(kind, encoding, content.encode())


def multipart(*parts, kind="mixed", boundary="b", close=True):
    """Pieces of a message: those of an odd index are octets that no line end is changed in."""
    out = [f"Content-Type: multipart/{kind}; boundary={boundary}\n\n".encode()]
    for one in parts:
        out[-1] += f"--{boundary}\n".encode()
        out[-1] += one[0]
        out += one[1:]
        out.append(b"\n")
    out[-1] += f"--{boundary}--\n".encode() if close else b""
    return out


def message(pieces, end, size):
    """A message with such line ends; a large one has another part or text in front of its own."""
    pieces = [HEAD.encode() + pieces[0], *pieces[1:]]
    if size:
        assert pieces[0].count(b"--b\n") == 1
        pieces[0] = pieces[0].replace(b"--b\n", b"--b\nContent-Type: text/plain\n\n" + (b"x" * 70 + b"\n") * (size // 71) + b"--b\n")
    is_data = [i % 2 == 1 and not re.fullmatch(rb"[\n -~\x80-\xff]*", piece) for i, piece in enumerate(pieces)]
    return b"".join(piece if data else piece.replace(b"\n", end) for piece, data in zip(pieces, is_data))


def nested(one, boundary="b"):
    """In a multipart in a multipart, whose boundary begins as the outer one."""
    inner = multipart(one, kind="related", boundary=boundary + "1")
    return multipart(tuple(inner), boundary=boundary)


def embedded(one):
    return multipart((b"Content-Type: message/rfc822\nContent-Transfer-Encoding: binary\n\nSubject: embedded\n" + one[0], *one[1:]))


png = part('image/png; name="a.png"', "binary", PNG)
UNIX = b"one\ntwo\n"       # only LF: data where the message has CRLF
WIDE = {order: UTF16.encode("utf-16-" + order) for order in ("le", "be")}
PIECES = base64.b64encode(PNG[:1000]) + base64.b64encode(PNG[1000:1001]) + base64.b64encode(PNG[1001:])
INPUTS = {      # what is submitted, and the payloads of the leaf parts (text: with LF)
    "a picture": (multipart(text("hello"), png), [b"hello", PNG]),
    "a picture that says 8bit": (multipart(text("hello"), part("image/png", "8bit", PNG)), [b"hello", PNG]),
    "a picture that says nothing": (multipart(text("hello"), (b"Content-Type: image/png\n\n", PNG)), [b"hello", PNG]),
    "a picture, deeper": (nested(png), [PNG]),
    "a picture in a message": (embedded(png), [PNG]),
    "a picture in a multipart in a message": (embedded(tuple(nested(png, "c"))), [PNG]),
    "UTF-16LE": (multipart(text(UTF16, "8bit", "text/plain; charset=utf-16le")[:1] + (WIDE["le"],)), [WIDE["le"]]),
    "UTF-16BE": (multipart(part("text/csv; charset=UTF-16BE", "binary", WIDE["be"])), [WIDE["be"]]),
    "UTF-16 with a mark": (multipart(part("text/plain", "8bit", b"\xff\xfe" + WIDE["le"])), [b"\xff\xfe" + WIDE["le"]]),
    "binary text": (multipart(part("text/plain", "binary", b"a\rb\nc\r\nd")), [b"a\rb\nc\r\nd"]),
    "8-bit text": (multipart(text(TEXT)), [TEXT.encode()]),
    "8-bit text in long lines": (multipart(text("ö" * 2000 + "\n" + TEXT)), [("ö" * 2000 + "\n" + TEXT).encode()]),
    "text with a zero octet": (multipart(part("text/plain", "8bit", b"a\0b\r\nc\n")), [b"a\0b\r\nc\n"]),
    "base64 in pieces": (multipart(part("image/png", "base64", PIECES)), [PNG]),
    "base64 in pieces on lines": (multipart(part("image/png", "base64", PIECES[:1000] + b"\n" + PIECES[1000:1001] + b"\n" + PIECES[1001:])), [PNG]),
    "damaged quoted-printable": (multipart(part("text/plain", "quoted-printable", ("x" * 1000 + "ö=zz= \n=C3=B6").encode())), [("x" * 1000 + "ö=zzö").encode()]),
    "a digest": (multipart((b"\nSubject: one\n\n", TEXT.encode()), (b"Content-Type: text/plain\n\n", TEXT.encode()), kind="digest"), [TEXT.encode(), TEXT.encode()]),
    "a multipart without parts": ([b"Content-Type: multipart/mixed; boundary=never\n\n", TEXT.encode()], [TEXT.encode()]),
    "a multipart without a boundary": ([b"Content-Type: multipart/mixed\n\n", TEXT.encode()], [TEXT.encode()]),
    "a multipart that is not closed": (multipart(text(TEXT), close=False), [TEXT.encode()]),
    "a boundary of 100": (multipart(text(TEXT), boundary="b" * 100), [TEXT.encode()]),
    "a boundary with blanks behind": ([b"Content-Type: multipart/mixed; boundary=\"b  \"\n\n--b\n\n", TEXT.encode(), b"\n--b  \n\n", b"two", b"\n--b--\n"], [TEXT.encode(), b"two"]),
    "a boundary folded": ([b"Content-Type:\n multipart/mixed;\n boundary=b\n\n--b\n\n", TEXT.encode(), b"\n--b--\n"], [TEXT.encode()]),
    "uuencode": (multipart(text("begin 644 a\n%:&5L;&\\\n \nend\n", "7bit")), [b"begin 644 a\n%:&5L;&\\\n \nend\n"]),
    "a picture alone": (list(png), [PNG]),
    "text alone": ([b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n", TEXT.encode()], [TEXT.encode()]),
}
MULTIPARTS = [label for label, (pieces, _) in INPUTS.items() if pieces[0].count(b"--b\n") == 1]


class Site:
    """One httpd with every interface, and what came through it to the relay."""

    def __init__(self, make_httpd, relay, folder, **kwargs):
        self.relay = relay
        self.listener = SmtpListener(make_httpd, relay=relay, **kwargs)
        self.sendmail = Sendmail(folder, self.listener.httpd)
        self.count = 0

    def by_http(self, content, rcpt):
        answer = self.listener.httpd.send(content, to=(rcpt,))
        return (answer.status, answer.text) if answer.status != 202 else None

    def by_sendmail(self, content, rcpt):
        result = self.sendmail("-i", "-f", "app@example.com", rcpt, input=content)
        assert result.returncode in (0, EX_DATAERR), result
        return (result.returncode, result.stderr.decode()) if result.returncode else None

    def by_smtp(self, content, rcpt, chunked=False, body=""):
        with self.listener.client() as client:
            assert client.say(b"EHLO c\r\n").startswith(b"250")
            assert client.say(f"MAIL FROM:<app@example.com>{body}\r\n".encode()).startswith(b"250")
            assert client.say(f"RCPT TO:<{rcpt}>\r\n".encode()).startswith(b"250")
            if chunked:
                client.send(b"BDAT %d\r\n" % (len(content) // 2) + content[:len(content) // 2])
                assert client.reply().startswith(b"250")
                content = content[len(content) // 2:]
                reply = client.say(b"BDAT %d LAST\r\n" % len(content) + content)
            else:
                assert client.say(b"DATA\r\n").startswith(b"354")
                reply = client.say(re.sub(rb"(^|\r\n)\.", rb"\1..", content) + b"\r\n.\r\n")
        return (int(reply[:3]), reply.decode()) if not reply.startswith(b"250") else None

    def by_bdat(self, content, rcpt):
        return self.by_smtp(content, rcpt, True, " BODY=BINARYMIME")

    def submit(self, way, content):
        """What arrives; or (code, reason)."""
        self.count += 1
        rcpt = f"r{self.count}@example.net"
        refusal = getattr(self, "by_" + way)(content, rcpt)
        if refusal:
            return refusal
        self.relay.wait(lambda: any(rcpt in m.rcpts for m in self.relay.messages), what=lambda: rcpt)
        return next(m for m in self.relay.messages if rcpt in m.rcpts)


WAYS = ["http", "sendmail", "smtp", "bdat"]


@pytest.fixture(params=RELAYS)
def site(request, make_httpd, make_relay, tmp_path):
    yield Site(make_httpd, make_relay(extensions=RELAYS[request.param]), tmp_path)


def leaves(data):
    return [p.get_payload(decode=True) for p in email.message_from_bytes(data).walk() if not p.is_multipart()]


def lines(octets):
    return octets.replace(b"\r\n", b"\n").rstrip(b"\n")


def is_text(octets):
    return not re.search(rb"\0|\r(?!\n)|\xff\xfe", octets)


def judge(what, arrived, want, by_mailparser, size):
    data = arrived.data
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", data) and max(map(len, data.split(b"\r\n"))) <= 998, what
    seen = leaves(data)[1 if size else 0:]
    assert len(seen) == len(want), (what, data)
    for got, octets in zip(seen, want):
        assert lines(got) == lines(octets) if is_text(octets) else got.removesuffix(b"\r\n") == octets, (what, got, octets)
    node = by_mailparser(data)
    files = [base64.b64decode(a[4]) for a in node["attachments"] if a[1] == "image/png"]
    assert [f.removesuffix(b"\r\n") for f in files] == [octets for octets in want if octets == PNG] or "in a" in what[0], (what, node)


@pytest.mark.parametrize("size", [0, 400_000], ids=["small", "large"])
def test_content_arrives_as_it_was_meant(site, size):
    with Mailparser() as by_mailparser:
        for number, label in enumerate(MULTIPARTS if size else INPUTS):
            pieces, want = INPUTS[label]
            for end in ((b"\r\n", b"\n")[number % 2],) if size else (b"\r\n", b"\n"):
                content = message(pieces, end, size)
                for way in WAYS:
                    what = (label, end, way)
                    arrived = site.submit(way, content)
                    assert not isinstance(arrived, tuple), (what, arrived)
                    judge(what, arrived, want, by_mailparser, size)
                    if "8BITMIME" not in site.relay.extensions:
                        assert not re.search(rb"[\x80-\xff]", arrived.data), what


SIGNED = b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s\n\n--s\n%s\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n'
LONG = b"Content-Type: text/plain\n\n" + b"x" * 999
FIXED = {       # what must not be changed: the pieces, and the reason
    "8-bit text in multipart/signed": ([SIGNED % b"".join(text(TEXT))], "multipart/signed"),
    "deeper": (multipart((SIGNED % b"".join(text(TEXT)),)), "multipart/signed"),
    "8-bit text below a DKIM-Signature": ([b"DKIM-Signature: v=1; a=rsa-sha256; b=x\n" + b"".join(text(TEXT))], "DKIM-Signature"),
    "message/partial": ([b"Content-Type: message/partial; id=x; number=1; total=2\n\n" + TEXT.encode()], "message/partial"),
    "message/external-body": (multipart((b"Content-Type: message/external-body; access-type=x\n\nContent-Type: text/plain\n\n" + TEXT.encode(),)), "message/external-body"),
    "a long line in multipart/signed": ([SIGNED % LONG], "multipart/signed"),
    "a long line below a DKIM-Signature": ([b"DKIM-Signature: v=1; a=rsa-sha256; b=x\n" + LONG], "DKIM-Signature"),
    "data in multipart/signed": ([*(piece for piece in (SIGNED.partition(b"%s")[0] + png[0], png[1], SIGNED.partition(b"%s")[2]))], "multipart/signed"),
    "data below a DKIM-Signature": ([b"DKIM-Signature: v=1; a=rsa-sha256; b=x\n" + png[0], png[1]], "DKIM-Signature"),
}


@pytest.fixture(params=RELAYS)
def failing_site(request, make_httpd, make_relay, tmp_path):
    yield Site(make_httpd, make_relay(extensions=RELAYS[request.param]), tmp_path, expect=[r"5\.6\.3"] if request.param == "none" else [])


def test_what_must_not_be_changed_is_not(failing_site):
    """It arrives as it is, or is refused; and where only the relay decides, it fails with the reason."""
    site = failing_site
    has_8bit = "8BITMIME" in site.relay.extensions
    for label, (pieces, reason) in FIXED.items():
        for end in (b"\r\n", b"\n"):
            content = message(pieces, end, 0)
            is_refused = "long line" in label or "data" in label
            if not is_refused and not has_8bit:
                answer = site.listener.httpd.send(content)
                assert answer.status == 202, (label, answer)
                failed = site.listener.httpd.message(answer.json["id"], wait="20s")
                assert failed["state"] == "failed", (label, failed)
                rcpt, = failed["recipients"]
                assert rcpt["dsn"] == "5.6.3" and "no 8BITMIME" in rcpt["reply"] and reason in rcpt["reply"], (label, rcpt)
                continue
            for way in WAYS:
                result = site.submit(way, content)
                if is_refused:
                    assert isinstance(result, tuple) and reason in result[1] and result[0] in (422, EX_DATAERR, 554), (label, way, result)
                else:
                    want = re.sub(rb"\r?\n", b"\r\n", content)
                    assert want.partition(b"\r\n\r\n")[2] == result.body.removesuffix(b"\r\n" if way == "smtp" else b""), (label, way, result)


def test_lines_that_end_with_cr_alone(site):
    for way in WAYS:
        arrived = site.submit(way, b"From: a@x.test\rTo: b@y.test\rSubject: x\r\rhello\r\rworld\r")
        assert arrived.body.rstrip() == b"hello\r\n\r\nworld" and b"\r\nSubject: x\r\n" in arrived.data, (way, arrived.data)


def test_dots_that_are_doubled_behind_lf(site):
    """As Python's smtplib sends bytes."""
    with site.listener.smtp() as smtp:
        smtp.sendmail("app@example.com", ["bob@example.net"], b"Subject: x\n\n.hidden\n.\n..two\nend\n")
    assert site.relay.wait_for(1)[0].body.rstrip() == b".hidden\r\n.\r\n..two\r\nend"
