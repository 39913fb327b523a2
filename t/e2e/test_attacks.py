"""Attacks of docs/attacks.md that belong to no other file."""
import json
import urllib.parse

import pytest

SQL = ["' OR '1'='1", "'; DROP TABLE message; --", '" OR 1=1 --', "\\' OR 1=1 --", "%", "_", "x' UNION SELECT key, value, who, time, 1, 2 FROM setting --", "*' OR '*", "{queued}", "%s%s%n", "\u02bc OR 1=1"]


@pytest.fixture
def paused(make_httpd, relay):
    return make_httpd("SMTPSendPause On\n", relay=relay, expect=["sending is paused"])


@pytest.mark.parametrize("text", SQL)
def test_sql_in_whatever_is_looked_for(paused, text):
    """It is looked for as it is: nothing is found by it, nothing is changed, and a message that has it is found."""
    plain = paused.send_json({"from": "a@example.com", "to": ["bob@example.net"], "subject": "plain", "text": "x"}).json["id"]
    named = paused.send_json({"from": "a@example.com", "to": ["bob@example.net"], "subject": f"it is {text} here", "text": "x"}).json["id"]

    def found(*args):
        return {message["id"] for message in json.loads(paused.cli("queue", "--json", *args, check=0).stdout)["messages"]}
    assert found("--text", text) == {named}
    assert named in paused.get("/mail-status/queue?" + urllib.parse.urlencode({"text": text}), {"Accept": "text/html"}).text
    for option in ("--from", "--to", "--relay"):
        result = paused.cli("queue", "--json", option, text)
        assert result.returncode or not json.loads(result.stdout)["messages"] or set("*") >= set(text), (option, result)
    for field in ("id", "from", "to", "relay", "state"):
        body = urllib.parse.urlencode({"action": "cancel", field: text, "confirm": "2"}).encode()
        answer = paused.request("POST", "/mail-status", body, {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status in (400, 404) or answer.json["done"] == 0, (field, answer)
    assert paused.get(f"/mail/{urllib.parse.quote(text, safe='')}").status in (400, 404)
    assert found() == {plain, named} and {paused.message(ident)["state"] for ident in (plain, named)} == {"queued"}
