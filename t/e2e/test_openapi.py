"""conf/openapi.yaml against the real answers: each kind of answer is asked for once and must fit what the description says of it."""
import json
import os

import jsonschema
import yaml

from e2e.test_forms import answers_of, send_lines
from e2e.test_webhook import Application, handlers
from rig.httpd import ROOT

with open(os.path.join(ROOT, "conf", "openapi.yaml")) as file:
    OPENAPI = yaml.safe_load(file)
MESSAGE = {"from": "app@example.com", "to": ["Bob <bob@example.net>", {"name": "C", "address": "c@example.net"}], "cc": "d@example.net", "subject": "s", "text": "t", "html": "<p>t",
           "headers": {"X-A": "1"}, "attachments": [{"filename": "a.txt", "contentType": "text/plain", "content": "aGk=", "cid": "i@1"}], "messageId": "<1@example.com>",
           "expire": "2h", "notify": ["failure", "delay"], "ret": "hdrs", "envid": "e1", "priority": "bulk", "metadata": {"order": 7, "vip": True}, "replyTo": "r@example.com"}


def schema(name):
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}


def fits(name, document):
    jsonschema.Draft202012Validator(schema(name)).validate(document)


def documented(path, method, answer):
    """The answer's status and media type stand in the description; its document fits."""
    responses = OPENAPI["paths"][path][method]["responses"]
    assert str(answer.status) in responses, (answer, list(responses))
    response = responses[str(answer.status)]
    if "$ref" in response:
        response = OPENAPI["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    kind = answer.headers["Content-Type"].split(";")[0]
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **response["content"][kind]["schema"], "components": OPENAPI["components"]}
    if kind.startswith("text/"):
        return answer
    for document in [json.loads(line) for line in answer.text.splitlines()] if kind == "application/x-ndjson" else [answer.json]:
        jsonschema.Draft202012Validator(content).validate(document)
    return answer


def test_the_description_is_whole():
    names = set(OPENAPI["components"]["schemas"])

    def walk(node):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key == "$ref":
                assert value.split("/")[2] in ("schemas", "responses") and (value.split("/")[3] in names or value.split("/")[3] in OPENAPI["components"]["responses"]), value
            elif isinstance(value, (dict, list)):
                walk(value)
    walk(OPENAPI)
    for name in names:
        jsonschema.Draft202012Validator.check_schema(schema(name))


def test_answers_are_as_described(make_httpd, relay):
    httpd = make_httpd(relay=relay, expect=["status=cancelled", "sending is paused"])
    fits("Message", MESSAGE)
    accepted = documented("/mail", "post", httpd.send_json(MESSAGE))
    assert accepted.status == 202
    for accept, kind in (("*/*", "text/plain"), ("text/html", "text/html")):
        assert documented("/mail", "get", httpd.get("/mail", {"Accept": accept})).headers["Content-Type"].startswith(kind)
    path = f"/mail/{accepted.json['id']}"
    state = documented("/mail/{id}", "get", httpd.get(path + "?wait=10s"))
    assert state.json["state"] == "sent" and state.json["metadata"] == MESSAGE["metadata"], state
    assert documented("/mail/{id}", "delete", httpd.request("DELETE", path)).status == 409
    assert documented("/mail/{id}", "get", httpd.get("/mail/01890000-0000-7000-8000-000000000000")).status == 404
    assert documented("/mail/{id}", "get", httpd.get(path + "?wait=x")).status == 400
    ids = []
    for expected, answer in ((400, httpd.send_json({**MESSAGE, "to": "no one"})), (403, httpd.send_json({**MESSAGE, "relay": "other"})),
                             (405, httpd.request("PUT", "/mail", b"x")), (413, httpd.send(b"x" * (26 << 20))), (415, httpd.request("POST", "/mail", b"x", {"Content-Type": "image/png"})),
                             (202, httpd.send(headers={"Idempotency-Key": "k"})), (200, httpd.send(headers={"Idempotency-Key": "k"})),
                             (422, httpd.send(b"Subject: o\r\n\r\no\r\n", headers={"Idempotency-Key": "k"})),
                             (202, httpd.send_json({**MESSAGE, "individually": True})), (200, send_lines(httpd, [MESSAGE, {**MESSAGE, "to": 1}, b"{"]))):
        assert documented("/mail", "post", answer).status == expected, answer
        ids += [document["id"] for document in map(json.loads, answer.text.splitlines()) if "id" in document] + (answer.json.get("ids", []) if expected == 202 else [])
    for ident in ids:
        assert httpd.message(ident, wait="10s")["state"] == "sent"
    httpd.request("POST", "/mail-status", b"action=pause", {"Content-Type": "application/x-www-form-urlencoded"})
    waiting = documented("/mail", "post", httpd.send_json(MESSAGE))
    assert waiting.json["paused"] is True
    assert documented("/mail/{id}", "delete", httpd.request("DELETE", f"/mail/{waiting.json['id']}")).status == 200


def test_refusals_that_need_a_configuration(make_httpd, relay):
    httpd = make_httpd(relay=relay, handlers=handlers("SMTPSendSubmitterRate 1/h\nSMTPSendRedirect dev@example.com"))
    assert documented("/mail", "post", httpd.send()).json["redirectedTo"] == "dev@example.com"
    limited = documented("/mail", "post", httpd.send())
    assert limited.status == 429 and limited.headers["Retry-After"]
    fits("Line", answers_of(send_lines(httpd, [MESSAGE]))[0])
    off = documented("/mail", "post", make_httpd("SMTPSendEngine Off\n", relay=relay).send())
    assert off.status == 503 and off.headers["Retry-After"]


def test_webhooks_are_as_described(make_httpd, relay):
    with Application() as application:
        httpd = make_httpd(relay=relay, handlers=handlers(f"SMTPSendWebhook {application.url}"))
        httpd.send_json({**MESSAGE, "metadata": {"a": 1}})
        for received in application.wait_for(3):
            fits("Result", received)
