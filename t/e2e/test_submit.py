"""Submitting over HTTP: what is accepted, what is refused and why, and that it arrives as it was given."""
import json
import re
import subprocess

import pytest

UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def problem(answer, status, *words):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers
    document = answer.json
    assert document["status"] == status and document["title"] and document["type"] == "urn:problem-type:smtp-send:" + document["code"]
    for word in words:
        assert word.lower() in json.dumps(document).lower().replace(chr(92) + '"', '"'), document
    return document


def test_message_is_accepted_delivered_and_followed(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    content = b"From: app@example.com\r\nTo: bob@example.net\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.com>\r\n\r\n..dots\r\n.\r\nend\r\n"
    answer = httpd.send(content)
    assert answer.status == 202, answer
    document = answer.json
    assert UUID7.match(document["id"]) and document["recipients"] == 1 and document["state"] == "queued"
    assert answer.headers["Location"].endswith("/mail/" + document["id"])
    arrived = relay.wait_for(1)[0]
    assert arrived.data == content and arrived.sender == "app@example.com" and arrived.rcpts == ["bob@example.net"]
    state = httpd.message(document["id"], wait="10s")
    assert state["state"] == "sent" and state["subject"] == "Grüße" and state["messageId"] == "<1@example.com>" and state["from"] == "app@example.com"
    rcpt = state["recipients"][0]
    assert rcpt["state"] == "sent" and rcpt["attempts"] == 1 and "queued as R000001" in rcpt["reply"] and rcpt["deliveredAt"]
    assert str(relay.port) in rcpt["relay"]
    line = httpd.wait_log(re.escape(document["id"]) + r": to=<bob@example.net>, relay=127.0.0.1\[127.0.0.1\]:\d+, delay=[\d.]+, "
                          r"delays=[\d.]+/[\d.]+/[\d.]+/[\d.]+, dsn=2.0.0, status=sent \(250 2.0.0 Ok: queued as R000001\)")
    assert line


def test_recipients_from_fields_and_bcc_is_taken_out(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    content = b"From: App <app@example.com>\nTo: \"Bob, B.\" <bob@example.net>, grp: carol@example.net;\nCc: dave@example.net\nBcc: eve@example.net\nSubject: x\n\nbody\n"
    answer = httpd.request("POST", "/mail", content, {"Content-Type": "message/rfc822"})
    assert answer.status == 202 and answer.json["recipients"] == 4, answer
    arrived = relay.wait_for(1)[0]
    assert sorted(arrived.rcpts) == ["bob@example.net", "carol@example.net", "dave@example.net", "eve@example.net"]
    assert b"eve" not in arrived.data and b"Cc: dave@example.net\r\n" in arrived.data and arrived.sender == "app@example.com"


def test_json_is_composed(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    answer = httpd.send_json({"from": {"name": "Äpp", "address": "app@example.com"}, "to": ["Bob <bob@example.net>", "carol@example.net"], "cc": "dave@example.net",
                              "bcc": "eve@example.net", "replyTo": "help@example.com", "subject": "Grüße — ok", "text": "Hällo\n.\nline\n", "html": "<b>Hällo</b>",
                              "headers": {"X-Ticket": "42"}})
    assert answer.status == 202 and answer.json["recipients"] == 4, answer
    import email
    import email.policy
    message = email.message_from_bytes(relay.wait_for(1)[0].data, policy=email.policy.default)
    assert message["subject"] == "Grüße — ok" and message["from"].addresses[0].display_name == "Äpp"
    assert message["reply-to"] == "help@example.com" and message["x-ticket"] == "42" and message["bcc"] is None and message["date"] and message["message-id"]
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == "Hällo\n.\nline\n"
    assert "<b>Hällo</b>" in message.get_body(("html",)).get_content()


@pytest.mark.parametrize("body, kind, status, words", [
    (b"{", "application/json", 400, ["json", "body_malformed"]),
    (b'{"from":"a@example.com","to":"no body@","subject":"x","text":"y"}', "application/json", 400, ["to", "address_invalid"]),
    (b'{"from":"a@example.com","to":"b@example.net","subject":"a\\r\\nBcc: evil@example.net","text":"y"}', "application/json", 400, ["subject", "member_invalid"]),
    (b'{"from":"a@example.com","to":"b@example.net","headers":{"X-A":"a\\nB: c"},"text":"y"}', "application/json", 400, ["headers"]),
    (b'{"from":"a@example.com","text":"y"}', "application/json", 400, ["to", "recipient_missing"]),
    (b'{"from":"a@example.com","to":"b@example.net","colour":"red","text":"y"}', "application/json", 400, ["colour", "member_unknown"]),
    (b'{"from":"a@example.com","to":"b@example.net","reply_to":"c@example.net","text":"y"}', "application/json", 400, ['did you mean "replyTo"?']),
    (b'{"from":"a@example.com","to":{"email":"b@example.net"},"text":"y"}', "application/json", 400, ['to.email', 'did you mean "address"?']),
    (b"", "message/rfc822", 400, ["empty"]),
    (b"x", "text/plain", 415, ["message/rfc822", "type_unsupported"]),
])
def test_malformed_is_refused_with_the_field(make_httpd, relay, body, kind, status, words):
    httpd = make_httpd(relay=relay)
    problem(httpd.request("POST", "/mail", body, {"Content-Type": kind}), status, *words)
    assert not relay.messages


def test_wrong_addresses_methods_and_ids(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    problem(httpd.send(sender="a b@example.com"), 400, "from")
    problem(httpd.send(to=["bob@example.net", "x\r\nDATA@example.net"]), 400, "to")
    problem(httpd.send(b"From: a@example.com\r\n\r\nx\r\n", to=[]), 400, "recipient")
    answer = httpd.request("PUT", "/mail", b"x")
    problem(answer, 405)
    assert "POST" in answer.headers["Allow"]
    problem(httpd.get("/mail/nonsense"), 404)
    problem(httpd.get("/mail/01890000-0000-7000-8000-000000000000"), 404)


def test_browser_gets_a_page_for_a_refusal(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    answer = httpd.get("/mail/nonsense", {"Accept": "text/html,application/xhtml+xml"})
    assert answer.status == 404 and answer.headers["Content-Type"].startswith("text/html") and "<h1" in answer.text


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_get_shows_the_command_line(make_httpd, relay, tmp_path_factory):
    """What curl gets is a command that submits a message as it stands."""
    httpd = make_httpd(relay=relay)
    answer = httpd.get("/mail")
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/plain; charset=utf-8" and answer.headers["Vary"] == "Accept"
    command = next(line.strip() for line in answer.text.splitlines() if line.strip().startswith("curl "))
    result = subprocess.run(["sh", "-c", "curl() { command curl -sS \"$@\"; }; " + command], capture_output=True, text=True, timeout=30)
    assert json.loads(result.stdout)["state"] == "queued", result
    arrived = relay.wait_for(1)[0]
    assert arrived.sender == "you@example.com" and b"Subject: Hello\r\n" in arrived.data and b"It works." in arrived.data
    head = httpd.request("HEAD", "/mail")
    assert head.status == 200 and head.headers["Content-Type"] == answer.headers["Content-Type"] and not head.body
    assert httpd.get("/mail/").text == answer.text


def test_get_in_a_browser_is_a_form_that_submits(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    page = httpd.get("/mail", BROWSER)
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/html") and "action='/mail'" in page.text and page.text.count("autocomplete='email'") == 2
    names = re.findall(r"<(?:input|textarea) name='(\w+)'", page.text)
    assert [n for n in names if n != "text" or "textarea" in page.text][-4:] == ["from", "to", "subject", "text"], names
    own = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{httpd.port}", "Sec-Fetch-Site": "same-origin"}
    body = b"from=a%40example.com&to=b%40example.net&subject=&text=%3Cb%3E"
    accepted = httpd.request("POST", "/mail", body, own)
    ident = accepted.headers["Location"].rsplit("/", 1)[1]
    assert accepted.status == 202 and "text/html" in accepted.headers["Content-Type"] and f"href='/mail-status/message/{ident}'" in accepted.text, accepted
    assert httpd.message(ident, wait="10s")["state"] == "sent"
    # Programs get JSON as ever, and other sites nothing.
    assert httpd.request("POST", "/mail", body, {**own, "Accept": "*/*"}).json["state"] == "queued"
    assert httpd.request("POST", "/mail", body, {**own, "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}).status == 403
    refused = httpd.request("POST", "/mail", b"from=a%40%40b&to=b%40example.net", own)
    assert refused.status == 400 and "<h1>400 Bad Request</h1>" in refused.text
    assert httpd.get("/mail", {**BROWSER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status == 403


def test_the_form_says_where_mail_goes(make_httpd, relay):
    handlers = '<Location "/mail">\nSetHandler smtp-send\nRequire local\nSMTPSendRedirect staging@example.org\nSMTPSendDefaultFrom app@example.com\n</Location>\n'
    httpd = make_httpd(relay=relay, handlers=handlers)
    page = httpd.get("/mail", BROWSER).text
    assert "staging@example.org" in page and "From (optional)" in page and "stylesheet" not in page
    accepted = httpd.request("POST", "/mail", b"from=&to=b%40example.net&text=x", {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"})
    assert accepted.status == 202 and "staging@example.org" in accepted.text, accepted.text
    assert relay.wait_for(1)[0].sender == "app@example.com"


def test_size_limits(make_httpd, relay):
    httpd = make_httpd("SMTPSendMaxMessageSize 64K\n", relay=relay)
    problem(httpd.send(b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 10000), 413, "64K")
    assert httpd.send(b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 4000).status == 202
    relay.wait_for(1)


def test_cancel_waits_and_conflict(make_httpd, relay):
    httpd = make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused", "status=cancelled"])
    answer = httpd.send()
    assert answer.status == 202 and answer.json["paused"] is True
    ident = answer.json["id"]
    assert httpd.message(ident)["state"] == "queued"
    answer = httpd.request("DELETE", f"/mail/{ident}")
    assert answer.status == 200 and answer.json["state"] == "cancelled", answer
    assert httpd.message(ident)["state"] == "cancelled"
    assert problem(httpd.request("DELETE", f"/mail/{ident}"), 409)["state"] == "cancelled"
    assert not relay.messages


def test_idempotency_key(make_httpd, relay):
    httpd = make_httpd(relay=relay)
    key = {"Idempotency-Key": "order-1"}
    first, again = httpd.send(headers=key), httpd.send(headers=key)
    assert first.status == 202 and again.status == 200 and again.json["id"] == first.json["id"]
    problem(httpd.send(b"Subject: other\r\n\r\nx\r\n", headers=key), 422)
    httpd.message(first.json["id"], wait="10s")
    assert len(relay.messages) == 1


def test_policy_of_a_location(make_httpd, relay):
    handlers = """<Location "/mail">
SetHandler smtp-send
Require local
SMTPSendAllowFrom *@example.com
SMTPSendAllowTo *@example.net
SMTPSendDefaultFrom app@example.com
SMTPSendAddHeader X-Client %{REMOTE_ADDR}
</Location>
<Location "/mail-status">
SetHandler smtp-send-status
Require local
</Location>"""
    httpd = make_httpd(relay=relay, handlers=handlers)
    problem(httpd.send(sender="a@other.com"), 403, "from")
    problem(httpd.send(to=["x@other.org"]), 403, "to")
    assert httpd.request("POST", "/mail?to=bob@example.net", b"Subject: x\r\n\r\nx\r\n", {"Content-Type": "message/rfc822"}).status == 202
    arrived = relay.wait_for(1)[0]
    assert arrived.sender == "app@example.com" and b"X-Client: 127.0.0.1\r\n" in arrived.data


def test_engine_off_and_daemon_gone_are_said(make_httpd, relay):
    httpd = make_httpd("SMTPSendEngine Off\nSMTPSendHost 127.0.0.1\n", relay=relay)
    answer = httpd.send()
    problem(answer, 503, "SMTPSendEngine")
    assert answer.headers["Retry-After"]
