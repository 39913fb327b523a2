"""What a location allows and adds holds for every way to submit there (SMTPSendAllowFrom, SMTPSendAddHeader)."""
import json

from e2e.test_forms import answers_of, multipart, send_lines
from e2e.test_submit import problem

LOCATION = """<Location "/mail">
SetHandler smtp-send
Require local
SMTPSendAllowFrom *@ok.example
SMTPSendAddHeader X-User %{REMOTE_ADDR}
</Location>
"""
OK = "a@ok.example"


def test_each_format_is_checked(make_httpd, relay):
    httpd = make_httpd(relay=relay, handlers=LOCATION)

    def rfc822(header):
        return httpd.send(f"{header}\r\nTo: bob@example.net\r\n\r\nx\r\n".encode(), sender=OK)

    for status, header in ((202, f"From: {OK}"), (400, "Subject: x"), (400, f"From: {OK}\r\nFrom: ceo@victim.example"), (403, f"From: {OK}, ceo@victim.example"),
                           (400, "From: <ceo@victim.example> x"), (400, "From: <ceo@victim.example"), (403, f"From: {OK}\r\nSender: ceo@victim.example")):
        answer = rfc822(header)
        assert answer.status == status, (header, answer)
        if status != 202:
            problem(answer, status, "SMTPSendAllowFrom")
    message = {"from": OK, "to": "bob@example.net", "text": "x"}
    variants = [(202, {}), (403, {"from": "ceo@victim.example", "envelope": {"from": OK}}), (403, {"headers": {"Sender": "ceo@victim.example"}}), (403, {"headers": {"resent-from": "ceo@victim.example"}}),
                (400, {"headers": {"Sender": "<ceo@victim.example"}}), (403, {"envelope": {"from": "ceo@victim.example"}}), (400, {"from": f"{OK}, ceo@victim.example"})]
    for status, more in variants:
        assert httpd.send_json(dict(message, **more)).status == status, more
        body, headers = multipart([(f'name="{name}"', "", (value if isinstance(value, str) else json.dumps(value)).encode()) for name, value in dict(message, **more).items()])
        assert httpd.request("POST", "/mail", body, headers).status == status, more
    assert [answer["status"] for answer in answers_of(send_lines(httpd, [dict(message, **more) for _, more in variants]))] == [status for status, _ in variants]


def test_an_added_field_replaces_the_submitters(make_httpd, relay):
    httpd = make_httpd(relay=relay, handlers=LOCATION)
    assert httpd.send(f"X-User: root\r\nFrom: {OK}\r\nx-USER : root\r\n more\r\n\r\nx\r\n".encode(), sender=OK).status == 202
    assert httpd.send_json({"from": OK, "to": "bob@example.net", "text": "x", "headers": {"x-user": ["root", "admin"]}}).status == 202
    assert httpd.send(f"From: {OK}\r\nX-User: root\r\n\r\n".encode() + b"x" * 70 * 20000, sender=OK).status == 202
    for arrived in relay.wait_for(3):
        header = arrived.data.split(b"\r\n\r\n")[0].lower()
        assert header.count(b"x-user") == 1 and b"x-user: 127.0.0.1" in header and b"root" not in header
