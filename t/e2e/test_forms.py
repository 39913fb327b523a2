"""The other forms of a submission: HTML forms with files, a JSON message a line, copies; and what all of them must become."""
import base64
import email
import email.policy
import json
import urllib.parse

from e2e.test_submit import problem

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def parsed(arrived):
    return email.message_from_bytes(arrived.data, policy=email.policy.default)


def multipart(parts, boundary="----rig-7MA4YWxk"):
    """parts: (disposition parameters, more header lines, bytes)."""
    out = b""
    for parameters, more, content in parts:
        out += f"--{boundary}\r\nContent-Disposition: form-data; {parameters}\r\n{more}\r\n".encode() + content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def send_lines(httpd, lines, headers=None, path="/mail"):
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines) + b"\n"
    return httpd.request("POST", path, body, {"Content-Type": "application/x-ndjson", **(headers or {})})


def answers_of(answer):
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/x-ndjson", answer
    return [json.loads(line) for line in answer.text.splitlines()]


def test_urlencoded_form_has_the_names_of_json(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    fields = [("from", "App <app@example.com>"), ("to", "bob@example.net"), ("to", "Carol <carol@example.net>"), ("cc[]", "dave@example.net"), ("subject", "Grüße & more"),
              ("text", "Hällo\r\nthere\r\n"), ("headers.X-Ticket", "42"), ("metadata.order", "7"), ("notify", "failure"), ("priority", "high"), ("replyTo", "")]
    answer = httpd.request("POST", "/mail", urllib.parse.urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    assert answer.status == 202 and answer.json["recipients"] == 3, answer
    message = parsed(relay.wait_for(1)[0])
    assert message["subject"] == "Grüße & more" and message["x-ticket"] == "42" and message["reply-to"] is None
    assert message.get_content().replace("\r\n", "\n") == "Hällo\nthere\n"
    assert [a.addr_spec for a in message["to"].addresses] == ["bob@example.net", "carol@example.net"] and message["cc"] == "dave@example.net"


def test_multipart_form_with_files(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    blob = bytes(range(256)) * 300 + b"\r\n--not-the-boundary\r\n"
    body, headers = multipart([('name="from"', "", b"app@example.com"), ('name="to"', "", b"bob@example.net"), ('name="subject"', "", "Fäx".encode()),
                               ('name="text"', "Content-Type: text/plain; charset=utf-8\r\n", "Hällo".encode()), ('name="html"', "", b'<img src="cid:logo@1">'),
                               ('name="attachments"; filename="r\u00e9sum\u00e9 \u20ac.bin"', "Content-Type: application/octet-stream\r\n", blob),
                               ('name="other"; filename="C:\\Users\\me\\a.txt"', "Content-Type: text/plain\r\n", b"one\r\ntwo"),
                               ('name="logo"; filename="logo.png"', "Content-Type: image/png\r\nContent-ID: <logo@1>\r\n", PNG),
                               ('name="none"; filename=""', "Content-Type: application/octet-stream\r\n", b"")])
    answer = httpd.request("POST", "/mail", body, headers)
    assert answer.status == 202, answer
    message = parsed(relay.wait_for(1)[0])
    assert message.get_content_type() == "multipart/mixed" and message["subject"] == "Fäx"
    files = {part.get_filename(): part for part in message.walk() if part.get_filename()}
    assert files["résumé €.bin"].get_content() == blob and files["a.txt"].get_payload(decode=True) == b"one\r\ntwo"
    assert files["logo.png"].get_content() == PNG and files["logo.png"]["content-id"] == "<logo@1>" and files["logo.png"].get_content_disposition() == "inline"
    assert len(files) == 3 and "multipart/related" in [part.get_content_type() for part in message.walk()]


def test_wrong_forms_name_the_field(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    base = "from=app@example.com&to=bob@example.net&text=x"
    for form, field in (("&subject=a%0d%0aBcc:+evil@example.net", "subject"), ("&colour=red", "colour"), ("&headers.Bcc=e@example.net", "headers.Bcc"), ("&to=no one", "to"),
                        ("&subject=a&subject=b", "subject"), ("&individually=perhaps", "individually"), ("&headers=x", "headers"), ("&metadata=[1]", "metadata"), ("&at=soon", "at")):
        document = problem(httpd.request("POST", "/mail", (base + form).replace(" ", "+").encode(), kind), 400)
        assert document["field"].startswith(field), (form, document)
    problem(httpd.request("POST", "/mail", b"from=%zz", kind), 400, "form")
    problem(httpd.request("POST", "/mail", b"text=%ff", kind), 400, "UTF-8")
    body, headers = multipart([('name="from"', "", b"app@example.com"), ('name="to"', "", b"bob@example.net"), ('name="f"; filename="a"', "Content-Type: no type\r\n", b"x")])
    problem(httpd.request("POST", "/mail", body, headers), 400, "file 1")
    problem(httpd.request("POST", "/mail", body[:-20], headers), 400, "cut off")
    problem(httpd.request("POST", "/mail", body, {"Content-Type": "multipart/form-data"}), 400, "boundary")
    problem(httpd.request("POST", "/mail", body, {"Content-Type": "multipart/form-data; boundary=other"}), 400, "boundary")
    assert not relay.messages


def test_lines_are_answered_in_order_and_a_bad_one_hurts_no_other(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    good = {"from": "app@example.com", "to": "bob@example.net", "text": "x"}
    lines = [dict(good, subject="0"), b"{", dict(good, to="no one"), b"", dict(good, subject="3", to=["a@example.net", "b@example.net"]), dict(good, relay="other"),
             dict(good, attachments=[{"content": "aGk="}, {"content": "aGk="}, {"content": "***"}]), dict(good, subject="6")]
    answers = answers_of(send_lines(httpd, lines))
    assert [a["status"] for a in answers] == [202, 400, 400, 202, 403, 400, 202]
    assert answers[0]["id"] and answers[3]["recipients"] == 2 and answers[3]["state"] == "queued"
    assert answers[2]["field"] == "to" and answers[2]["line"] == 3 and answers[2]["code"] == "address_invalid"
    assert answers[5]["field"] == "attachments[2].content" and "not base64" in answers[5]["detail"]
    arrived = relay.wait_for(3)
    assert sorted(parsed(m)["subject"] for m in arrived) == ["0", "3", "6"]
    for answer in (answers[0], answers[3], answers[6]):
        assert httpd.message(answer["id"], wait="10s")["state"] == "sent"


def test_many_lines_are_few_commits(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused"])
    def commits():
        for line in httpd.get("/mail-status/metrics").text.splitlines():
            if line.startswith("smtp_send_commit_seconds_count"):
                return float(line.split()[-1])
        raise AssertionError("no metric smtp_send_commit_seconds_count")
    before = commits()
    answers = answers_of(send_lines(httpd, [{"from": "app@example.com", "to": f"u{i}@example.net", "subject": str(i), "text": "x" * 500} for i in range(1000)]))
    assert len(answers) == 1000 and all(a["status"] == 202 and a["paused"] for a in answers) and len({a["id"] for a in answers}) == 1000
    assert commits() - before <= 20
    assert [httpd.message(answers[i]["id"])["subject"] for i in (0, 499, 500, 999)] == ["0", "499", "500", "999"]


def test_lines_with_an_idempotency_key(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    lines = [{"from": "app@example.com", "to": "bob@example.net", "text": str(i)} for i in range(3)]
    first = answers_of(send_lines(httpd, lines, {"Idempotency-Key": "k"}))
    again = answers_of(send_lines(httpd, lines, {"Idempotency-Key": "k"}))
    assert [a["status"] for a in first] == [202] * 3 and [a["status"] for a in again] == [200] * 3 and [a["id"] for a in first] == [a["id"] for a in again]
    lines[1]["text"] = "other"
    assert [a["status"] for a in answers_of(send_lines(httpd, lines, {"Idempotency-Key": "k"}))] == [200, 422, 200]


def test_lines_too_long_and_nothing_at_all(make_httpd, relay):
    httpd = make_httpd("SMTPSendMaxMessageSize 64K\n", relay=relay)
    good = {"from": "app@example.com", "to": "bob@example.net", "text": "x"}
    answers = answers_of(send_lines(httpd, [good, dict(good, text="y" * 400000), dict(good, text="long enough\n" * 6000), good]))
    assert [a["status"] for a in answers] == [202, 413, 413, 202]
    problem(send_lines(httpd, [b"", b"  "]), 400, "contains no message")
    problem(send_lines(httpd, [good], path="/mail?wait=1s"), 400, "wait")


def test_individually_makes_a_message_a_recipient(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    answer = httpd.send_json({"from": "app@example.com", "to": ["a@example.net", "b@example.net"], "cc": "c@example.net", "subject": "s", "text": "x", "individually": True})
    assert answer.status == 202 and len(set(answer.json["ids"])) == 3 and answer.json["id"] == answer.json["ids"][0], answer
    arrived = relay.wait_for(3)
    assert sorted(m.rcpts[0] for m in arrived) == ["a@example.net", "b@example.net", "c@example.net"]
    for m in arrived:
        message = parsed(m)
        assert message["to"] == m.rcpts[0] and message["cc"] is None
    assert len({parsed(m)["message-id"] for m in arrived}) == 3


def test_every_form_keeps_line_ends_out_of_the_header(make_httpd, relay):
    """R10 at this endpoint: what could be a field or a command of its own is refused by name, or is text."""
    httpd = make_httpd(relay=relay)
    evil = "x\r\nBcc: evil@example.net\r\n\r\nbody"
    base = {"from": "app@example.com", "to": "bob@example.net", "text": "t"}
    for member in ({"subject": evil}, {"from": {"name": evil, "address": "app@example.com"}}, {"to": [{"name": evil, "address": "b@example.net"}]}, {"replyTo": evil},
                   {"headers": {"X-A": evil}}, {"headers": {"X-A\r\nBcc": "x"}}, {"messageId": f"<{evil}@x>"}, {"envelope": {"from": "a@example.com>\r\nRCPT TO:<e@example.net"}},
                   {"envelope": {"to": "b@example.net\r\nDATA"}}, {"attachments": [{"filename": evil, "content": ""}]}, {"attachments": [{"contentType": evil, "content": ""}]},
                   {"attachments": [{"cid": evil, "content": ""}]}, {"envid": evil}):
        document = problem(httpd.send_json({**base, **member}), 400)
        assert document["field"].split(".")[0].split("[")[0] == next(iter(member)), document
    text = "a\r\n.\r\nMAIL FROM:<e@example.net>\r\n.\n.\rb\n"
    assert httpd.send_json({**base, "text": text, "html": text}).status == 202
    arrived = relay.wait_for(1)[0]
    assert arrived.rcpts == ["bob@example.net"] and b"\n" not in arrived.data.replace(b"\r\n", b"") and b"\r" not in arrived.data.replace(b"\r\n", b"")
