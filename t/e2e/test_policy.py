"""What a location allows and adds holds for every way to submit there (SMTPSendAllowFrom, SMTPSendAddHeader)."""
import json
import re

from e2e.test_api import EXAMPLE, REPORT
from e2e.test_forms import answers_of, multipart, send_lines
from e2e.test_smtp_listener import MESSAGE as MESSAGE_OF_SMTP, SmtpListener
from e2e.test_submit import problem
from rig.httpd import HANDLERS

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

    for status, header in ((202, f"From: {OK}"), (202, "Subject: x"), (400, f"From: {OK}\r\nFrom: ceo@victim.example"), (403, f"From: {OK}, ceo@victim.example"),
                           (400, "From: <ceo@victim.example> x"), (400, "From: <ceo@victim.example"), (403, f"From: {OK}\r\nSender: ceo@victim.example")):
        answer = rfc822(header)
        assert answer.status == status, (header, answer)
        if status != 202:
            problem(answer, status, "SMTPSendAllowFrom")
    assert all(arrived.headers.count(b"From: ") == 1 for arrived in relay.wait_for(2))
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


def test_a_redirected_server_sends_to_one_address_alone(make_httpd, make_relay):
    """Every way to submit, test messages and reports: nothing reaches anybody else (SMTPSendRedirect for a whole server)."""
    refused = []

    def refuse_first(session, argument):
        refused.append(argument)
        return "550 5.1.1 no such mailbox" if len(refused) == 1 else None
    relay = make_relay(replies={"RCPT": refuse_first})
    listener = SmtpListener(make_httpd, f"SMTPSendRedirect staging@example.org\n{EXAMPLE}", relay=relay, handlers=HANDLERS + REPORT.format(""),
                            expect=["status=bounced", "reply code to the RCPT", "SMTPSend-253"])
    httpd = listener.httpd
    assert httpd.send(sender="boss@victim.example").json["redirectedTo"] == "staging@example.org"
    reported = relay.wait_for(1)[0]
    assert reported.sender == "" and b"multipart/report" in reported.data
    answer = httpd.request("POST", "/mail-test", b"to=ceo@victim.example", {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200, answer
    assert httpd.cli("sendmail", "ceo@victim.example", input=b"Subject: x\n\nx\n", check=0)
    with listener.smtp() as smtp:
        smtp.sendmail("app@example.com", ["ceo@victim.example"], MESSAGE_OF_SMTP)
    assert httpd.get("/report").text.startswith("reported 202 ")
    arrived = relay.wait_for(5)
    assert [message.rcpts for message in arrived] == [["staging@example.org"]] * 5
    assert sorted(message.headers.count(b"X-Original-To: ") for message in arrived) == [0, 1, 1, 1, 1]
    assert all("staging@example.org" in argument for argument in refused)
    assert re.search(r"SMTPSend-125: .*smtp-send import", httpd.log())


def test_a_redirected_location_redirects_its_reports(make_httpd, make_relay):
    refused = []

    def refuse_first(session, argument):
        refused.append(argument)
        return "550 5.1.1 no such mailbox" if len(refused) == 1 else None
    relay = make_relay(replies={"RCPT": refuse_first})
    places = '<Location "/mail">\nSetHandler smtp-send\nRequire local\nSMTPSendRedirect staging@example.org\n</Location>\n<Location "/real">\nSetHandler smtp-send\nRequire local\n</Location>\n'
    httpd = make_httpd(relay=relay, handlers=places, expect=["status=bounced", "reply code to the RCPT"])
    httpd.send(sender="boss@victim.example")
    assert relay.wait_for(1)[0].rcpts == ["staging@example.org"] and b"multipart/report" in relay.messages[0].data
    assert httpd.request("POST", "/real?from=a@example.com&to=bob@example.net", b"Subject: x\r\n\r\nx\r\n", {"Content-Type": "message/rfc822"}).status == 202
    assert relay.wait_for(2)[1].rcpts == ["bob@example.net"]
