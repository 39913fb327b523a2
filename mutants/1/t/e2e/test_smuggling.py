"""TARGETS.md R10: hostile values in every field of every endpoint. One table of values, a list of fields for each endpoint; each combination is refused with a reason, or what arrives
is one message with the envelope that was asked for, canonical, without a field, a recipient or a transaction that the value carried. The judge knows nothing of our code:
it looks at the octets that a relay got."""
import base64
import collections
import email
import email.policy
import http.client
import json
import re
import urllib.parse

import pytest

from e2e.test_smtp_listener import SmtpListener
from e2e.test_sendmail import Sendmail

EVIL = b"injected@evil.example"
COMMANDS = b"MAIL FROM:<" + EVIL + b">\r\nRCPT TO:<" + EVIL + b">\r\nDATA\r\nX-Injected: yes\r\n\r\nx\r\n.\r\n"
VALUES = {      # what stands behind a good value
    "CRLF and Bcc": b"\r\nBcc: " + EVIL,
    "LF and a field": b"\nX-Injected: yes",
    "CR and a field": b"\rX-Injected: yes",
    "CR CR LF": b"\r\r\nX-Injected: yes",
    "folded": b"\r\n X-Injected: yes\r\n\tBcc: " + EVIL,
    "an empty line": b"\r\n\r\nX-Injected: yes",
    "end of message": b"\r\n.\r\n" + COMMANDS,
    "LF dot LF": b"\n.\n" + COMMANDS.replace(b"\r\n", b"\n"),
    "LF dot CRLF": b"\n.\r\n" + COMMANDS,
    "CRLF dot LF": b"\r\n.\n" + COMMANDS,
    "CR dot CR": b"\r.\r" + COMMANDS.replace(b"\r\n", b"\r"),
    "CR dot CRLF": b"\r.\r\n" + COMMANDS,
    "CRLF dot CR": b"\r\n.\r" + COMMANDS,
    "dot CRLF behind LF CR": b"\n\r.\r\n" + COMMANDS,
    "NUL": b"\0X-Injected: yes",
    "NUL in a line end": b"\r\0\n.\r\0\n" + COMMANDS,
    "end of a path": b"> SIZE=1\r\nRCPT TO:<" + EVIL,
    "parameters": b" SIZE=1 RET=FULL ORCPT=rfc822;" + EVIL,
    "quoted pair": b"\\\r\nX-Injected: yes",
    "encoded word": b"=?utf-8?q?=0D=0ABcc:_injected=40evil.example?=",
    "encoded word, base64": b"=?utf-8?b?" + base64.b64encode(b"\r\nX-Injected: yes\r\nBcc: " + EVIL) + b"?=",
    "percent": b"%0D%0ABcc:%20injected@evil.example%00",
    "line separators": "\u2028Bcc: injected@evil.example\u2029X-Injected: yes\u0085X-Injected: yes".encode(),
    "letters that end in CR and LF": "\u560d\u560aBcc: injected@evil.example".encode(),
    "overlong UTF-8": b"\xc0\x8d\xc0\x8aX-Injected: yes",
    "vertical tab": b"\x0b\x0cX-Injected: yes",
    "delete": b"\x7f\x1bX-Injected: yes",
}

FIELDS = {      # of a document: a good value, and how deep it stands
    "from": "app@example.com", "to": None, "cc": "cc@example.net", "bcc": "bcc@example.net", "replyTo": "reply@example.com", "subject": "s", "text": "t", "html": "<p>h",
    "headers.X-Name": "v", "metadata.key": "m", "envelope.from": "bounce@example.com", "envelope.to": None, "messageId": "<id@example.com>", "envid": "e", "relay": "default",
    "webhook": "https://example.com/hook", "at": "2020-01-01T00:00:00Z", "expire": "1d", "notify": "failure", "ret": "hdrs", "priority": "high", "individually": "true",
}
DEEP = {"headers name": "X-Good", "metadata name": "m", "address name": "N", "filename": "f", "contentType": "a/b", "cid": "c@example.com", "content": "aGVsbG8="}
PARAMETERS = ["from", "to", "notify", "ret", "envid", "expire", "at", "relay", "priority"]
HEADER = {"From": "App <app@example.com>", "To": "Bob <bob@example.net>", "Cc": "cc@example.net", "Bcc": "bcc@example.net", "Sender": "app@example.com", "Subject": "s",
          "Date": "Mon, 1 Jan 2024 00:00:00 +0000", "Message-ID": "<id@example.com>", "Content-Type": "text/plain", "Content-Transfer-Encoding": "8bit", "X-Other": "o"}


class Judge:
    """Counts combinations, and at the end looks at all that arrived."""

    def __init__(self, httpd, relay):
        self.httpd, self.relay = httpd, relay
        self.count, self.taken, self.refused = 0, {}, collections.Counter()
        self.own_fields = set()        # whose author wrote the field himself: the value stands in a header that he made

    def next(self, own_fields=False):
        self.count += 1
        if own_fields:
            self.own_fields.add(self.count)
        return self.count, f"r{self.count}@example.net"

    def answer(self, number, what, status, reason, taken=(200, 202)):
        if status in taken:
            self.taken[number] = what
        else:
            assert 400 <= status < 500 and len(reason) > 5, (what, status, reason)
            self.refused[what[0]] += 1

    def end(self, expected):
        assert self.count == expected and len(self.taken) + sum(self.refused.values()) == expected
        # `at` in the far future or the like: none of the values is one.
        self.relay.wait_for(len(self.taken), timeout=60)
        self.httpd.wait(lambda: self.httpd.status()["queue"]["messages"] == 0, 60, "an empty queue")
        assert len(self.relay.messages) == len(self.taken)
        seen = set()
        for message in self.relay.messages:
            numbers = {int(found[1]) for found in (re.fullmatch(r"r(\d+)@example\.net", rcpt) for rcpt in message.rcpts) if found}
            assert len(numbers) == 1 and not numbers & seen, message.rcpts
            seen |= numbers
            number = numbers.pop()
            self.look(message, self.taken[number], number in self.own_fields)

    @staticmethod
    def look(message, what, own_fields):
        assert message.sender in ("app@example.com", "bounce@example.com", ""), (what, message.sender)
        assert set(message.rcpts) <= {rcpt for rcpt in message.rcpts if re.fullmatch(r"r\d+@example\.net", rcpt)} | {"cc@example.net", "bcc@example.net"}, (what, message.rcpts)
        assert set(message.params) <= {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"} and message.params.get("RET", "HDRS") in ("HDRS", "FULL"), (what, message.params)
        assert message.params.get("ENVID", "e").startswith("e"), (what, message.params)
        data = message.data
        assert b"\0" not in data and not re.search(rb"(?<!\r)\n|\r(?!\n)", data), (what, data)
        assert max(map(len, data.split(b"\r\n"))) <= 998, what
        names = [line.split(b":")[0].lower() for line in message.headers.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
        assert b"bcc" not in names, (what, message.headers)
        assert all(re.fullmatch(rb"[!-9;-~]+", name) for name in names), (what, names)
        if not own_fields:
            assert b"x-injected" not in names, (what, message.headers)
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        for part in parsed.walk():
            # A part's own header, and a name in it, are made of values, too.
            assert "x-injected" not in [name.lower() for name in part.keys()] or own_fields, (what, part.items())


def escaped(value):
    """As the inside of a JSON string; octets that are no UTF-8 stay as they are."""
    return b"".join(b"\\u%04x" % c if c < 32 or c in b'"\\' else bytes([c]) for c in value)


def document(name, value, rcpt):
    """A JSON document with the value in the field; None for the recipient's own address in front of it."""
    out = {"from": b'"app@example.com"', "to": b'"' + rcpt.encode() + b'"', "text": b'"t"'}
    good = (FIELDS.get(name) or DEEP.get(name) or rcpt).encode()
    text = b'"' + escaped(good + value) + b'"'
    attachment = {"filename": b'"f"', "content": b'"aGVsbG8="'}
    if name in ("filename", "contentType", "cid", "content"):
        attachment[name] = text
        out["attachments"] = b"[{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in attachment.items()) + b"}]"
    elif name.endswith(" name"):
        out.update({"headers name": {"headers": b"{" + text + b':"v"}'}, "metadata name": {"metadata": b"{" + text + b':"v"}'},
                    "address name": {"to": b'{"name":' + text + b',"address":"' + rcpt.encode() + b'"}'}}[name])
    elif "." in name:
        out[name.split(".")[0]] = b'{"' + name.split(".")[1].encode() + b'":' + text + b"}"
    else:
        out[name] = text
    return b"{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in out.items()) + b"}"


class Connection:
    """One kept-alive connection for all requests."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, path, body, kind):
        self.http.request("POST", path, body, {"Content-Type": kind})
        answer = self.http.getresponse()
        text = answer.read().decode()
        return answer.status, text


@pytest.fixture
def judge(make_httpd, make_relay):
    relay = make_relay(extensions=["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "SIZE 52428800"])
    httpd = make_httpd("<Location /mail>\nSMTPSendWebhookAllow example.com\n</Location>\n", relay=relay)
    return Judge(httpd, relay)


def reason(text):
    return json.loads(text).get("detail", "") if text.startswith("{") else text


def test_json(judge):
    connection, names = Connection(judge.httpd.port), [*FIELDS, *DEEP]
    for name in names:
        for label, value in VALUES.items():
            number, rcpt = judge.next()
            status, text = connection.post("/mail", document(name, value, rcpt), "application/json")
            judge.answer(number, (name, label), status, reason(text))
            if status >= 400 and "JSON cannot be read" not in text:
                top = {"headers name": "headers", "metadata name": "metadata", "address name": "to"}.get(name, "attachments" if name in DEEP else name.split(".")[0])
                assert json.loads(text)["field"].startswith(top), (name, label, text)
    judge.end(len(names) * len(VALUES))


def test_lines(judge):
    connection, lines, what = Connection(judge.httpd.port), [], []
    for name in [*FIELDS, *DEEP]:
        for label, value in VALUES.items():
            number, rcpt = judge.next()
            lines.append(document(name, value, rcpt))
            what.append((number, (name, label)))
    for at in range(0, len(lines), 500):
        status, text = connection.post("/mail", b"\n".join(lines[at:at + 500]), "application/x-ndjson")
        answers = [json.loads(line) for line in text.split("\n") if line]
        assert status == 200 and len(answers) == len(lines[at:at + 500])
        for (number, combination), answer in zip(what[at:at + 500], answers):
            judge.answer(number, combination, answer["status"], answer.get("detail", ""))
    judge.end((len(FIELDS) + len(DEEP)) * len(VALUES))


def form_fields(name, value, rcpt):
    fields = {"from": b"app@example.com", "to": rcpt.encode(), "text": b"t"}
    fields[name] = (FIELDS[name] or rcpt).encode() + value
    return fields


def test_form(judge):
    connection = Connection(judge.httpd.port)
    for name in FIELDS:
        for label, value in VALUES.items():
            number, rcpt = judge.next()
            status, text = connection.post("/mail", urllib.parse.urlencode(form_fields(name, value, rcpt)).encode(), "application/x-www-form-urlencoded")
            judge.answer(number, (name, label), status, reason(text))
    for label, value in VALUES.items():     # a field's name
        number, rcpt = judge.next()
        status, text = connection.post("/mail", urllib.parse.urlencode({**form_fields("text", b"", rcpt), b"headers.X-Good" + value: b"v"}).encode(), "application/x-www-form-urlencoded")
        judge.answer(number, ("a name", label), status, reason(text))
    judge.end((len(FIELDS) + 1) * len(VALUES))


def test_multipart(judge):
    connection = Connection(judge.httpd.port)
    kind = "multipart/form-data; boundary=BOUNDARY"

    def body(fields, head=b'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: a/b\r\n', content=b"file"):
        parts = [b'--BOUNDARY\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value) for name, value in fields.items()]
        return b"".join(parts) + b"--BOUNDARY\r\n" + head + b"\r\n" + content + b"\r\n--BOUNDARY--\r\n"
    heads = {
        "name": b'Content-Disposition: form-data; name="headers.X-Good%s"\r\n', "filename": b'Content-Disposition: form-data; name="f"; filename="f%s"\r\n',
        "filename unquoted": b'Content-Disposition: form-data; name="f"; filename=f%s\r\n', "type": b'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: a/b%s\r\n',
        "type's encoded parameter": b'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: a/b; x*=utf-8\'\'y%%0D%%0AX-Injected:%%20yes%s\r\n',
        "type's parameter": b'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: a/b; x="%s"\r\n',
        "cid": b'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-ID: <c@example.com%s>\r\n', "other": b'Content-Disposition: form-data; name="f"; filename="f"\r\nX-Other: o%s\r\n',
    }
    for label, value in VALUES.items():
        for name in FIELDS:
            number, rcpt = judge.next()
            status, text = connection.post("/mail", body(form_fields(name, value, rcpt)), kind)
            judge.answer(number, (name, label), status, reason(text))
        for name, head in heads.items():
            number, rcpt = judge.next()
            status, text = connection.post("/mail", body(form_fields("text", b"", rcpt), head % value), kind)
            judge.answer(number, (name, label), status, reason(text))
        number, rcpt = judge.next()
        status, text = connection.post("/mail", body(form_fields("text", b"", rcpt), content=b"file" + value), kind)
        judge.answer(number, ("file", label), status, reason(text))
    judge.end((len(FIELDS) + len(heads) + 1) * len(VALUES))


def message(name=None, value=b"", end=b"\r\n"):
    """A finished message with the value in a field, or at the end of its body."""
    header = {key: good.encode() for key, good in HEADER.items()}
    if name:
        header[name] += value
    return end.join(b"%s: %s" % (key.encode(), text) for key, text in header.items()) + end + end + b"line" + end + b"body" + (b"" if name else value)


def test_message(judge):
    connection, kind = Connection(judge.httpd.port), "message/rfc822"
    for label, value in VALUES.items():
        for name in PARAMETERS:
            number, rcpt = judge.next()
            parameters = {"from": b"app@example.com", "to": rcpt.encode()}
            parameters[name] = (FIELDS[name] or rcpt).encode() + value
            status, text = connection.post("/mail?" + urllib.parse.urlencode(parameters), message(), kind)
            judge.answer(number, (name, label), status, reason(text))
        for name in [*HEADER, None]:
            for end in (b"\r\n", b"\n"):
                # A header field that the author writes into his own message is his; the envelope is not.
                number, rcpt = judge.next(own_fields=name is not None)
                status, text = connection.post("/mail?" + urllib.parse.urlencode({"from": "app@example.com", "to": rcpt}), message(name, value, end), kind)
                judge.answer(number, (name, label), status, reason(text))
    judge.end((len(PARAMETERS) + (len(HEADER) + 1) * 2) * len(VALUES))


def test_sendmail(judge, tmp_path):
    sendmail = Sendmail(tmp_path, judge.httpd)
    expected = 0

    def run(what, args, content, own_fields=False):
        number, rcpt = judge.next(own_fields)
        result = sendmail(*[arg.replace(b"RCPT", rcpt.encode()) for arg in args], input=content)
        assert result.returncode in (0, 64, 65), (what, result)
        judge.answer(number, what, 202 if result.returncode == 0 else 400, result.stderr.decode(errors="replace"))
    for label, value in VALUES.items():
        # A zero byte cannot stand in an argument.
        options = {} if b"\0" in value else {
            "-f": [b"-f", b"app@example.com" + value, b"RCPT"], "-r": [b"-r", b"app@example.com" + value, b"RCPT"], "-F": [b"-F", b"Full" + value, b"-f", b"app@example.com", b"RCPT"],
            "-N": [b"-N", b"failure" + value, b"-f", b"app@example.com", b"RCPT"], "-V": [b"-V", b"e" + value, b"-f", b"app@example.com", b"RCPT"],
            "-R": [b"-R", b"full" + value, b"-f", b"app@example.com", b"RCPT"], "recipient": [b"-f", b"app@example.com", b"RCPT" + value]}
        for name, args in options.items():
            run((name, label), args, b"Subject: s\n\nbody\n")
        for name in [*HEADER, None]:
            run((name, label), [b"-i", b"-f", b"app@example.com", b"RCPT"], message(name, value), own_fields=name is not None)
        # Without -i a lone dot ends the message, and what follows it is not read.
        run(("body without -i", label), [b"-f", b"app@example.com", b"RCPT"], message(None, value))
        expected += len(options) + len(HEADER) + 2
    judge.end(expected)


def test_smtp_listener(make_httpd, make_relay):
    """A line end in a command is the client's own next command; all else may not become one."""
    relay = make_relay(extensions=["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "SIZE 52428800"])
    listener = SmtpListener(make_httpd, relay=relay)
    judge, expected = Judge(listener.httpd, relay), 0

    def run(what, mail, rcpt_line, content, chunked, own_fields=False):
        number, rcpt = judge.next(own_fields)
        with listener.client() as client:
            assert client.say(b"EHLO c\r\n").startswith(b"250")
            replies = [client.say(mail + b"\r\n"), client.say(rcpt_line.replace(b"RCPT-HERE", rcpt.encode()) + b"\r\n")]
            if all(reply.startswith(b"250") for reply in replies):
                if chunked:
                    replies.append(client.say(b"BDAT %d LAST\r\n" % len(content) + content))
                else:
                    assert client.say(b"DATA\r\n").startswith(b"354")
                    stuffed = content.replace(b"\r\n.", b"\r\n..")
                    replies.append(client.say(stuffed + b"\r\n.\r\n"))
            bad = next((reply for reply in replies if not reply.startswith(b"250")), None)
            client.send(b"QUIT\r\n")
            # Nothing but the answer to QUIT: no command came out of the value.
            assert client.reply().startswith(b"221"), what
        judge.answer(number, what, int(bad[:3]) - 100 if bad and bad[:1] == b"5" else 202, bad.decode() if bad else "")
    mail, rcpt_line = b"MAIL FROM:<app@example.com>", b"RCPT TO:<RCPT-HERE>"
    for label, value in VALUES.items():
        commands = {} if b"\n" in value else {
            "sender": (b"MAIL FROM:<app@example.com" + value + b">", rcpt_line), "behind the sender": (mail + value, rcpt_line), "BODY": (mail + b" BODY=8BITMIME" + value, rcpt_line),
            "RET": (mail + b" RET=HDRS" + value, rcpt_line), "ENVID": (mail + b" ENVID=e" + value, rcpt_line), "AUTH": (mail + b" AUTH=<>" + value, rcpt_line),
            "recipient": (mail, b"RCPT TO:<RCPT-HERE" + value + b">"), "behind the recipient": (mail, rcpt_line + value), "NOTIFY": (mail, rcpt_line + b" NOTIFY=FAILURE" + value),
            "ORCPT": (mail, rcpt_line + b" ORCPT=rfc822;o@example.net" + value)}
        for name, (first, second) in commands.items():
            run((name, label), first, second, message(), chunked=False)
        for chunked in (False, True):
            for name in [*HEADER, None]:
                run((name, label, chunked), mail, rcpt_line, message(name, value), chunked, own_fields=name is not None)
        expected += len(commands) + 2 * (len(HEADER) + 1)
    judge.end(expected)
