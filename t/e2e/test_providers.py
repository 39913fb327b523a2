"""The APIs of providers, used by their own SDKs (t/rig/providers.js): what is sent arrives as it was meant, and what does not exist here is refused in the SDK's own error."""
import base64
import json
import os
import subprocess

import pytest

from rig.httpd import BUILD, ROOT
from rig.parsers import by_python

NAMES = ("resend", "postmark", "sendgrid", "mailgun")
LOCATIONS = "\n".join(f"<Location /api/{name}>\nSetHandler smtp-send\nSMTPSendAPI {name}\nRequire local\n</Location>" for name in NAMES)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def octets(content):
    return {"$bytes": base64.b64encode(content).decode()}


class Sdk:
    """A process with the SDKs; a call returns the result, or raises Refused with what the SDK threw."""

    class Refused(Exception):
        pass

    def __init__(self, httpd):
        self.base = f"http://127.0.0.1:{httpd.port}/api"
        self.process = subprocess.Popen(["node", os.path.join(ROOT, "t", "rig", "providers.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "NODE_PATH": os.path.join(BUILD, "sdk", "node_modules")})

    def __call__(self, provider, what, *args):
        self.process.stdin.write(json.dumps({"provider": provider, "base": f"{self.base}/{provider}", "do": what, "with": args}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the process with the SDKs ended with {self.process.wait(10)}"
        answer = json.loads(line)
        if "error" in answer:
            raise Sdk.Refused(answer["error"])
        return answer["result"]

    def refusal(self, *call):
        with pytest.raises(Sdk.Refused) as refused:
            self(*call)
        return refused.value.args[0]

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def site(request):
    from rig.httpd import Httpd
    from rig.relay import Relay
    relay = Relay()
    httpd = Httpd(LOCATIONS, relay=relay)
    httpd.start()
    sdk = Sdk(httpd)
    yield httpd, relay, sdk
    sdk.close()
    unexpected = httpd.unexpected()
    httpd.close()
    relay.close()
    assert not unexpected


@pytest.fixture
def sdk(site):
    return site[2]


@pytest.fixture
def arrived(site):
    """Waits for so many messages more than there were, parsed, in the order of their recipients."""
    relay = site[1]
    before = len(relay.messages)

    def wait(count=1):
        messages = sorted(relay.wait_for(before + count)[before:], key=lambda m: m.rcpts)
        assert len(messages) == count
        return [(m, by_python(m.data)) for m in messages]
    return wait


RESEND = {"from": "App <app@example.com>", "to": ["bob@example.net", "Ann <ann@example.net>"], "cc": "cc@example.net", "bcc": "hidden@example.net", "subject": "Grüße", "html": "<b>hi</b><img src='cid:pic'>",
          "text": "hi", "replyTo": "reply@example.com", "headers": {"X-My": "1"}, "tags": [{"name": "kind", "value": "welcome"}],
          "attachments": [{"filename": "a.txt", "content": octets(b"hello")}, {"filename": "p.png", "content": octets(PICTURE), "contentId": "pic", "contentType": "image/png"}]}
SENDGRID = {"to": [{"email": "bob@example.net", "name": "Bob"}], "from": {"email": "app@example.com", "name": "App"}, "replyTo": "reply@example.com", "subject": "Grüße", "text": "hi", "html": "<b>hi</b>",
            "customArgs": {"kind": "welcome"}, "categories": ["one", "two"], "headers": {"X-My": "1"},
            "attachments": [{"content": base64.b64encode(PICTURE).decode(), "filename": "p.png", "type": "image/png", "disposition": "attachment"}]}
POSTMARK = {"From": "App <app@example.com>", "To": "Bob <bob@example.net>, ann@example.net", "Bcc": "hidden@example.net", "ReplyTo": "reply@example.com", "Subject": "Grüße", "HtmlBody": "<b>hi</b>", "TextBody": "hi",
            "Tag": "welcome", "Metadata": {"kind": "welcome"}, "Headers": [{"Name": "X-My", "Value": "1"}], "TrackOpens": False, "TrackLinks": "None", "MessageStream": "outbound",
            "Attachments": [{"Name": "p.png", "Content": base64.b64encode(PICTURE).decode(), "ContentType": "image/png", "ContentID": "cid:pic"}]}
MAILGUN = {"from": "App <app@example.com>", "to": ["bob@example.net", "ann@example.net"], "subject": "Grüße", "text": "hi", "html": "<b>hi</b>", "h:Reply-To": "reply@example.com", "h:X-My": "1", "v:kind": "welcome",
           "o:tag": ["one", "two"], "attachment": [{"data": octets(PICTURE), "filename": "p.png"}]}


def check(message, seen, rcpts):
    assert message.sender == "app@example.com" and sorted(message.rcpts) == sorted(rcpts)
    assert seen["subject"] == "Grüße" and seen["from"] == [["App", "app@example.com"]]
    assert b"hidden@" not in message.data
    assert message.data.count(b"X-My: 1\r\n") == 1 and b"reply@example.com" in message.data


def test_resend(sdk, arrived):
    sent = sdk("resend", "send", RESEND)
    [(message, seen)] = arrived()
    check(message, seen, ["bob@example.net", "ann@example.net", "cc@example.net", "hidden@example.net"])
    assert base64.b64encode(PICTURE)[:60] in message.data and b"<pic>" in message.data and b"a.txt" in message.data
    state = sdk("resend", "get", sent["id"])
    assert state["object"] == "email" and state["from"] == "app@example.com" and "ann@example.net" in state["to"] and state["subject"] == "Grüße"


def test_resend_sends_once_for_one_key(sdk, arrived):
    first = sdk("resend", "send", RESEND, {"idempotencyKey": "order-1"})
    assert sdk("resend", "send", RESEND, {"idempotencyKey": "order-1"}) == first
    error = sdk.refusal("resend", "send", {**RESEND, "subject": "other"}, {"idempotencyKey": "order-1"})
    assert (error["name"], error["status"]) == ("invalid_idempotent_request", 409)
    arrived()


def test_resend_schedules_and_cancels(sdk, site):
    sent = sdk("resend", "send", {**RESEND, "scheduledAt": "in 5 hours"})
    assert sdk("resend", "cancel", sent["id"]) == {"object": "email", "id": sent["id"]}
    assert sdk("resend", "get", sent["id"])["last_event"] == "canceled"
    assert sdk.refusal("resend", "cancel", sent["id"])["status"] == 409
    assert "in 5 min" in sdk.refusal("resend", "send", {**RESEND, "scheduledAt": "in a while"})["message"]
    assert sdk.refusal("resend", "cancel", "01a22fc0-0000-7000-8000-000000000000")["name"] == "not_found"


def test_resend_accepts_a_batch_as_a_whole_or_not(sdk, arrived):
    wrong = {**RESEND, "to": "not an address"}
    error = sdk.refusal("resend", "batch", [RESEND, wrong])
    assert error["name"] == "validation_error" and error["status"] == 422 and "not an address" in error["message"]
    mixed = sdk("resend", "batch", [{**RESEND, "to": "a@example.net"}, wrong], {"batchValidation": "permissive"})
    assert len(mixed["data"]) == 1 and mixed["errors"][0]["index"] == 1
    both = sdk("resend", "batch", [{**RESEND, "to": "b@example.net"}, {**RESEND, "to": "c@example.net"}])
    assert len(both["data"]) == 2
    assert [m.rcpts[0] for m, _ in arrived(3)] == ["a@example.net", "b@example.net", "c@example.net"]
    assert sdk.refusal("resend", "batch", [RESEND] * 101)["status"] == 413


@pytest.mark.parametrize("change, field", [({"template": {"id": "x"}}, "template"), ({"topicId": "t"}, "topic_id"), ({"to": [], "cc": [], "bcc": []}, "to"), ({"from": "x@y@z"}, "from"), ({"replyTo": "a b"}, "reply_to"),
                                           ({"attachments": [{"filename": "x", "path": "https://example.com/x"}]}, "attachments[0].path"), ({"headers": {"To": "x@example.net"}}, "headers.To")])
def test_resend_refuses(sdk, change, field):
    error = sdk.refusal("resend", "send", {**RESEND, **change})
    assert error["status"] == 422 and field in error["message"]


def test_resend_has_the_sending_part_alone(sdk):
    assert sdk.refusal("resend", "domains")["name"] == "not_found"


def test_sendgrid(sdk, arrived):
    sent = sdk("sendgrid", "send", SENDGRID)
    assert sent["status"] == 202 and len(sent["id"]) == 36
    [(message, seen)] = arrived()
    check(message, seen, ["bob@example.net"])
    assert seen["to"] == [["Bob", "bob@example.net"]] and base64.b64encode(PICTURE)[:60] in message.data


def test_sendgrid_personalizations_are_messages_of_their_own(sdk, arrived):
    sdk("sendgrid", "multiple", {**SENDGRID, "to": ["a@example.net", "b@example.net"]})
    sdk("sendgrid", "send", {**SENDGRID, "to": None, "text": "Dear {{name}}", "personalizations": [
        {"to": [{"email": "c@example.net"}], "subject": "One", "substitutions": {"name": "Cy"}, "substitutionWrappers": ["{{", "}}"]},
        {"to": [{"email": "d@example.net"}], "cc": [{"email": "e@example.net"}], "substitutions": {"name": "Di"}, "substitutionWrappers": ["{{", "}}"]}]})
    found = arrived(4)
    assert [m.rcpts for m, _ in found] == [["a@example.net"], ["b@example.net"], ["c@example.net"], ["d@example.net", "e@example.net"]]
    assert found[2][1]["subject"] == "One" and found[3][1]["subject"] == "Grüße"
    assert b"Dear Cy" in found[2][0].data and b"Dear Di" in found[3][0].data and b"{{" not in found[3][0].data


def test_sendgrid_hands_over_nothing_if_one_personalization_is_wrong(sdk, arrived):
    error = sdk.refusal("sendgrid", "send", {**SENDGRID, "personalizations": [{"to": [{"email": "a@example.net"}]}, {"to": [{"email": "nobody at all"}]}]})
    assert error["status"] == 400
    sdk("sendgrid", "send", SENDGRID)
    assert arrived()[0][0].rcpts == ["bob@example.net"]


def test_sendgrid_sandbox(sdk, arrived):
    assert sdk("sendgrid", "send", {**SENDGRID, "mailSettings": {"sandboxMode": {"enable": True}}}) == {"status": 200}
    sdk("sendgrid", "send", SENDGRID)
    arrived()


@pytest.mark.parametrize("change, field", [({"templateId": "d-1"}, "template_id"), ({"trackingSettings": {"clickTracking": {"enable": True}}}, "tracking_settings"), ({"asm": {"groupId": 1}}, "asm"),
                                           ({"mailSettings": {"footer": {"enable": True, "text": "x"}}}, "mail_settings.footer"), ({"batchId": "x"}, "batch_id"), ({"from": "nobody at all"}, "from")])
def test_sendgrid_refuses(sdk, change, field):
    [error] = sdk.refusal("sendgrid", "send", {**SENDGRID, **change})["details"]["errors"]
    assert error["field"].startswith(field) and field in error["message"] and error["help"] is None


def test_postmark(sdk, arrived):
    sent = sdk("postmark", "send", POSTMARK)
    assert sent["ErrorCode"] == 0 and sent["Message"] == "OK" and sent["To"] == POSTMARK["To"] and sent["SubmittedAt"]
    [(message, seen)] = arrived()
    check(message, seen, ["bob@example.net", "ann@example.net", "hidden@example.net"])
    assert base64.b64encode(PICTURE)[:60] in message.data and b"<pic>" in message.data
    details = sdk("postmark", "get", sent["MessageID"])
    assert details["Metadata"] == {"kind": "welcome", "tag": "welcome"} and details["Subject"] == "Grüße"
    assert {event["Recipient"] for event in details["MessageEvents"]} == set(message.rcpts)


def test_postmark_answers_each_message_of_a_batch(sdk, arrived):
    answers = sdk("postmark", "batch", [{**POSTMARK, "To": "a@example.net"}, {**POSTMARK, "To": "@"}, {**POSTMARK, "To": "b@example.net"}])
    assert [answer["ErrorCode"] for answer in answers] == [0, 300, 0] and answers[1]["Message"].startswith("To: ")
    assert len(arrived(2)) == 2


@pytest.mark.parametrize("change, code", [({"TrackOpens": True}, 300), ({"TrackLinks": "HtmlOnly"}, 300), ({"Nonsense": 1}, 403), ({"From": ""}, 300), ({"To": "a b c"}, 300)])
def test_postmark_refuses(sdk, change, code):
    error = sdk.refusal("postmark", "send", {**POSTMARK, **change})
    assert error["name"] in ("InvalidEmailRequestError", "ApiInputError") and error["status"] == 422 and error["code"] == code and list(change)[0] in error["message"]


def test_postmark_has_no_templates(sdk):
    assert "templates" in sdk.refusal("postmark", "template", {"From": "app@example.com", "To": "bob@example.net", "TemplateId": 1, "TemplateModel": {}})["message"]
    assert sdk.refusal("postmark", "get", "nope")["status"] == 404


def test_mailgun(sdk, arrived):
    sent = sdk("mailgun", "send", MAILGUN)
    assert sent["message"] == "Queued. Thank you."
    [(message, seen)] = arrived()
    check(message, seen, ["bob@example.net", "ann@example.net"])
    assert sent["id"].encode() in message.data and base64.b64encode(PICTURE)[:60] in message.data


def test_mailgun_newsletter(sdk, arrived):
    """As Ghost sends it."""
    sdk("mailgun", "send", {**MAILGUN, "subject": "News for %recipient.name%", "html": "<p>%recipient.name%</p><img src='cid:i.png'>", "text": "%recipient_email%", "inline": [{"data": octets(PICTURE), "filename": "i.png"}],
                            "h:List-Unsubscribe": "<%recipient.unsubscribe%>, <%tag_unsubscribe_email%>", "h:List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "o:tracking-opens": "no",
                            "recipient-variables": json.dumps({"ann@example.net": {"name": "Ann", "unsubscribe": "https://example.com/u/1"}, "bob@example.net": {"name": "Bob", "unsubscribe": "https://example.com/u/2"}})})
    found = arrived(2)
    for (message, seen), name, number in zip(found, ("Ann", "Bob"), (1, 2)):
        assert message.rcpts == [f"{name.lower()}@example.net"] and seen["to"] == [["", message.rcpts[0]]]
        assert seen["subject"] == f"News for {name}" and f"<p>{name}</p>".encode() in message.data and b"%recipient" not in message.data
        assert f"List-Unsubscribe: <https://example.com/u/{number}>\r\n".encode() in message.data and b"<i.png>" in message.data


def test_mailgun_takes_a_whole_message(sdk, arrived):
    sdk("mailgun", "send", {"to": ["bob@example.net"], "message": "From: app@example.com\r\nTo: list@example.org\r\nSubject: whole\r\n\r\nhi\r\n"})
    [(message, seen)] = arrived()
    assert message.rcpts == ["bob@example.net"] and seen["subject"] == "whole" and b"To: list@example.org" in message.data


def test_mailgun_test_mode(sdk, arrived):
    sdk("mailgun", "send", {**MAILGUN, "o:testmode": "yes"})
    sdk("mailgun", "send", {**MAILGUN, "to": "a@example.net"})
    assert arrived()[0][0].rcpts == ["a@example.net"]


@pytest.mark.parametrize("change", [{"template": "x"}, {"t:variables": "{}"}, {"o:tracking": "yes"}, {"o:tracking-clicks": "htmlonly"}, {"recipient-variables": "nonsense"}, {"o:deliverytime": "soon"}, {"x:y": "1"}])
def test_mailgun_refuses(sdk, change):
    error = sdk.refusal("mailgun", "send", {**MAILGUN, **change})
    assert error["status"] == 400 and list(change)[0] in error["details"]


def test_a_location_decides_who_may_send(make_httpd, relay):
    httpd = make_httpd("<Location /pm>\nSetHandler smtp-send\nSMTPSendAPI postmark\nSMTPSendAllowFrom *@example.com\nRequire local\n</Location>", relay=relay)
    answer = httpd.request("POST", "/pm/email", json.dumps({**POSTMARK, "From": "x@elsewhere.example"}).encode(), {"Content-Type": "application/json"})
    assert answer.status == 422 and answer.json["ErrorCode"] == 400


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_that_is_off_is_503_in_the_form_of_the_api(make_httpd, name):
    httpd = make_httpd(f"SMTPSendEngine Off\n{LOCATIONS}", relay=None)
    path = {"resend": "emails", "postmark": "email", "sendgrid": "v3/mail/send", "mailgun": "v3/example.com/messages"}[name]
    answer = httpd.request("POST", f"/api/{name}/{path}", b"{}", {"Content-Type": "application/x-www-form-urlencoded" if name == "mailgun" else "application/json"})
    text = answer.json
    assert answer.status == 503 and answer.headers["Retry-After"] == "60"
    assert "SMTPSendEngine is Off" in json.dumps(text) and "type" not in text
