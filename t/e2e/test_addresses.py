"""Addresses arrive as they were meant, through each interface, or are refused before the 202 with what is wrong with them."""
import email
import email.policy
import email.utils
import json
import urllib.parse

import pytest

from e2e.test_sendmail import Sendmail
from e2e.test_smtp_listener import SmtpListener
from rig.parsers import Mailparser

EX_DATAERR = 65
DOMAIN = "SMTPSendDefaultDomain rig.example.com\n"
NOTHING = ["PIPELINING"]        # a relay without extensions that change content


def bare(sender):
    """The address of a sender, for an envelope; an odd one is for the field alone."""
    address = email.utils.parseaddr(sender)[1]
    return address if "Doe," not in sender and sender.isprintable() and "@" in address else "app@example.com"


class Ways:
    """One httpd; each way gives (taken, what was said)."""

    def __init__(self, make_httpd, folder, config="", **kwargs):
        self.listener = SmtpListener(make_httpd, DOMAIN + config, **kwargs)
        self.httpd = self.listener.httpd
        self.command = Sendmail(folder, self.httpd)

    def http(self, body, kind, query=""):
        answer = self.httpd.request("POST", f"/mail{query}", body, {"Content-Type": kind})
        return answer.status == 202, answer.text

    def json(self, to, sender="app@example.com"):
        return self.http(json.dumps({"from": sender, "to": to, "text": "x"}).encode(), "application/json")

    def lines(self, to, sender="app@example.com"):
        answer = self.httpd.request("POST", "/mail", json.dumps({"from": sender, "to": to, "text": "x"}).encode() + b"\n", {"Content-Type": "application/x-ndjson"})
        return b'"queued"' in answer.body, answer.text

    def form(self, to, sender="app@example.com"):
        return self.http(urllib.parse.urlencode({"from": sender, "to": to, "text": "x"}).encode(), "application/x-www-form-urlencoded")

    def multipart(self, to, sender="app@example.com"):
        parts = b"".join(b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (n.encode(), v.encode()) for n, v in (("from", sender), ("to", to), ("text", "x")))
        return self.http(parts + b"--b--\r\n", "multipart/form-data; boundary=b")

    def message(self, to, sender="app@example.com"):
        return self.http(f"From: {sender}\r\nTo: {to}\r\n\r\nx\r\n".encode(), "message/rfc822")

    def query(self, to, sender="app@example.com"):
        quoted = urllib.parse.quote(to, safe="")
        return self.http(f"From: {sender}\r\n\r\nx\r\n".encode(), "message/rfc822", f"?to={quoted}")

    def sendmail(self, to, sender="app@example.com"):
        """From the fields."""
        result = self.command("-t", "-i", "-f", bare(sender), input=f"From: {sender}\nTo: {to}\n\nx\n".encode())
        assert result.returncode in (0, EX_DATAERR), result
        return result.returncode == 0, result.stderr.decode()

    def argument(self, to, sender="app@example.com"):
        result = self.command("-i", "-f", sender, to, input=b"Subject: x\n\nx\n")
        assert result.returncode in (0, EX_DATAERR), result
        return result.returncode == 0, result.stderr.decode()

    def submit(self, to, sender="app@example.com"):
        result = self.httpd.cli("submit", "-f", sender, to, input=b"Subject: x\n\nx\n")
        return result.returncode == 0, result.stderr.decode()

    def smtp(self, to, sender="app@example.com"):
        with self.listener.client() as client:
            client.send(b"EHLO c\r\nMAIL FROM:<%s> SMTPUTF8\r\n" % sender.encode())
            assert client.codes(2) == [250, 250]
            reply = client.say(b"RCPT TO:<%s>\r\n" % to.encode())
            if not reply.startswith(b"250"):
                return False, reply.decode()
            assert client.say(b"DATA\r\n").startswith(b"354")
            reply = client.say(f"From: {sender}\r\nTo: {to}\r\n\r\nx\r\n.\r\n".encode())
            return reply.startswith(b"250"), reply.decode()


HTTP = ["json", "lines", "form", "multipart", "message"]
FIELDS = [*HTTP, "sendmail"]
ALL = [*FIELDS, "query", "argument", "smtp"]


@pytest.fixture
def ways(make_httpd, relay, tmp_path):
    return Ways(make_httpd, tmp_path, relay=relay)


def parsed(message):
    return email.message_from_bytes(message.data, policy=email.policy.default)


@pytest.mark.parametrize("to", ["Doe, Jane <jane@example.net>", "jane@example.net, Doe", "Jane Doe, jane@example.net", "=?utf-8?q?Doe=2C_Jane?=, jane@example.net", "root, jane@example.net"])
def test_a_word_next_to_addresses_is_no_recipient(ways, relay, to):
    for way in FIELDS:
        taken, text = getattr(ways, way)(to)
        assert not taken and "to" in text.lower(), (way, text)
        assert "quote" in text or "encoded word" in text, (way, text)
    for way in ("argument", "submit") if "<" in to or "Jane Doe" in to else ():
        assert not getattr(ways, way)(to)[0]
    assert ways.json(["Doe", "Jane <jane@example.net>"])[0] is False
    assert ways.httpd.status()["queue"]["messages"] == 0 and not relay.messages


def test_a_single_name_gets_the_domain(ways, relay):
    for number, way in enumerate(ALL, 1):
        taken, text = getattr(ways, way)("root")
        assert taken, (way, text)
        assert relay.wait_for(number)[-1].rcpts == ["root@rig.example.com"], way
    ways.command("-i", "-f", "cron", "root,bob@example.net", input=b"To: root,bob@example.net\n\nx\n", check=0)
    assert relay.wait_for(len(ALL) + 1)[-1].rcpts == ["root@rig.example.com", "bob@example.net"]


def test_a_sender_stays_one(ways, relay):
    sender = "Doe, Jane <jane@example.net>"
    for way in HTTP:
        taken, text = getattr(ways, way)("bob@example.net", sender)
        assert not taken and "from" in text.lower() and "quote" in text, (way, text)
    ways.sendmail("bob@example.net", sender)
    message = relay.wait_for(1)[0]
    assert email.utils.getaddresses([parsed(message)["From"]]) == [("Doe, Jane", "jane@example.net")]
    for way in FIELDS:
        assert getattr(ways, way)("bob@example.net", '"Doe, Jane" <jane@example.net>')[0], way
    for message in relay.wait_for(len(FIELDS) + 1)[1:]:
        assert email.utils.getaddresses([parsed(message)["From"]]) == [("Doe, Jane", "jane@example.net")]


@pytest.mark.parametrize("text, code", [("bob\u200b@example.net", "U+200B"), ("bob\uff20example.net", "U+FF20"), ("bob@example\u3002net", "U+3002"), ("b\u202eob@example.net", "U+202E"),
                                        ("bob@exam\u00adple.net", "U+00AD"), ("\ufeffbob@example.net", "U+FEFF"), ("bob\ufffd@example.net", "U+FFFD"), ("bob@example.net\u00a0", "U+00A0")])
def test_what_cannot_be_seen_is_named(ways, relay, text, code):
    for way in ALL:
        taken, said = getattr(ways, way)(text)
        assert not taken and code in said, (way, said)
    for way in FIELDS:
        taken, said = getattr(ways, way)("bob@example.net", text)
        assert not taken, (way, said)
    assert not relay.messages


@pytest.mark.parametrize("extensions", [None, NOTHING])
def test_domains_are_sent_in_ascii(make_httpd, make_relay, tmp_path, extensions):
    relay = make_relay(**({"extensions": extensions} if extensions else {}))
    ways = Ways(make_httpd, tmp_path, relay=relay)
    for number, way in enumerate(ALL, 1):
        taken, text = getattr(ways, way)("bob@münchen.example", "app@bücher.example")
        assert taken, (way, text)
        message = relay.wait_for(number)[-1]
        assert (message.sender, message.rcpts) == ("app@xn--bcher-kva.example", ["bob@xn--mnchen-3ya.example"]), way
        assert "SMTPUTF8" not in message.params, way
        if way not in ("argument", "query"):
            assert parsed(message)["From"].addresses[0].addr_spec == "app@xn--bcher-kva.example", way
            assert parsed(message)["To"].addresses[0].addr_spec == "bob@xn--mnchen-3ya.example", way


def test_who_can_be_reached_is_reached(make_httpd, make_relay, tmp_path):
    """A local part outside ASCII needs SMTPUTF8: without that it fails, and nobody else does."""
    relay = make_relay(extensions=["PIPELINING", "8BITMIME"])
    ways = Ways(make_httpd, tmp_path, "SMTPSendBounce off\n", relay=relay, expect=["5.6.7"])
    with Mailparser() as mailparser:
        for number, way in enumerate(FIELDS, 1):
            taken, text = getattr(ways, way)("Jörg <jörg@münchen.example>, Ann <ann@münchen.example>")
            assert taken, (way, text)
            message = relay.wait_for(number)[-1]
            assert message.rcpts == ["ann@xn--mnchen-3ya.example"] and "SMTPUTF8" not in message.params, way
            assert message.data.split(b"\r\n\r\n")[0].isascii(), way
            python = parsed(message)["To"]
            assert [a.addr_spec for a in python.addresses] == ["ann@xn--mnchen-3ya.example"], way
            assert " ".join(python.groups[0].display_name.split()) == "Jörg <jörg@münchen.example>", way
            assert ["Ann", "ann@münchen.example"] in mailparser(message.data)["to"], way
    assert ways.smtp("jörg@münchen.example")[0]
    ways.httpd.wait(lambda: ways.httpd.log().count("dsn=5.6.7") == len(FIELDS) + 1, what="failures of those who cannot")
    assert len(relay.messages) == len(FIELDS)


def test_smtputf8_is_for_what_needs_it(ways, relay):
    ways.json("Jörg <bob@example.net>")
    assert "SMTPUTF8" not in relay.wait_for(1)[-1].params
    ways.json("jörg@example.net")
    assert "SMTPUTF8" in relay.wait_for(2)[-1].params


def test_all_spellings_are_one_recipient(ways, relay):
    spellings = ["bob@münchen.example", "bob@xn--mnchen-3ya.example", "bob@MÜNCHEN.example", "bob@mu\u0308nchen.example", '"bob"@münchen.example']
    for way in FIELDS:
        taken, text = getattr(ways, way)(", ".join(spellings))
        assert taken, (way, text)
    for message in relay.wait_for(len(FIELDS)):
        assert message.rcpts == ["bob@xn--mnchen-3ya.example"]


@pytest.mark.parametrize("address", ["user..name@docomo.ne.jp", ".user@docomo.ne.jp", "user.@docomo.ne.jp"])
def test_dots_are_quoted(ways, relay, address):
    local, domain = address.split("@")
    for number, way in enumerate(ALL, 1):
        taken, text = getattr(ways, way)(address, address)
        assert taken, (way, text)
        message = relay.wait_for(number)[-1]
        assert (message.sender, message.rcpts) == (f'"{local}"@{domain}', [f'"{local}"@{domain}']), way
        if way not in ("argument", "query"):
            assert parsed(message)["To"].addresses[0].username == local, way
            assert f'"{local}"@{domain}'.encode() in message.data, way


def test_long_local_parts_are_taken(ways, relay):
    address = "SRS0=3Ypr33=QM=crm.nothappyjohn.example=bounce+b.25211.6039846.eb7e7e8ba282f9d0@a.example"
    for number, way in enumerate(ALL, 1):
        taken, text = getattr(ways, way)(address, address)
        assert taken, (way, text)
        message = relay.wait_for(number)[-1]
        assert (message.sender, message.rcpts) == (address, [address]), way
    for way in ALL:
        assert "256 octets" in getattr(ways, way)("a" * 257 + "@example.net")[1], way


def test_patterns_know_all_spellings(make_httpd, make_relay, tmp_path):
    relay, other = make_relay(), make_relay()
    vhost = f"<VirtualHost *>\nServerName second.example\nSMTPSendRelayName second\nSMTPSendHost {other.host}:{other.port}\n</VirtualHost>\n"
    allowed = "<Location /mail>\nSMTPSendAllowFrom *@münchen.example *@bücher.example\n</Location>\n"
    ways = Ways(make_httpd, tmp_path, "SMTPSendRelayFor *@bücher.example second\n" + allowed + vhost, relay=relay)
    for number, sender in enumerate(("app@bücher.example", "app@xn--bcher-kva.example", "app@BÜCHER.example"), 1):
        assert ways.smtp("bob@example.net", sender)[0]
        assert other.wait_for(number)[-1].sender == "app@xn--bcher-kva.example"
    for number, sender in enumerate(("app@münchen.example", "app@xn--mnchen-3ya.example", "App <app@XN--MNCHEN-3YA.example>"), 1):
        taken, text = ways.json("bob@example.net", sender)
        assert taken, text
    assert "not allowed" in ways.json("bob@example.net", "app@munchen.example")[1]


def test_a_filter_knows_all_spellings(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["SMTPSend-260"])
    assert httpd.send_json({"from": "app@bücher.example", "to": "bob@münchen.example", "text": "x"}).status == 202
    for option, text in (("--to", "bob@münchen.example"), ("--to", "*@MÜNCHEN.example"), ("--to", "bob@xn--mnchen-3ya.example"), ("--from", "app@bücher.example")):
        assert b"bob@xn--mnchen-3ya.example" in httpd.cli("queue", option, text, check=0).stdout, text
    assert b"bob@" not in httpd.cli("queue", "--to", "bob@munchen.example", check=0).stdout
