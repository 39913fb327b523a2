"""Many messages in one JSON array; and dry runs, which check a submission in any format and store nothing."""
import json
import urllib.parse

from e2e.test_forms import multipart, parsed, send_lines
from e2e.test_openapi import documented
from e2e.test_submit import problem
from e2e.test_webhook import handlers

GOOD = {"from": "app@example.com", "to": "bob@example.net", "text": "x"}
JSON = {"Content-Type": "application/json"}


def send_array(httpd, items, headers=None, query=""):
    body = b" [" + b" ,\n".join(item if isinstance(item, bytes) else json.dumps(item).encode() for item in items) + b"]\n"
    return httpd.request("POST", "/mail" + query, body, {**JSON, **(headers or {})})


def test_an_array_is_answered_with_an_array(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    answer = documented("/mail", "post", send_array(httpd, [dict(GOOD, subject='"],['), b"{bad}", dict(GOOD, to="no one"), dict(GOOD, subject="3"), 7, dict(GOOD, individually=True, to=["a@b.test", "c@b.test"])]))
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert [(a["status"], a.get("code"), a.get("index")) for a in answer.json] == [
        (202, None, None), (400, "body_malformed", 1), (400, "address_invalid", 2), (202, None, None), (400, "body_malformed", 4), (400, "member_invalid", 5)]
    assert sorted(parsed(m)["subject"] for m in relay.wait_for(2)) == ['"],[', "3"]
    for document in answer.json:
        assert "id" not in document or httpd.message(document["id"], wait="10s")["state"] == "sent"


def test_an_array_that_is_not_complete_is_refused_as_a_whole(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    one = json.dumps(GOOD).encode()
    for body in (b"[", b"[" + one, b"[" + one + b",]", b"[" + one + b"] x", b"[" + one + b'] {"a":1}', b"[" + one + b"," + b"x" * 300000):
        assert problem(httpd.request("POST", "/mail", body, JSON), 400)["code"] == "body_malformed", body[:80]
    assert problem(httpd.request("POST", "/mail", b"[]", JSON), 400, "no message")["code"] == "body_malformed"
    assert problem(send_array(httpd, [GOOD], query="?wait=1s"), 400, "wait")["code"] == "parameter_invalid"
    assert not relay.messages


def test_a_large_array_with_an_idempotency_key(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    items = [dict(GOOD, subject=str(i), text="y" * 2000, attachments=[{"content": "aGkh" * (30000 if i % 50 == 0 else 1)}]) for i in range(200)]
    first = send_array(httpd, items, {"Idempotency-Key": "k"})
    again = send_array(httpd, items, {"Idempotency-Key": "k"})
    assert [a["status"] for a in first.json] == [202] * 200 and [a["status"] for a in again.json] == [200] * 200
    assert [a["id"] for a in first.json] == [a["id"] for a in again.json]
    assert sorted(int(parsed(m)["subject"]) for m in relay.wait_for(200)) == list(range(200))


def submissions(message):
    """The same message in every format: body and Content-Type."""
    form, headers = multipart([(f'name="{name}"', "", value.encode()) for name, value in message.items()])
    text = f"From: {message['from']}\r\nTo: {message['to']}\r\n\r\nx\r\n".encode()
    return {"json": (json.dumps(message).encode(), JSON), "array": (b"[" + json.dumps(message).encode() + b"]", JSON), "lines": (json.dumps(message).encode(), {"Content-Type": "application/x-ndjson"}),
            "form": (urllib.parse.urlencode(message).encode(), {"Content-Type": "application/x-www-form-urlencoded"}), "multipart": (form, headers), "message": (text, {"Content-Type": "message/rfc822"})}


def test_a_dry_run_checks_and_stores_nothing(make_httpd, relay):
    httpd = make_httpd(relay=relay, handlers=handlers("SMTPSendAllowTo *@example.net\nSMTPSendSubmitterRate 2/h\nSMTPSendMaxMessageSize 100K"))
    for dry in ("dryRun=1", "dryRun", "dryRun=true"):
        for name, (body, headers) in submissions(GOOD).items():
            answer = documented("/mail", "post", httpd.request("POST", f"/mail?{dry}", body, {**headers, "Idempotency-Key": "k"}))
            documents = [json.loads(line) for line in answer.text.splitlines()] if name == "lines" else answer.json if name == "array" else [answer.json]
            assert answer.status == 200 and "Location" not in answer.headers, (name, answer)
            assert all(d["dryRun"] is True and d["recipients"] == 1 and "id" not in d for d in documents), (name, answer)
    for name, (body, headers) in submissions(dict(GOOD, to="bob@example.org")).items():
        answer = httpd.request("POST", "/mail?dryRun=1", body, headers)
        document = json.loads(answer.text) if name != "array" else answer.json[0]
        assert document["code"] == "recipient_forbidden" and document["status"] == 403, (name, answer)
    large = b"From: a@example.com\r\nTo: b@example.net\r\n\r\n" + b"line\r\n" * 20000
    assert problem(httpd.request("POST", "/mail?dryRun=1", large, {"Content-Type": "message/rfc822"}), 413)["code"] == "too_large"
    for query in ("dryRun=perhaps", "dryRun=1&dryRun=0", "dryrun=1"):
        assert problem(httpd.request("POST", f"/mail?{query}", json.dumps(GOOD).encode(), JSON), 400, "dryRun")["code"] == "parameter_invalid"
    # The rate allows two messages, the key is still free, and only these messages arrive.
    assert httpd.request("POST", "/mail?dryRun=0", json.dumps(GOOD).encode(), {**JSON, "Idempotency-Key": "k"}).status == 202
    assert httpd.send_json(GOOD).status == 202
    assert httpd.send_json(GOOD).status == 429
    relay.wait_for(2)
    assert len(relay.messages) == 2


def test_json_that_is_not_json(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    good = json.dumps(GOOD)
    for body, words in ((b"\xef\xbb\xbf" + good.encode(), ["byte order mark", "U+FEFF"]), (good.encode("utf-16"), ["UTF-16"]), (good.encode("utf-16-le"), ["UTF-16"]), (good.encode("utf-32"), ["UTF-32"]),
                        (b'{"to":"a@b.test",\n "to":"c@b.test"}', ["line 2", "duplicate"]), (b"[" * 100000, ["not complete"]), (b'{"a":' * 5000, ["depth"]),
                        (b'{"subject":"\xfc"}', ["not UTF-8"]), (b'{"subject":\n\n"a\nb"}', ["line 3"]), (b'{"x\\u001b[2J\xc2\x9b\x7f":1}', ["member_unknown", "x1b[2j"])):
        answer = httpd.request("POST", "/mail", body, JSON)
        assert problem(answer, 400, *words)["code"] in ("body_malformed", "member_unknown"), answer
        assert not any(c in answer.text for c in "\x1b\x7f\x9b"), answer
    assert problem(httpd.request("POST", "/mail", good.encode("latin-1"), {"Content-Type": "application/json; charset=ISO-8859-1"}), 415, "UTF-8")["code"] == "encoding_unsupported"
    lines = send_lines(httpd, [GOOD, b"", b"{bad"]).text.splitlines()
    assert "line 3, column" in json.loads(lines[1])["detail"] and json.loads(lines[1])["line"] == 3
    answers = httpd.request("POST", "/mail", b"[\n\n" + good.encode() + b",\n{\n bad}]", JSON).json
    assert "line 5, column" in answers[1]["detail"], answers


def test_lines_are_those_of_the_input(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    rows = ["A: 1", " 2", " 3", "B: 4", " 5", "non\x1b[1msense\u202e", "more"]
    for end in ("\r\n", "\n", "\r"):
        for before, line in (("", 6), ("\ufeff", 6), ("From a@b.test Sat Jan  3 01:02:03 2026" + end, 7)):
            if end == "\r" and before.startswith("From"):
                continue
            for filler in ("", "x" * 300000):
                body = (before + end.join(rows) + end + filler + end).encode()
                answer = httpd.request("POST", "/mail?from=a@b.test&to=c@b.test", body, {"Content-Type": "message/rfc822"})
                assert f"line {line} " in problem(answer, 400)["detail"] and "non\\x1b[1msense\\u202e\"" in answer.json["detail"], (end, before, answer)
