"""Large files in JSON, forms and NDJSON: lifted out of the document as it comes, never whole in memory, and the same on arrival."""
import base64
import json
import random
import types

import pytest

from e2e.test_forms import answers_of, multipart, parsed, send_lines
from e2e.test_large import MIB, processes, staged
from rig.proc import growth

KINDS = ["json", "multipart", "lines"]


def blob(size, seed=1):
    """Octets of all kinds, with what looks like a form's delimiter now and then."""
    piece = random.Random(seed).randbytes(65521) + b"\r\n------rig-7MA4YWxkX\r\n--"
    return (piece * (size // len(piece) + 1))[:size]


def post(httpd, kind, files, headers=None, path="/mail", **fields):
    fields = {"from": "app@example.com", "to": "bob@example.net", "text": "see the files", **fields}
    if kind == "multipart":
        body, own = multipart([(f'name="{name}"', "", str(value).encode()) for name, value in fields.items()] +
                              [(f'name="file"; filename="{name}"', "Content-Type: application/pdf\r\n", content) for name, content in files])
        return httpd.request("POST", path, body, {**own, **(headers or {})})
    document = {**fields, "attachments": [{"filename": name, "contentType": "application/pdf", "content": base64.b64encode(content).decode()} for name, content in files]}
    # As PHP writes it: slashes have a backslash.
    text = json.dumps(document).replace("/", "\\/")
    if kind == "lines":
        answer = answers_of(send_lines(httpd, [text.encode()], headers, path))[0]
        return types.SimpleNamespace(status=answer["status"], json=answer)
    return httpd.request("POST", path, text.encode(), {"Content-Type": "application/json", **(headers or {})})


def files_of(arrived):
    message = parsed(arrived)
    return [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]


def settled(httpd):
    httpd.wait(lambda: httpd.status()["queue"]["messages"] == 0 and not staged(httpd), 30, "an empty queue")


@pytest.mark.parametrize("kind", KINDS)
def test_arrives_byte_for_byte(make_httpd, relay, kind):
    httpd = make_httpd("SMTPSendAddHeader X-Location tested\n", relay=relay)
    files = [("first.pdf", blob(3 * MIB)), ("small.pdf", b"small"), ("second.pdf", blob(2 * MIB + 1, 2)), ("empty.pdf", b"")]
    answer = post(httpd, kind, files)
    assert answer.status == 202, answer
    arrived = relay.wait_for(1, timeout=30)[0]
    assert files_of(arrived) == files
    message = parsed(arrived)
    assert message["x-location"] == "tested" and message.get_body().get_content().strip() == "see the files"
    lines = arrived.data.split(b"\r\n")
    assert max(map(len, lines)) <= 78 and b"lifted" not in arrived.data
    settled(httpd)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_grows(make_httpd, relay, kind):
    """S10 for a file of 14 MiB, 19 MiB on the wire. The child is allowed more than for a finished message: base64 is read and written in pieces there."""
    httpd = make_httpd(relay=relay)
    for _ in range(2):
        assert post(httpd, kind, [("a.pdf", blob(2 * MIB))]).status == 202
    settled(httpd)
    with growth(processes(httpd)) as grown:
        assert post(httpd, kind, [("a.pdf", blob(14 * MIB))]).status == 202
        settled(httpd)
    assert max(grown.values()) < 4, grown


@pytest.mark.parametrize("kind", KINDS)
def test_larger_than_allowed(make_httpd, relay, kind):
    httpd = make_httpd("SMTPSendMaxMessageSize 2M\n", relay=relay)
    answer = post(httpd, kind, [("a.pdf", blob(MIB + MIB // 2 + 60000))])
    assert answer.status == 413, answer
    assert post(httpd, kind, [("a.pdf", blob(MIB + MIB // 3))]).status == 202
    settled(httpd)


def test_what_is_wrong_is_named(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    good, bad = base64.b64encode(blob(MIB)).decode(), base64.b64encode(blob(MIB)).decode() + "*"
    document = {"from": "app@example.com", "to": "bob@example.net", "text": "x", "attachments": [{"filename": "a", "content": good}, {"filename": "b", "content": bad}]}
    answer = httpd.request("POST", "/mail", json.dumps(document).encode(), {"Content-Type": "application/json"})
    assert answer.status == 400 and answer.json["detail"] == "attachments[1].content: not base64", answer
    document["attachments"][1] = {"filename": "b"}
    answer = httpd.request("POST", "/mail", json.dumps(document).encode(), {"Content-Type": "application/json"})
    assert answer.status == 400 and "attachments[1].content" in answer.json["detail"], answer
    for cut in (100, MIB):
        answer = httpd.request("POST", "/mail", json.dumps(document).encode()[:-cut], {"Content-Type": "application/json"})
        assert answer.status == 400 and "JSON" in answer.json["detail"], answer
    body, headers = multipart([('name="from"', "", b"app@example.com"), ('name="to"', "", b"bob@example.net"), ('name="f"; filename="a"', "Content-Type: a/b\r\n", blob(MIB))])
    for cut in (20, 1000, MIB // 2):
        answer = httpd.request("POST", "/mail", body[:-cut], headers)
        assert answer.status == 400 and "cut off" in answer.json["detail"], answer
    assert not relay.messages and not staged(httpd)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_key_again_and_other_content(make_httpd, relay, kind):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused"])
    key = {"Idempotency-Key": "one"}
    first = post(httpd, kind, [("a.pdf", blob(MIB))], key)
    rows = staged(httpd)
    again = post(httpd, kind, [("a.pdf", blob(MIB))], key)
    other = post(httpd, kind, [("a.pdf", blob(MIB, 2))], key)
    assert (first.status, again.status, other.status) == (202, 200, 422) and again.json["id"] == first.json["id"], (first, again, other)
    httpd.wait(lambda: staged(httpd) == rows, 10, "the parts of what was not accepted to go")


def test_copies_and_lines_in_order(make_httpd, relay):
    """Each copy has the file; in a batch the large line stands between small ones, and each has its answer."""
    httpd = make_httpd(relay=relay)
    file = blob(MIB)
    answer = post(httpd, "multipart", [("a.pdf", file)], individually="true", to="bob@example.net, carol@example.net, dave@example.net")
    assert answer.status == 202 and len(answer.json["ids"]) == 3, answer
    for arrived in relay.wait_for(3, timeout=30):
        assert files_of(arrived) == [("a.pdf", file)] and parsed(arrived)["to"].addresses[0].addr_spec == arrived.rcpts[0]
    large = {"attachments": [{"filename": "a.pdf", "content": base64.b64encode(file).decode()}]}
    lines = [{"from": "app@example.com", "to": f"n{i}@example.net", "text": "x", "subject": str(i), **(large if i in (1, 3) else {})} for i in range(5)]
    lines[3]["to"] = "no address"
    answers = answers_of(send_lines(httpd, lines, {"Idempotency-Key": "k"}))
    assert [a["status"] for a in answers] == [202, 202, 202, 400, 202] and answers[3]["line"] == 4, answers
    relay.wait_for(7, timeout=30)
    by_subject = {parsed(m)["subject"]: m for m in relay.messages[3:]}
    assert files_of(by_subject["1"]) == [("a.pdf", file)] and set(by_subject) == {"0", "1", "2", "4"}
    assert [a["id"] for a in answers_of(send_lines(httpd, lines, {"Idempotency-Key": "k"})) if "id" in a] == [a["id"] for a in answers if "id" in a]
    settled(httpd)


def test_senders_are_rewritten(make_httpd, relay):
    """What changes the header knows nothing of the body."""
    httpd = make_httpd("SMTPSendHeaderFrom noreply@example.org\nSMTPSendEnvelopeFrom bounce@example.org\nSMTPSendRedirect staging@example.org\n", relay=relay)
    file = blob(MIB)
    assert post(httpd, "json", [("a.pdf", file)]).status == 202
    arrived = relay.wait_for(1, timeout=30)[0]
    assert arrived.sender == "bounce@example.org" and arrived.rcpts == ["staging@example.org"] and parsed(arrived)["from"].addresses[0].addr_spec == "noreply@example.org"
    assert files_of(arrived) == [("a.pdf", file)]
