"""What is composed, seen by two parsers that have nothing in common, Python's email and npm's mailparser: both see what was submitted."""
import base64
import email.header

import pytest

from e2e.test_forms import PNG
from rig.parsers import Mailparser, by_python

LONG = "Ein langer Betreff mit vielen Wörtern, der über mehrere Zeilen gefaltet werden muß, — und ein 🚀 dazu"
BASE = {"from": {"name": "Äpp, \"the\" app", "address": "app@example.com"}, "to": ["Bob <bob@example.net>", {"name": "Ünï (x)", "address": "u@example.net"}], "subject": "s"}
MAILS = {
    "plain": {"text": "hello\n.\nend\n"},
    "utf8": {"text": "Grüße 🚀\n" + "ä" * 1200 + "\n", "subject": LONG, "replyTo": "Hilfe <help@example.com>", "cc": "c@example.net"},
    "mostly not ascii": {"text": "Привет, как дела?\n" * 20},
    "html alone": {"html": "<p>Grüße</p>"},
    "alternative": {"text": "x\n", "html": "<p>x</p>", "headers": {"X-A": "ä — " * 40}},
    "related": {"text": "x\n", "html": '<img src="cid:logo@1">', "attachments": [{"filename": "logo.png", "contentType": "image/png", "content": base64.b64encode(PNG).decode(), "cid": "logo@1"}]},
    "everything": {"text": "x\n", "html": '<img src="cid:logo@1">', "messageId": "<own@example.com>", "attachments": [
        {"filename": "logo.png", "contentType": "image/png", "content": base64.b64encode(PNG).decode(), "cid": "logo@1"},
        {"filename": "Résumé — 2026 €.pdf", "contentType": "application/pdf", "content": base64.b64encode(bytes(range(256)) * 20).decode()},
        {"filename": "sehr " + "langer " * 20 + "Näme.txt", "contentType": "text/plain; charset=utf-8", "content": base64.b64encode("Grüße\n".encode()).decode()},
        {"content": ""}]},
}


@pytest.fixture(scope="module")
def by_mailparser():
    with Mailparser() as parser:
        yield parser


def lines(text):
    return text.replace("\r\n", "\n").rstrip("\n") if text else text


@pytest.mark.parametrize("name", MAILS)
def test_two_parsers_agree(make_httpd, relay, by_mailparser, name):
    submitted = {**BASE, **MAILS[name]}
    httpd = make_httpd(relay=relay)
    answer = httpd.send_json(submitted)
    assert answer.status == 202, answer
    arrived = relay.wait_for(1)[0]
    python, node = by_python(arrived.data), by_mailparser(arrived.data)
    for key in ("subject", "from", "to", "cc", "replyTo", "messageId"):
        assert python[key] == node[key], key
    assert python["subject"] == submitted["subject"] and python["from"] == [[BASE["from"]["name"], "app@example.com"]]
    assert python["to"] == [["Bob", "bob@example.net"], ["Ünï (x)", "u@example.net"]]
    # mailparser leaves fields that it does not know encoded.
    assert (python["header"] or "").strip() == str(email.header.make_header(email.header.decode_header(node["header"] or ""))).strip() == submitted.get("headers", {}).get("X-A", "").strip()
    if "text" in submitted:
        assert lines(python["text"]) == lines(node["text"]) == lines(submitted["text"])
    if "html" in submitted:
        assert lines(python["html"]) == lines(submitted["html"])
        assert lines(node["html"]) == lines(submitted["html"]) or "data:image/png;base64" in node["html"]
    files = submitted.get("attachments", [])
    assert sorted(map(str, python["attachments"])) == sorted(map(str, node["attachments"]))
    assert sorted(str(a[4]) for a in python["attachments"]) == sorted(f["content"] for f in files)
    assert sorted(str(a[0]) for a in python["attachments"]) == sorted(str(f.get("filename")) for f in files)
    for line in arrived.data.split(b"\r\n"):
        assert len(line) <= 998 and all(byte < 128 for byte in line)
